//! One gzip member out of segments that were compressed separately.
//!
//! A segment is a run of deflate blocks that ends at a byte, refers to nothing before it and isn't marked as
//! the end. So segments can stand one after the other in any order; around them go gzip's header and a last
//! block, its checksum (RFC 1952), which follows from those of the segments. One member, because there are
//! clients that stop reading after the first.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use parking_lot::Mutex;

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
static IDLE: Mutex<Vec<Deflater>> = Mutex::new(Vec::new());

/// A page and the live metrics are compressed at the same time, more is rare.
const MOST_IDLE: usize = 2;

/// Compresses one segment.
#[derive(Debug)]
pub(crate) struct Deflater(Box<DeflateEncoder<Vec<u8>>>);

impl Deflater {
    pub(crate) fn new() -> Deflater {
        let idle = IDLE.lock().pop();
        idle.unwrap_or_else(|| {
            let encoder = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
            Deflater(Box::new(encoder))
        })
    }

    pub(crate) fn write(&mut self, input: &[u8]) -> io::Result<()> {
        self.0.write_all(input)
    }

    /// The blocks, ended at a byte.
    pub(crate) fn finish(mut self) -> io::Result<Vec<u8>> {
        if self.0.total_in() > 0 {
            self.0.flush()?;
        }
        let mut out = std::mem::take(self.0.get_mut());
        out.shrink_to_fit();
        // The old one gets the end of the stream, which is no part of a segment.
        self.0.reset(Vec::new())?;
        let mut idle = IDLE.lock();
        if idle.len() < MOST_IDLE {
            idle.push(self);
        }
        Ok(out)
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
