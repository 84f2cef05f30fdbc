//! Files in a directory that others may write to as well.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

/// Opens a file that begins with `beginning`, as far as it goes: a crash may have torn it. Nothing if there is none.
///
/// # Errors
///
/// What the system says, or that somebody else made the file. A link isn't followed, and nothing waits for a FIFO.
pub(super) fn open(
    options: &OpenOptions,
    path: &Path,
    beginning: &str,
) -> io::Result<Option<File>> {
    let foreign = || {
        io::Error::other(
            "another program or another version of this one made it, so it is left as it is",
        )
    };
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = options.clone();
    let file = match options.custom_flags(flags.bits().cast_signed()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => return Err(foreign()),
        Err(error) => return Err(error),
    };
    let mut found = vec![0; beginning.len()];
    if file.metadata()?.is_file() {
        let length = file.read_at(&mut found, 0)?;
        if beginning.as_bytes().starts_with(&found[..length]) {
            return Ok(Some(file));
        }
    }
    Err(foreign())
}
