//! A segment of a page, rendered and ready to be sent.

use std::io::{self, Write};

use bytes::Bytes;

use super::gzip::Deflater;
use super::{Encoding, Format, Variant, Writer};

/// Whole families in one of the four forms. Cheap to clone: the bytes are shared.
#[derive(Clone, Debug)]
pub struct Segment {
    variant: Variant,
    bytes: Bytes,
    /// The checksum and length of the plain text; kept of compressed segments only.
    sum: crc32fast::Hasher,
}

/// Why a segment could not be rendered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RenderError {
    /// The compressor refused its input, which it never should.
    #[error("the page could not be compressed")]
    Compress(#[from] flate2::CompressError),
    /// The process is exiting, or rendering panicked.
    #[error("rendering the page was interrupted")]
    BrokenOff,
}

impl Segment {
    /// Renders what `write` writes. A compressed segment is compressed while it is written: its plain text never
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

/// Renders a whole page and writes it to `out` as it goes: it is never held in memory as a whole.
///
/// # Errors
///
/// The first error of `out`. Nothing is written after it.
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
    match sink.output {
        Output::Stream(stream) => stream.finish(),
        Output::Buffer | Output::Compress(_) => Ok(()),
    }
}

/// The bytes that are compressed or written at a time: few enough to stay in the processor's cache.
const CHUNK: usize = 32 * 1024;

/// The buffer that a [`Writer`] fills, and its output.
#[derive(Debug)]
pub(crate) struct Sink {
    buffer: Vec<u8>,
    output: Output,
}

/// Where the text in the buffer goes.
#[derive(Debug)]
enum Output {
    /// Nowhere: it stays there.
    Buffer,
    Compress(Compressed),
    Stream(Stream),
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
            output: match encoding {
                Encoding::Identity => Output::Buffer,
                Encoding::Gzip => Output::Compress(Compressed {
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
            output: Output::Stream(stream),
        }
    }

    /// Reserves room for about so many bytes of text.
    pub(crate) fn expect(&mut self, bytes: usize) {
        self.buffer.reserve(match self.output {
            Output::Buffer => bytes,
            Output::Compress(_) | Output::Stream(_) => bytes.min(CHUNK + CHUNK / 8),
        });
    }

    /// The buffer to append to. [`Sink::settle`] must be called after whole lines.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Passes the buffer on once it is large enough.
    pub(crate) fn settle(&mut self) {
        if self.buffer.len() >= CHUNK {
            self.pass_on();
        }
    }

    fn pass_on(&mut self) {
        match &mut self.output {
            Output::Buffer => return,
            Output::Compress(compressed) => {
                compressed.sum.update(&self.buffer);
                if let Err(failure) = compressed.deflater.write(&self.buffer) {
                    compressed.failure = Some(failure);
                }
            }
            Output::Stream(stream) if stream.failure.is_none() => {
                stream.failure = stream.out.write_all(&self.buffer).err();
            }
            Output::Stream(_) => {}
        }
        self.buffer.clear();
    }

    fn finish(mut self) -> Result<(Bytes, crc32fast::Hasher), flate2::CompressError> {
        self.pass_on();
        match self.output {
            Output::Buffer | Output::Stream(_) => {
                // Gives back what was reserved in excess.
                self.buffer.shrink_to_fit();
                Ok((self.buffer.into(), crc32fast::Hasher::new()))
            }
            Output::Compress(Compressed {
                failure: Some(failure),
                ..
            }) => Err(failure),
            Output::Compress(compressed) => {
                Ok((compressed.deflater.finish()?.into(), compressed.sum))
            }
        }
    }
}
