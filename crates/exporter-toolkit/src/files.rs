//! The files of a web configuration: its own and those that it names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Larger than any bundle of certificates; guards against naming a wrong file.
const LONGEST: u64 = 4 * 1024 * 1024;

type Content = Result<Zeroizing<Vec<u8>>, String>;

/// The contents of files of a directory, each as it was when it was first asked for.
pub(crate) struct Files {
    directory: PathBuf,
    contents: BTreeMap<PathBuf, Content>,
}

impl Files {
    /// No file yet; names will be relative to `directory`.
    pub(crate) fn of(directory: &Path) -> Files {
        Files {
            directory: directory.to_owned(),
            contents: BTreeMap::new(),
        }
    }

    /// The content of a file, or why it can't be read.
    pub(crate) fn get(&mut self, name: &Path) -> Result<&[u8], String> {
        let path = self.directory.join(name);
        let content = self.contents.entry(path);
        match content.or_insert_with_key(|path| read(path)) {
            Ok(content) => Ok(content),
            Err(problem) => Err(problem.clone()),
        }
    }

    /// Whether all files that were asked for are as they were.
    pub(crate) fn are_current(&self) -> bool {
        let mut contents = self.contents.iter();
        contents.all(|(path, content)| *content == read(path))
    }
}

/// Reads a file. The error doesn't show its name.
fn read(path: &Path) -> Content {
    let why = |error: io::Error| format!("can't read the file: {error}");
    let regular = std::fs::metadata(path).map_err(why)?.is_file();
    if !regular {
        // Opening a pipe would wait for somebody who writes.
        return Err("can't read the file: it isn't a regular file".to_owned());
    }
    let file = File::open(path).map_err(why)?;
    let mut content = Zeroizing::new(Vec::new());
    file.take(LONGEST + 1)
        .read_to_end(&mut content)
        .map_err(why)?;
    if content.len() as u64 > LONGEST {
        return Err("the file is larger than 4 MiB".to_owned());
    }
    Ok(content)
}
