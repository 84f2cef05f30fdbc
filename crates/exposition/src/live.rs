//! The segment of a page that changes with each scrape.

use jiff::Timestamp;
use parking_lot::Mutex;

use super::{RenderError, Segment, Variant, Writer};

/// The small segment of a page that changes with each scrape. It is rendered again when what it tells of has another
/// version, and otherwise at most once a second: gathering, reading /proc and compressing cost more than sending the page.
#[derive(Debug, Default)]
pub struct Live {
    rendered: Mutex<[Option<(When, Segment)>; Variant::ALL.len()]>,
}

/// The version, and the second.
type When = (u64, i64);

impl Live {
    /// The segment that `write` writes, or the last one if it was rendered in this second from the same
    /// `version`.
    ///
    /// # Errors
    ///
    /// Those of [`Segment::render`].
    pub fn part(
        &self,
        variant: Variant,
        version: u64,
        now: Timestamp,
        write: impl FnOnce(&mut Writer),
    ) -> Result<Segment, RenderError> {
        let mut rendered = self.rendered.lock();
        let slot = &mut rendered[variant.index()];
        let when = (version, now.as_second());
        if let Some((then, segment)) = slot
            && *then == when
        {
            return Ok(segment.clone());
        }
        let segment = Segment::render(variant, write)?;
        *slot = Some((when, segment.clone()));
        Ok(segment)
    }
}
