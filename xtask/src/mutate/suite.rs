//! promtool, the rule files and their tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::yaml::RuleFile;

/// Where rules and tests stand, from the repository's root. A test names its rules relative to it.
const HOME: &str = "deploy/prometheus";

/// What the tests say about a rule file.
pub(crate) enum Verdict {
    /// A test failed: this one.
    Killed(String),
    /// All tests passed.
    Survived,
}

/// The right rules and all test files.
pub(crate) struct Suite {
    promtool: String,
    rules: Vec<(PathBuf, String)>,
    tests: Vec<(String, String)>,
}

impl Suite {
    /// Reads the tests.
    ///
    /// # Errors
    ///
    /// The directory of tests can't be read, or is empty.
    pub(crate) fn new(promtool: String, files: &[RuleFile]) -> Result<Suite, String> {
        let directory = crate::root().join(HOME).join("tests");
        let problem = |error| format!("{}: {error}", directory.display());
        let mut tests = Vec::new();
        for entry in fs::read_dir(&directory).map_err(problem)? {
            let entry = entry.map_err(problem)?;
            let text = fs::read_to_string(entry.path()).map_err(problem)?;
            tests.push((entry.file_name().to_string_lossy().into_owned(), text));
        }
        if tests.is_empty() {
            return Err(format!("{}: no tests", directory.display()));
        }
        let rules = files
            .iter()
            .map(|file| (place(file), file.text()))
            .collect();
        Ok(Suite {
            promtool,
            rules,
            tests,
        })
    }

    /// Demands that promtool takes each file for rules: a mutant that it refuses proves nothing.
    ///
    /// # Errors
    ///
    /// promtool doesn't start, or what it says about the files.
    pub(crate) fn accepts<'a>(
        &self,
        files: impl Iterator<Item = &'a RuleFile>,
    ) -> Result<(), String> {
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut paths = Vec::new();
        for (number, file) in files.enumerate() {
            let path = home.path().join(format!("{number}.yml"));
            write(&path, &file.text())?;
            paths.push(path);
        }
        let checked = self.run(&["check", "rules"], &paths)?;
        if checked.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        Err(format!("promtool refuses a mutant:\n{said}"))
    }

    /// Runs the tests that load this file, with it in the place of the right one, until one fails:
    /// those first that speak of the rule, then the short ones.
    ///
    /// # Errors
    ///
    /// promtool doesn't start.
    pub(crate) fn judge(&self, file: &RuleFile, rule: &str) -> Result<Verdict, String> {
        let home = tempfile::tempdir().map_err(|error| error.to_string())?;
        let changed = place(file);
        for (path, text) in &self.rules {
            let text = if *path == changed { &file.text() } else { text };
            write(&home.path().join(path), text)?;
        }
        let loads = format!("../{}", changed.display());
        let mut tests: Vec<_> = self
            .tests
            .iter()
            .filter(|(_, text)| text.contains(&loads))
            .collect();
        tests.sort_by_key(|(name, text)| (!text.contains(rule), text.len(), name.clone()));
        for (name, text) in tests {
            let test = home.path().join("tests").join(name);
            write(&test, text)?;
            if !self.run(&["test", "rules"], &[test])?.status.success() {
                return Ok(Verdict::Killed(name.clone()));
            }
        }
        Ok(Verdict::Survived)
    }

    fn run(&self, arguments: &[&str], files: &[PathBuf]) -> Result<Output, String> {
        Command::new(&self.promtool)
            .args(arguments)
            .args(files)
            // The tests run side by side, each in a process that ends soon.
            .envs([("GOMAXPROCS", "1"), ("GOGC", "off")])
            .output()
            .map_err(|error| {
                format!(
                    "{}: {error}. Install Debian's package prometheus, or promtool",
                    self.promtool
                )
            })
    }
}

/// Where the tests look for the file.
fn place(file: &RuleFile) -> PathBuf {
    Path::new(file.path)
        .strip_prefix(HOME)
        .unwrap_or(Path::new(file.path))
        .to_owned()
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}
