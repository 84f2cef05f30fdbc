//! Where options are given: the command line, the environment and the configuration file.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use super::file::{self, AccountEntry};
use super::given::{Given, Layer, Raw};
use super::options::{OPTIONS, Opt};

/// The process's environment, or a stand-in.
pub type Environment = fn(&str) -> Option<OsString>;

/// The process's environment.
#[must_use]
pub fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// What was typed on the command line: the values of each option.
pub type Flags = HashMap<&'static str, Vec<String>>;

/// What was given, from wherever it came.
#[derive(Debug)]
pub(super) struct Sources {
    pub raw: Raw,
    /// The accounts of the file, if it has that key.
    pub accounts: Option<Vec<AccountEntry>>,
    /// Whether the file could be read at all; if not, all that seems to be missing may be in it.
    pub is_whole: bool,
    /// What is wrong so far: no reason to leave the rest unread.
    pub problems: Vec<String>,
}

impl Sources {
    /// Flags over the environment over the configuration file.
    pub(super) fn gather(flags: &Flags, environment: Environment) -> Sources {
        let mut raw = Raw::default();
        let mut problems = Vec::new();
        let mut is_whole = true;
        for option in OPTIONS {
            let (layer, origin, texts) = if let Some(texts) = flags.get(option.name) {
                (Layer::Flag, option.flag(), texts.clone())
            } else if let Some(text) = variable(option, environment) {
                let Ok(text) = text.into_string() else {
                    problems.push(format!("{}: the value isn't UTF-8", option.variable()));
                    continue;
                };
                (Layer::Environment, option.variable(), vec![text])
            } else {
                continue;
            };
            let values = texts.iter().flat_map(|text| option.values_in(text));
            let given = Given {
                layer,
                values: values.collect(),
                origin,
            };
            raw.given.insert(option.name, given);
        }
        let mut accounts = None;
        if let Some(path) = raw.given("config.file") {
            match file::read(&path.origin, Path::new(path.value())) {
                Ok((file, more)) => {
                    raw.overlay(file.options);
                    accounts = file.accounts;
                    problems.extend(more);
                }
                Err(problem) => {
                    problems.push(problem);
                    is_whole = false;
                }
            }
        }
        Sources {
            raw,
            accounts,
            is_whole,
            problems,
        }
    }
}

/// An empty variable counts as unset: Compose and unit files set such ones.
fn variable(option: &Opt, environment: Environment) -> Option<OsString> {
    if option.file_only {
        return None;
    }
    environment(&option.variable()).filter(|text| !text.is_empty())
}
