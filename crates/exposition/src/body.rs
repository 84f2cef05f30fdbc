//! A whole page, ready to be sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Encoding, Segment, Variant, gzip};

/// The parts of a page one after the other, none of them copied, with what goes around them.
#[derive(Debug)]
pub struct Body {
    chunks: std::vec::IntoIter<Bytes>,
    left: u64,
}

impl Body {
    /// The page that `parts` make up. Parts in another form than `variant`, which would spoil it, are
    /// left out. No family may stand in two parts.
    #[must_use]
    pub fn new(variant: Variant, parts: impl IntoIterator<Item = Segment>) -> Body {
        let parts = parts.into_iter().filter(|part| {
            debug_assert_eq!(part.variant(), variant, "a part in another form");
            part.variant() == variant
        });
        let ending = variant.format.ending();
        let mut chunks = Vec::with_capacity(6);
        match variant.encoding {
            Encoding::Identity => {
                chunks.extend(parts.map(Segment::into_bytes));
                chunks.push(Bytes::from_static(ending.as_bytes()));
            }
            Encoding::Gzip => {
                let mut sum = crc32fast::Hasher::new();
                chunks.push(Bytes::from_static(gzip::HEADER));
                chunks.extend(parts.map(|part| {
                    sum.combine(part.sum());
                    part.into_bytes()
                }));
                chunks.push(gzip::ending(ending, sum));
            }
        }
        chunks.retain(|chunk| !chunk.is_empty());
        let left = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Body {
            chunks: chunks.into_iter(),
            left,
        }
    }

    /// How many bytes are left to send: before the first is sent, the value of `Content-Length`.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether there is nothing left to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.next();
        if let Some(chunk) = &chunk {
            self.left = self.left.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
