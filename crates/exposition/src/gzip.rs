//! One gzip member out of segments that were compressed separately.
//!
//! A segment is a run of deflate blocks that ends at a byte, refers to nothing before it and isn't marked as
//! the end. So segments can stand one after the other in any order; around them go gzip's header and a last
//! block, its checksum (RFC 1952), which follows from those of the segments. One member, because there are
//! clients that stop reading after the first.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use flate2::{Compress, CompressError, Compression, FlushCompress};

/// The last level before the price doubles. The page of 1,000 PBXs in two windows, 6.9 MB, on one machine:
///
/// | level | time | size | | level | time | size |
/// |---|---|---|---|---|---|---|
/// | 1 | 5 ms | 710 kB | | 5 | 17 ms | 491 kB |
/// | 2 | 7 ms | 526 kB | | 6 | 24 ms | 490 kB |
/// | 3 | 13 ms | 509 kB | | 7 | 39 ms | 469 kB |
/// | 4 | 15 ms | 498 kB | | 9 | 51 ms | 462 kB |
///
/// `gzip -6` makes 495 kB of it in 53 ms. A page is compressed once for a collection and sent with each
/// scrape, so it should be no larger than what a user would get elsewhere.
const LEVEL: u32 = 5;

/// Deflate, no flags, no time, no hints, system unknown.
pub(crate) const HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// Compressors that aren't in use. One has 270 kB of tables. Making new ones for each page, on whichever
/// thread, made glibc's heaps grow to 25 MB over 1,000 pages of two PBXs in all four forms; with these kept, and
/// one rendering at a time, the process stays at 4.5 MB.
static IDLE: Mutex<Vec<Compress>> = Mutex::new(Vec::new());

/// A page and the live metrics are compressed at the same time, more is rare.
const MOST_IDLE: usize = 2;

/// Compresses one segment.
#[derive(Debug)]
pub(crate) struct Deflater {
    compress: Compress,
    out: Vec<u8>,
}

impl Deflater {
    pub(crate) fn new() -> Deflater {
        let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Deflater {
            compress: idle.unwrap_or_else(|| Compress::new(Compression::new(LEVEL), false)),
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
        self.compress.reset();
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(self.compress);
        }
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
