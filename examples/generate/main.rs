//! Writes the files that follow from the field table, the options and the shared constants:
//! `cargo run --example generate`. With `--check` it writes nothing, names the files that differ
//! and exits 1.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal"
)]

mod changelog;
mod constants;
mod docs;
mod kubernetes;
mod manual;
mod rules;
mod yaml;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let check = match arguments.as_slice() {
        [] => false,
        [only] if only == "--check" => true,
        _ => {
            eprintln!("usage: cargo run --example generate [-- --check]");
            return ExitCode::from(2);
        }
    };
    let mut good = true;
    for (path, text) in files() {
        let outcome = if check {
            compare(&path, &text)
        } else {
            write(&path, &text)
        };
        if let Err(problem) = outcome {
            eprintln!("{path}: {problem}");
            good = false;
        }
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Paths from the repository's root, and what belongs there.
fn files() -> Vec<(String, String)> {
    let rules = rules::files();
    let objects = kubernetes::files(&rules);
    let rules = rules.iter().map(|file| (file.path.to_owned(), file.text()));
    rules
        .chain(objects)
        .chain(docs::files())
        .chain(manual::files())
        .chain(changelog::files())
        .collect()
}

fn compare(path: &str, text: &str) -> Result<(), String> {
    match fs::read_to_string(at_root(path)) {
        Ok(found) if found == text => Ok(()),
        Ok(_) => Err("differs: run `cargo run --example generate`".to_owned()),
        Err(error) => Err(format!("{error}: run `cargo run --example generate`")),
    }
}

fn write(path: &str, text: &str) -> Result<(), String> {
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

fn at_root(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
