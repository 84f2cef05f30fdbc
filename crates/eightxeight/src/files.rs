//! Small files that somebody else writes: secrets and certificates.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

/// The content of a regular file, its first `most` bytes at the most.
///
/// # Errors
///
/// When it can't be read; [`io::ErrorKind::InvalidInput`] when it is no regular file. To open a pipe would wait for somebody
/// who writes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // Room for all that is read: a buffer that grows leaves copies behind.
    let room = usize::try_from(metadata.len().min(most)).unwrap_or_default();
    let mut content = Zeroizing::new(Vec::with_capacity(room + 32));
    File::open(path)?.take(most).read_to_end(&mut content)?;
    Ok(content)
}
