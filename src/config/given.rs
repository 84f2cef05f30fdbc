//! Options as somebody gave them, with where each comes from. A flag beats the environment, which beats
//! the file; what an account says of itself beats all, for that account.

use std::collections::HashMap;
use std::fmt;

use super::options::{At, Group, OPTIONS, Opt, OptionValues};
use crate::collect;

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
#[derive(Clone)]
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

/// Without the values, which can be secrets.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// All options that somebody gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    pub(super) given: HashMap<&'static str, Given>,
}

impl Raw {
    /// Reads the options of some groups. Where a value is bad, reading goes on with the default.
    pub(super) fn read(
        &self,
        wanted: impl Fn(Group) -> bool,
        problems: &mut Vec<String>,
    ) -> OptionValues {
        let mut values = OptionValues::default();
        for option in OPTIONS {
            if wanted(option.group())
                && let Some(given) = self.given(option.name)
                && let Err(problem) = option.set(&mut values, &given.values)
            {
                problems.push(format!("{given}: {problem}"));
            }
        }
        let collect::Settings {
            interval,
            max_staleness,
            ..
        } = values.collect;
        if max_staleness < interval.saturating_mul(2) {
            problems.push(format!(
                "{}: {} is less than two intervals (--collect.interval is {}): one slow answer would \
                 take the samples away",
                self.origin("collect.max-staleness"),
                humantime::format_duration(max_staleness),
                humantime::format_duration(interval),
            ));
        }
        values
    }

    /// What somebody wrote for an option, or what could have been typed for it.
    pub(super) fn origin(&self, name: &str) -> String {
        let given = self.given(name).map(ToString::to_string);
        given.unwrap_or_else(|| format!("--{name}"))
    }

    /// The options of an account: its own over these.
    pub(super) fn with(&self, own: &HashMap<&'static str, Given>) -> Raw {
        let mut raw = self.clone();
        raw.overlay(own.clone());
        raw
    }

    /// Puts values where there are none from a higher layer.
    pub(super) fn overlay(&mut self, options: HashMap<&'static str, Given>) {
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
            None => option.values_in(option.default),
        }
    }
}
