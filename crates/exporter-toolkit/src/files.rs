//! The files of a web configuration: its own and those that it names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Larger than any bundle of certificates; guards against naming a wrong file.
const LONGEST: u64 = 4 * 1024 * 1024;

type Content = Result<Zeroizing<Vec<u8>>, String>;

/// The contents of files, all read at about the same time.
#[derive(Default, PartialEq)]
pub(crate) struct Files {
    /// The base of relative names.
    directory: PathBuf,
    contents: BTreeMap<PathBuf, Content>,
}

impl Files {
    /// Reads the named files.
    pub(crate) fn read(directory: &Path, names: &[&Path]) -> Files {
        Files {
            directory: directory.to_owned(),
            contents: names
                .iter()
                .map(|name| (name.to_path_buf(), read(&directory.join(name))))
                .collect(),
        }
    }

    /// The content of a file, or why it can't be read.
    pub(crate) fn get(&self, name: &Path) -> Result<&[u8], String> {
        match self.contents.get(name) {
            Some(Ok(content)) => Ok(content),
            Some(Err(problem)) => Err(problem.clone()),
            None => Err("the file was not read".to_owned()),
        }
    }

    /// Reads the same files again.
    pub(crate) fn again(&self) -> Files {
        let names: Vec<_> = self.contents.keys().map(PathBuf::as_path).collect();
        Files::read(&self.directory, &names)
    }
}

/// Reads a file. The error doesn't show its name.
pub(crate) fn read(path: &Path) -> Content {
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
