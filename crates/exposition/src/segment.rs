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
    pub(crate) sum: crc32fast::Hasher,
}

/// Why a segment could not be rendered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RenderError {
    /// The compressor refused its input, which it never should.
    #[error("the page could not be compressed")]
    Compress,
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
        let rendered = writer.sink.finish();
        let (bytes, sum) = rendered.map_err(|_| RenderError::Compress)?;
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
    let sink = Sink {
        output: Output::Stream(out),
        ..Sink::new(Encoding::Identity)
    };
    let mut writer = Writer::new(format, sink);
    write(&mut writer);
    let mut sink = writer.sink;
    sink.buffer().extend_from_slice(format.ending().as_bytes());
    sink.finish().map(drop)
}

/// The bytes that are compressed or written at a time: few enough to stay in the processor's cache.
const CHUNK: usize = 32 * 1024;

/// The buffer that a [`Writer`] fills, and its output.
#[derive(Debug)]
pub(crate) struct Sink {
    buffer: Vec<u8>,
    output: Output,
    /// The first failure of the output, after which it gets nothing more.
    failure: Option<io::Error>,
}

/// Where the text in the buffer goes.
enum Output {
    /// Nowhere: it stays there.
    Buffer,
    /// With the checksum of the text.
    Compress(Deflater, crc32fast::Hasher),
    Stream(Box<dyn Write + Send>),
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output")
    }
}

impl Sink {
    pub(crate) fn new(encoding: Encoding) -> Sink {
        Sink {
            buffer: Vec::new(),
            output: match encoding {
                Encoding::Identity => Output::Buffer,
                Encoding::Gzip => Output::Compress(Deflater::new(), crc32fast::Hasher::new()),
            },
            failure: None,
        }
    }

    /// Reserves room for about so many bytes of text.
    pub(crate) fn expect(&mut self, bytes: usize) {
        self.buffer.reserve(match self.output {
            Output::Buffer => bytes,
            Output::Compress(..) | Output::Stream(_) => bytes.min(CHUNK + CHUNK / 8),
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
        let passed = match &mut self.output {
            Output::Buffer => return,
            _ if self.failure.is_some() => Ok(()),
            Output::Compress(deflater, sum) => {
                sum.update(&self.buffer);
                deflater.write(&self.buffer)
            }
            Output::Stream(out) => out.write_all(&self.buffer),
        };
        self.failure = self.failure.take().or(passed.err());
        self.buffer.clear();
    }

    /// What is left in memory, and the checksum of a compressed text.
    fn finish(mut self) -> io::Result<(Bytes, crc32fast::Hasher)> {
        self.pass_on();
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        match self.output {
            Output::Compress(deflater, sum) => return Ok((deflater.finish()?.into(), sum)),
            Output::Stream(mut out) => out.flush()?,
            // Gives back what was reserved in excess.
            Output::Buffer => self.buffer.shrink_to_fit(),
        }
        Ok((self.buffer.into(), crc32fast::Hasher::new()))
    }
}
