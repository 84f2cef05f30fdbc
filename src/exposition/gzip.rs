//! One gzip member out of parts that were compressed each on its own.
//!
//! A part is a run of deflate blocks that ends at a byte, refers to nothing before it and isn't marked as
//! the end. So parts can stand one after the other in any order; around them go gzip's header and a last
//! block, its checksum (RFC 1952), which follows from those of the parts. One member, because there are
//! clients that stop reading after the first.

use bytes::Bytes;
use flate2::{Compress, CompressError, Compression, FlushCompress};

/// zlib's level.
const LEVEL: u32 = 1;

/// Deflate, no flags, no time, no hints, system unknown.
pub(crate) const HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Compresses one part.
#[derive(Debug)]
pub(crate) struct Deflater {
    compress: Compress,
    out: Vec<u8>,
}

impl Deflater {
    pub(crate) fn new() -> Deflater {
        Deflater {
            compress: Compress::new(Compression::new(LEVEL), false),
            out: Vec::new(),
        }
    }

    pub(crate) fn write(&mut self, mut input: &[u8]) -> Result<(), CompressError> {
        while !input.is_empty() {
            let before = self.compress.total_in();
            self.step(input, FlushCompress::None)?;
            let taken = self.compress.total_in() - before;
            input = usize::try_from(taken)
                .ok()
                .and_then(|taken| input.get(taken..))
                .unwrap_or_default();
        }
        Ok(())
    }

    /// The blocks, ended at a byte.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, CompressError> {
        if self.compress.total_in() > 0 {
            // Room that is left over says that there was nothing more to come.
            while {
                self.step(&[], FlushCompress::Sync)?;
                self.out.len() == self.out.capacity()
            } {}
        }
        self.out.shrink_to_fit();
        Ok(self.out)
    }

    fn step(&mut self, input: &[u8], flush: FlushCompress) -> Result<(), CompressError> {
        self.out.reserve(4096);
        self.compress
            .compress_vec(input, &mut self.out, flush)
            .map(drop)
    }
}

/// The last block, which holds `plain` as it is (a few bytes), and gzip's trailer for the whole.
///
/// `sum` is the checksum of all that came before.
pub(crate) fn ending(plain: &'static str, mut sum: crc32fast::Hasher) -> Bytes {
    sum.update(plain.as_bytes());
    let length = u16::try_from(plain.len()).unwrap_or(0);
    // The trailer has room for the length modulo 2^32.
    let total = sum.total_len().to_le_bytes();
    let mut out = Vec::with_capacity(5 + plain.len() + 8);
    out.push(1);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(plain.as_bytes());
    out.extend_from_slice(&sum.finalize().to_le_bytes());
    out.extend_from_slice(&total[..4]);
    out.into()
}
