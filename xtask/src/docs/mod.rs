//! Writes the files that follow from the field table, the options and the shared constants.

mod kubernetes;
mod tables;

use std::path::PathBuf;
use std::{fs, io};

use crate::{Outcome, dashboards, dist, rules};

/// Writes them, and prints the paths of those that changed.
pub(crate) fn write() -> Outcome {
    Ok(each(write_one))
}

/// Writes nothing, and names those that differ.
pub(crate) fn check() -> Outcome {
    Ok(each(compare))
}

fn each(deal_with: fn(&str, &str) -> Result<(), String>) -> bool {
    let mut good = true;
    for (path, text) in files() {
        if let Err(problem) = deal_with(&path, &text) {
            eprintln!("{path}: {problem}");
            good = false;
        }
    }
    good
}

/// Paths from the repository's root, and what belongs there.
fn files() -> Vec<(String, String)> {
    let rules = rules::files();
    let objects = kubernetes::files(&rules);
    let rules = rules.iter().map(|file| (file.path.to_owned(), file.text()));
    rules
        .chain(objects)
        .chain(dashboards::files())
        .chain(tables::files())
        .chain(dist::files())
        .collect()
}

fn compare(path: &str, text: &str) -> Result<(), String> {
    match fs::read_to_string(at_root(path)) {
        Ok(found) if found == text => Ok(()),
        Ok(_) => Err("differs: run `cargo xtask docs`".to_owned()),
        Err(error) => Err(format!("{error}: run `cargo xtask docs`")),
    }
}

fn write_one(path: &str, text: &str) -> Result<(), String> {
    let target = at_root(path);
    let written = match target.parent() {
        Some(directory) => fs::create_dir_all(directory),
        None => Ok(()),
    };
    written
        .and_then(|()| {
            if fs::read_to_string(&target).is_ok_and(|found| found == text) {
                return Ok(());
            }
            println!("{path}");
            fs::write(&target, text)
        })
        .map_err(|error: io::Error| error.to_string())
}

fn at_root(path: &str) -> PathBuf {
    crate::root().join(path)
}
