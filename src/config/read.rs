//! Reads values out of the layers and collects what is wrong with them.

use super::options::Opt;
use super::raw::{Given, Raw};

/// Reads options; a bad one is noted, and reading goes on with the default.
pub(super) struct Reader<'a> {
    raw: &'a Raw,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(raw: &'a Raw) -> Reader<'a> {
        Reader {
            raw,
            problems: Vec::new(),
        }
    }

    /// The value of an option that has a default.
    pub(super) fn one<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        self.list(name, |values| {
            parse(values.first().map_or("", String::as_str))
        })
    }

    /// The values of a repeatable option that has a default.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&[String]) -> Result<T, String>,
    ) -> T {
        if let Some(given) = self.raw.get(name) {
            let value = if given.values.is_empty() {
                Err("an empty list; leave the key out for the default".to_owned())
            } else {
                parse(&given.values)
            };
            match value {
                Ok(value) => return value,
                Err(problem) => self.complain(format!("{given}: {problem}")),
            }
        }
        let default = Opt::named(name).map_or("", |option| option.default);
        let values: Vec<String> = default.split(',').map(str::to_owned).collect();
        // A test reads the whole table's defaults, so none of them can be bad here.
        #[allow(clippy::panic)]
        parse(&values).unwrap_or_else(|problem| panic!("default of {name}: {problem}"))
    }

    /// What was given for an option without a default.
    pub(super) fn given(&self, name: &str) -> Option<&'a Given> {
        self.raw.get(name)
    }

    /// The value of an option without a default.
    pub(super) fn optional(&self, name: &str) -> Option<&'a str> {
        self.given(name)
            .and_then(|given| given.values.first())
            .map(String::as_str)
    }

    /// The value of an option without a default, checked.
    pub(super) fn maybe<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.given(name)?;
        match parse(given.values.first().map_or("", String::as_str)) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.complain(format!("{given}: {problem}"));
                None
            }
        }
    }

    /// Notes what is wrong with an option.
    pub(super) fn problem(&mut self, name: &str, problem: &str) {
        let origin = self
            .raw
            .get(name)
            .map_or_else(|| format!("--{name}"), ToString::to_string);
        self.complain(format!("{origin}: {problem}"));
    }

    /// Notes what is wrong with no option in particular.
    #[allow(clippy::needless_pass_by_value)] // All are made for this.
    pub(super) fn complain(&mut self, problem: String) {
        self.problems.push(one_line(&problem));
    }

    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }
}

/// A problem without control characters: a key or a value of several lines must not look like several problems.
pub(super) fn one_line(problem: &str) -> String {
    let escaped = |letter: char| -> String {
        if letter.is_control() {
            letter.escape_default().collect()
        } else {
            letter.into()
        }
    };
    problem.chars().map(escaped).collect()
}
