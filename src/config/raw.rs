//! Options as somebody gave them, with where each comes from. A flag beats the environment, which beats
//! the file; what an account says of itself beats all, for that account.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use super::file::{self, AccountEntry};
use super::options::{OPTIONS, Opt};

/// Where a value comes from; the later beats the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// The option table.
    Default,
    /// The top of the configuration file.
    File,
    /// An environment variable.
    Environment,
    /// The command line.
    Flag,
    /// An account's own part of the configuration file.
    Account,
}

/// The values of one option.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// Who gave them.
    pub layer: Layer,
    /// As given, commas split for a repeatable option.
    pub values: Vec<String>,
    /// What the user wrote: `--collect.interval`, `EIGHTXEIGHT_COLLECT_INTERVAL`, a line and key.
    pub origin: String,
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
    /// The options.
    pub raw: Raw,
    /// The accounts of the file, if it has that key.
    pub accounts: Option<Vec<AccountEntry>>,
    /// What is wrong so far: no reason to leave the rest unread.
    pub problems: Vec<String>,
}

/// All options that somebody gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    given: HashMap<&'static str, Given>,
}

impl Raw {
    /// Flags over the environment over the configuration file over the defaults.
    ///
    /// An empty variable counts as unset: compose files and unit files set such ones.
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
            } else if option.default.is_empty() {
                continue;
            } else {
                (
                    Layer::Default,
                    option.flag(),
                    vec![option.default.to_owned()],
                )
            };
            let split = |text: &String| -> Vec<String> {
                text.split(',').map(|text| text.trim().to_owned()).collect()
            };
            let values = if option.repeatable {
                texts.iter().flat_map(split).collect()
            } else {
                texts
            };
            raw.given.insert(
                option.name,
                Given {
                    layer,
                    values,
                    origin,
                },
            );
        }
        let mut accounts = None;
        if let Some(path) = raw
            .get("config.file")
            .and_then(|given| given.values.first())
        {
            match file::read(Path::new(path)) {
                Ok((file, more)) => {
                    raw.lay(file.options);
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
    pub(super) fn of(&self, account: &AccountEntry) -> Raw {
        let mut raw = self.clone();
        raw.lay(account.options.clone());
        raw
    }

    /// Puts values where there are none from a higher layer.
    fn lay(&mut self, options: HashMap<&'static str, Given>) {
        for (name, given) in options {
            if self
                .given
                .get(name)
                .is_none_or(|known| known.layer < given.layer)
            {
                self.given.insert(name, given);
            }
        }
    }

    /// Takes the values of the options that need a start from what runs. Those that differed.
    pub(super) fn keep_running(&mut self, running: &Raw) -> Vec<&'static str> {
        let mut differing = Vec::new();
        for option in OPTIONS.iter().filter(|option| option.needs_start()) {
            let values = |raw: &Raw| raw.get(option.name).map(|given| given.values.clone());
            if values(self) != values(running) {
                differing.push(option.name);
            }
            match running.get(option.name) {
                Some(given) => self.given.insert(option.name, given.clone()),
                None => self.given.remove(option.name),
            };
        }
        differing
    }

    /// What was given for an option, or its default.
    #[must_use]
    pub(super) fn get(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }
}

fn variable(option: &Opt, environment: Environment) -> Option<OsString> {
    if option.file_only {
        return None;
    }
    environment(&option.variable()).filter(|text| !text.is_empty())
}
