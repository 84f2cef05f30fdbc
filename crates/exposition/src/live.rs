//! The segment of a page that changes with each scrape.

use jiff::Timestamp;
use parking_lot::Mutex;

use super::{RenderError, Segment, Variant, Writer};

/// The small segment of a page that changes with each scrape. It is rendered again when a collection has ended,
/// and otherwise at most once a second: gathering, reading /proc and compressing cost more than sending
/// the page.
#[derive(Debug, Default)]
pub struct Live {
    rendered: Mutex<[Option<Rendered>; Variant::ALL.len()]>,
}

#[derive(Debug)]
struct Rendered {
    ended: u64,
    second: i64,
    segment: Segment,
}

impl Live {
    /// The segment that `write` writes, or the last one if it was rendered in this second with the same
    /// `ended`.
    ///
    /// # Errors
    ///
    /// Those of [`Segment::render`].
    pub fn part(
        &self,
        variant: Variant,
        ended: u64,
        now: Timestamp,
        write: impl FnOnce(&mut Writer),
    ) -> Result<Segment, RenderError> {
        let mut rendered = self.rendered.lock();
        let slot = &mut rendered[variant.index()];
        let second = now.as_second();
        if let Some(known) = slot
            && (known.ended, known.second) == (ended, second)
        {
            return Ok(known.segment.clone());
        }
        let segment = Segment::render(variant, write)?;
        *slot = Some(Rendered {
            ended,
            second,
            segment: segment.clone(),
        });
        Ok(segment)
    }
}
