//! promtool, the rule files and their tests.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use tempfile::TempDir;

use super::mutants::Mutant;
use crate::files::{self, Text};

/// The right rules and all test files.
pub(super) struct Suite {
    promtool: String,
    pub(super) rules: Vec<Text>,
    tests: Vec<Text>,
}

impl Suite {
    /// Reads rules and tests.
    ///
    /// # Errors
    ///
    /// A directory can't be read, or there are no tests.
    pub(super) fn read() -> Result<Suite, String> {
        let tests = files::yaml("deploy/prometheus/tests")?;
        if tests.is_empty() {
            return Err("deploy/prometheus/tests: no tests".to_owned());
        }
        let mut rules = files::yaml(files::RULES)?;
        rules.extend(files::yaml(files::OPT_IN_RULES)?);
        Ok(Suite {
            promtool: env::var("PROMTOOL").unwrap_or_else(|_| "promtool".to_owned()),
            rules,
            tests,
        })
    }

    /// Demands that promtool takes each for rules: a mutant that it refuses proves nothing.
    ///
    /// # Errors
    ///
    /// promtool doesn't start, or what it says about the mutants.
    pub(super) fn accepts(&self, mutants: &[Mutant]) -> Result<(), String> {
        let home = directory()?;
        let mut paths = Vec::new();
        for (number, mutant) in mutants.iter().enumerate() {
            let path = home.path().join(format!("{number}.yml"));
            write(&path, &mutant.file.text)?;
            paths.push(path);
        }
        let checked = self.run(&["check", "rules"], &paths)?;
        if checked.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        Err(format!("promtool refuses a mutant:\n{said}"))
    }

    /// Runs the tests that load the mutant's file, with the mutant in its place, until one fails: those first that
    /// speak of the rule, then the short ones. The one that failed.
    ///
    /// # Errors
    ///
    /// promtool doesn't start.
    pub(super) fn judge(&self, mutant: &Mutant) -> Result<Option<&str>, String> {
        let home = directory()?;
        for file in self.rules.iter().chain([&mutant.file]) {
            write(&home.path().join(&file.path), &file.text)?;
        }
        // A test names its rules relative to itself.
        let loads = mutant.file.path.replace("deploy/prometheus/", "../");
        let tests = self.tests.iter().filter(|test| test.text.contains(&loads));
        let mut tests: Vec<_> = tests.collect();
        tests.sort_by_key(|test| (!test.text.contains(&mutant.rule), test.text.len()));
        for test in tests {
            let path = home.path().join(&test.path);
            write(&path, &test.text)?;
            if !self.run(&["test", "rules"], &[path])?.status.success() {
                return Ok(Some(&test.path));
            }
        }
        Ok(None)
    }

    fn run(&self, arguments: &[&str], files: &[PathBuf]) -> Result<Output, String> {
        let mut command = Command::new(&self.promtool);
        command.args(arguments).args(files);
        // The tests run side by side, each in a process that ends soon.
        // The tests run side by side, and most end before there is much to collect.
        let envs = [("GOMAXPROCS", "1"), ("GOGC", "off"), ("GOMEMLIMIT", "1GiB")];
        command.envs(envs);
        command.output().map_err(|error| {
            let promtool = &self.promtool;
            format!("{promtool}: {error}. Install Debian's package prometheus, or promtool")
        })
    }
}

fn directory() -> Result<TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}
