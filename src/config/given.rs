//! Options as somebody gave them, with where each comes from. A flag beats the environment, which beats
//! the file; what an account says of itself beats all, for that account.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use super::file::{self, AccountEntry};
use super::options::{At, Group, OPTIONS, Opt, OptionValues};

/// Where a value comes from; the later beats the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// The top of the configuration file.
    File,
    Environment,
    Flag,
    /// An account's own part of the configuration file.
    Account,
}

/// The values of one option.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub layer: Layer,
    /// As given, commas split for a repeatable option.
    pub values: Vec<String>,
    /// What the user wrote: `--collect.interval`, `EIGHTXEIGHT_COLLECT_INTERVAL`, a line and key.
    pub origin: String,
}

impl Given {
    /// The value of an option that takes one.
    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

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
    /// What is wrong so far: no reason to leave the rest unread.
    pub problems: Vec<String>,
}

impl Sources {
    /// Reads the options of some groups, and notes what is wrong with them.
    pub(super) fn read(&mut self, wanted: impl Fn(Group) -> bool) -> OptionValues {
        OptionValues::read(&self.raw, wanted, &mut self.problems)
    }
}

/// All options that somebody gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    pub(super) given: HashMap<&'static str, Given>,
}

impl Raw {
    /// Flags over the environment over the configuration file.
    ///
    /// # Errors
    ///
    /// When the file can't be read at all: what is in it may be all that seems to be missing.
    pub(super) fn gather(flags: &Flags, environment: Environment) -> Result<Sources, Vec<String>> {
        let mut raw = Raw::default();
        let mut problems = Vec::new();
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
            let values = if option.repeatable {
                texts.iter().flat_map(|text| split(text)).collect()
            } else {
                texts
            };
            let given = Given {
                layer,
                values,
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
                    return Err(problems);
                }
            }
        }
        Ok(Sources {
            raw,
            accounts,
            problems,
        })
    }

    /// The options of an account: its own over these.
    pub(super) fn for_account(&self, account: &AccountEntry) -> Raw {
        let mut raw = self.clone();
        raw.overlay(account.options.clone());
        raw
    }

    /// Puts values where there are none from a higher layer.
    fn overlay(&mut self, options: HashMap<&'static str, Given>) {
        for (name, given) in options {
            let known = self.given.get(name);
            if known.is_none_or(|known| known.layer < given.layer) {
                self.given.insert(name, given);
            }
        }
    }

    /// Takes the values of the options that need a start from what runs. Those that differed.
    pub(super) fn keep_running(&mut self, running: &Raw) -> Vec<&'static str> {
        let mut differing = Vec::new();
        for option in OPTIONS.iter().filter(|option| option.at == At::Start) {
            if self.values(option) != running.values(option) {
                differing.push(option.name);
            }
            match running.given(option.name) {
                Some(given) => self.given.insert(option.name, given.clone()),
                None => self.given.remove(option.name),
            };
        }
        differing
    }

    /// What somebody gave for an option.
    pub(super) fn given(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }

    /// What holds for an option; nothing for one without a default that nobody gave.
    pub(super) fn values(&self, option: &Opt) -> Vec<String> {
        match self.given(option.name) {
            Some(given) => given.values.clone(),
            None if option.default.is_empty() => Vec::new(),
            None => option.default_values(),
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

/// The values of a repeatable option that were given as one.
pub(super) fn split(text: &str) -> Vec<String> {
    text.split(',').map(|text| text.trim().to_owned()).collect()
}
