//! Options as somebody gave them, with where each comes from. A flag beats the environment.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;

use super::options::{OPTIONS, Opt};

/// Where a value comes from; the later beats the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The option table.
    Default,
    /// An environment variable.
    Environment,
    /// The command line.
    Flag,
}

/// The values of one option.
#[derive(Clone, Debug)]
pub struct Given {
    /// Who gave them.
    pub layer: Layer,
    /// As given, commas split for a repeatable option.
    pub values: Vec<String>,
    option: &'static Opt,
}

/// What the user typed: `--collect.interval` or `EIGHTXEIGHT_COLLECT_INTERVAL`.
impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layer {
            Layer::Environment => f.write_str(&self.option.variable()),
            Layer::Flag | Layer::Default => f.write_str(&self.option.flag()),
        }
    }
}

/// The process's environment, or a stand-in.
pub type Environment = dyn Fn(&str) -> Option<OsString>;

/// The process's environment.
#[must_use]
pub fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// All options that somebody gave.
#[derive(Debug, Default)]
pub struct Raw {
    given: HashMap<&'static str, Given>,
}

impl Raw {
    /// Flags over the environment over the defaults.
    ///
    /// An empty variable counts as unset: compose files and unit files set such ones.
    ///
    /// # Errors
    ///
    /// A line for each variable that isn't UTF-8.
    pub fn new(
        flags: &dyn Fn(&Opt) -> Option<Vec<String>>,
        environment: &Environment,
    ) -> Result<Raw, Vec<String>> {
        let mut raw = Raw::default();
        let mut problems = Vec::new();
        for option in OPTIONS {
            let (layer, texts) = if let Some(texts) = flags(option) {
                (Layer::Flag, texts)
            } else if let Some(text) = environment(&option.variable()).filter(|t| !t.is_empty()) {
                let Ok(text) = text.into_string() else {
                    problems.push(format!("{}: the value isn't UTF-8", option.variable()));
                    continue;
                };
                (Layer::Environment, vec![text])
            } else if option.default.is_empty() {
                continue;
            } else {
                (Layer::Default, vec![option.default.to_owned()])
            };
            let values = if option.repeatable {
                texts
                    .iter()
                    .flat_map(|text| text.split(','))
                    .map(|t| t.trim().to_owned())
                    .collect()
            } else {
                texts
            };
            raw.given.insert(
                option.name,
                Given {
                    layer,
                    values,
                    option,
                },
            );
        }
        if problems.is_empty() {
            Ok(raw)
        } else {
            Err(problems)
        }
    }

    /// What was given for an option, or its default.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }
}
