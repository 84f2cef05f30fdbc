//! A piece of a page, rendered and ready to be sent.

use std::io::{self, Write};

use bytes::Bytes;

use super::gzip::Deflater;
use super::{Encoding, Format, Variant, Writer};

/// Whole families in one of the four forms. Cheap to clone: the bytes are shared.
#[derive(Clone, Debug)]
pub struct Segment {
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

impl Segment {
    /// Renders what `write` writes. A compressed part is compressed as it is written: its plain text never
    /// exists as a whole.
    ///
    /// # Errors
    ///
    /// [`RenderError::Compress`].
    pub fn render(
        variant: Variant,
        write: impl FnOnce(&mut Writer),
    ) -> Result<Segment, RenderError> {
        let mut writer = Writer::new(variant.format, Sink::new(variant.encoding));
        write(&mut writer);
        let (bytes, sum) = writer.into_sink().finish()?;
        Ok(Segment {
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
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    pub(crate) fn sum(&self) -> &crc32fast::Hasher {
        &self.sum
    }
}

/// Renders a whole page into `out` as it is written: it never exists as a whole.
///
/// # Errors
///
/// What `out` says. What came after the failure is lost.
pub fn stream(
    format: Format,
    out: Box<dyn Write + Send>,
    write: impl FnOnce(&mut Writer),
) -> io::Result<()> {
    let stream = Stream { out, failure: None };
    let mut writer = Writer::new(format, Sink::to(stream));
    write(&mut writer);
    let mut sink = writer.into_sink();
    sink.buffer().extend_from_slice(format.ending().as_bytes());
    sink.pass_on();
    match sink.way {
        Way::Out(stream) => stream.finish(),
        Way::Keep | Way::Compress(_) => Ok(()),
    }
}

/// So much text is compressed or written at a time: it stays in the processor's cache.
const CHUNK: usize = 32 * 1024;

/// Where a [`Writer`] leaves its text.
#[derive(Debug)]
pub(crate) struct Sink {
    buffer: Vec<u8>,
    way: Way,
}

/// What becomes of the text in the buffer.
#[derive(Debug)]
enum Way {
    /// It stays there.
    Keep,
    Compress(Compressed),
    Out(Stream),
}

#[derive(Debug)]
struct Compressed {
    deflater: Deflater,
    sum: crc32fast::Hasher,
    failure: Option<flate2::CompressError>,
}

struct Stream {
    out: Box<dyn Write + Send>,
    failure: Option<io::Error>,
}

impl Stream {
    fn finish(mut self) -> io::Result<()> {
        match self.failure {
            Some(failure) => Err(failure),
            None => self.out.flush(),
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl Sink {
    pub(crate) fn new(encoding: Encoding) -> Sink {
        Sink {
            buffer: Vec::new(),
            way: match encoding {
                Encoding::Identity => Way::Keep,
                Encoding::Gzip => Way::Compress(Compressed {
                    deflater: Deflater::new(),
                    sum: crc32fast::Hasher::new(),
                    failure: None,
                }),
            },
        }
    }

    fn to(stream: Stream) -> Sink {
        Sink {
            buffer: Vec::new(),
            way: Way::Out(stream),
        }
    }

    /// Prepares for about so many bytes of text.
    pub(crate) fn expect(&mut self, bytes: usize) {
        self.buffer.reserve(match self.way {
            Way::Keep => bytes,
            Way::Compress(_) | Way::Out(_) => bytes.min(CHUNK + CHUNK / 8),
        });
    }

    /// To append to. After whole lines [`Sink::settle`] must be called.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Lets the sink take what is in the buffer.
    pub(crate) fn settle(&mut self) {
        if self.buffer.len() >= CHUNK {
            self.pass_on();
        }
    }

    fn pass_on(&mut self) {
        match &mut self.way {
            Way::Keep => return,
            Way::Compress(compressed) => {
                compressed.sum.update(&self.buffer);
                if let Err(failure) = compressed.deflater.write(&self.buffer) {
                    compressed.failure = Some(failure);
                }
            }
            Way::Out(stream) if stream.failure.is_none() => {
                stream.failure = stream.out.write_all(&self.buffer).err();
            }
            Way::Out(_) => {}
        }
        self.buffer.clear();
    }

    fn finish(mut self) -> Result<(Bytes, crc32fast::Hasher), flate2::CompressError> {
        self.pass_on();
        match self.way {
            Way::Keep | Way::Out(_) => {
                // What was reserved too much goes back.
                self.buffer.shrink_to_fit();
                Ok((self.buffer.into(), crc32fast::Hasher::new()))
            }
            Way::Compress(Compressed {
                failure: Some(failure),
                ..
            }) => Err(failure),
            Way::Compress(compressed) => Ok((compressed.deflater.finish()?.into(), compressed.sum)),
        }
    }
}
