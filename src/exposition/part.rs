//! A piece of a page, rendered and ready to be sent.

use bytes::Bytes;

use super::gzip::Deflater;
use super::{Encoding, Variant, Writer};

/// Whole families in one of the four forms. Cheap to clone: the bytes are shared.
#[derive(Clone, Debug)]
pub struct Part {
    variant: Variant,
    bytes: Bytes,
    /// Of the plain text, whose length it knows too. Only kept of compressed parts.
    sum: crc32fast::Hasher,
}

/// Why there is no part.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RenderError {
    /// The compressor refused its input, which it never should.
    #[error("the page could not be compressed")]
    Compress(#[from] flate2::CompressError),
    /// The process is about to end, or rendering panicked.
    #[error("rendering the page was broken off")]
    BrokenOff,
}

impl Part {
    /// Renders what `write` writes. A compressed part is compressed as it is written: its plain text never
    /// exists as a whole.
    ///
    /// # Errors
    ///
    /// [`RenderError::Compress`].
    pub fn render(variant: Variant, write: impl FnOnce(&mut Writer)) -> Result<Part, RenderError> {
        let mut writer = Writer::new(variant.format, Sink::new(variant.encoding));
        write(&mut writer);
        let (bytes, sum) = writer.into_sink().finish()?;
        Ok(Part {
            variant,
            bytes,
            sum,
        })
    }

    /// The form it was rendered in.
    #[must_use]
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// Its bytes: text, or deflate blocks without gzip's header and trailer.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.bytes
    }

    pub(crate) fn sum(&self) -> &crc32fast::Hasher {
        &self.sum
    }
}

/// So much text is compressed at a time: it stays in the processor's cache.
const CHUNK: usize = 32 * 1024;

/// Where a [`Writer`] leaves its text.
#[derive(Debug)]
pub(crate) struct Sink {
    buffer: Vec<u8>,
    compressed: Option<Compressed>,
}

#[derive(Debug)]
struct Compressed {
    deflater: Deflater,
    sum: crc32fast::Hasher,
    failure: Option<flate2::CompressError>,
}

impl Sink {
    pub(crate) fn new(encoding: Encoding) -> Sink {
        Sink {
            buffer: Vec::new(),
            compressed: match encoding {
                Encoding::Identity => None,
                Encoding::Gzip => Some(Compressed {
                    deflater: Deflater::new(),
                    sum: crc32fast::Hasher::new(),
                    failure: None,
                }),
            },
        }
    }

    /// Prepares for about so many bytes of text.
    pub(crate) fn expect(&mut self, bytes: usize) {
        self.buffer.reserve(match self.compressed {
            None => bytes,
            Some(_) => bytes.min(CHUNK + CHUNK / 8),
        });
    }

    /// To append to. After whole lines [`Sink::settle`] must be called.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Lets the sink take what is in the buffer.
    pub(crate) fn settle(&mut self) {
        if self.compressed.is_some() && self.buffer.len() >= CHUNK {
            self.compress();
        }
    }

    fn compress(&mut self) {
        if let Some(compressed) = &mut self.compressed {
            compressed.sum.update(&self.buffer);
            if let Err(failure) = compressed.deflater.write(&self.buffer) {
                compressed.failure = Some(failure);
            }
            self.buffer.clear();
        }
    }

    fn finish(mut self) -> Result<(Bytes, crc32fast::Hasher), flate2::CompressError> {
        self.compress();
        match self.compressed {
            None => {
                // What was reserved too much goes back.
                self.buffer.shrink_to_fit();
                Ok((self.buffer.into(), crc32fast::Hasher::new()))
            }
            Some(Compressed {
                failure: Some(failure),
                ..
            }) => Err(failure),
            Some(compressed) => Ok((compressed.deflater.finish()?.into(), compressed.sum)),
        }
    }
}
