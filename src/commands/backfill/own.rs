//! The backfill's files, in a directory that others may write to as well.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rustix::fs::OFlags;
use rustix::io::Errno;

const PREFIX: &str = "eightxeight-";
const SUFFIX: &str = ".om";

/// The path of a month's file.
pub(super) fn month_file(directory: &Path, month: Date) -> PathBuf {
    directory.join(format!("{PREFIX}{}{SUFFIX}", month.strftime("%Y-%m")))
}

/// Whether a directory holds a month's file.
pub(super) fn any_month_file(directory: &Path) -> io::Result<bool> {
    let names = directory.read_dir()?.filter_map(Result::ok);
    let mut names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names.any(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)))
}

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
