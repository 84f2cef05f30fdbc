//! A whole page as the body of a response.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Encoding, Segment, Variant, gzip};

/// The segments of a page one after the other, none of them copied, with gzip's header and trailer around them.
#[derive(Debug)]
pub struct Body {
    chunks: std::vec::IntoIter<Bytes>,
    left: u64,
}

impl Body {
    /// The page that consists of `segments`. Those in another variant than `variant`, which would spoil it, are
    /// left out. No family may stand in two segments.
    #[must_use]
    pub fn new(variant: Variant, segments: impl IntoIterator<Item = Segment>) -> Body {
        let segments = segments.into_iter().filter(|segment| {
            debug_assert_eq!(segment.variant(), variant, "a segment in another variant");
            segment.variant() == variant
        });
        let ending = variant.format.ending();
        let mut chunks = Vec::with_capacity(6);
        match variant.encoding {
            Encoding::Identity => {
                chunks.extend(segments.map(Segment::into_bytes));
                chunks.push(Bytes::from_static(ending.as_bytes()));
            }
            Encoding::Gzip => {
                let mut sum = crc32fast::Hasher::new();
                chunks.push(Bytes::from_static(gzip::HEADER));
                chunks.extend(segments.map(|segment| {
                    sum.combine(&segment.sum);
                    segment.into_bytes()
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
