//! Reads the nodes of a tree: maps of known keys, texts, lists.

use std::fmt;

use crate::yaml::{self, Node, Value};

/// The place of the outermost map, which stands before no key.
const THE_FILE: &str = "the file";

/// A value and its place, for messages.
pub(super) struct Field<'n> {
    place: String,
    pub(super) node: &'n Node,
}

impl<'n> Field<'n> {
    /// The whole file.
    pub(super) fn root(node: &'n Node) -> Field<'n> {
        let place = THE_FILE.to_owned();
        Field { place, node }
    }

    /// A value within this one that has no place of its own: that of a list, or of a user, whose name isn't shown.
    pub(super) fn at(&self, node: &'n Node) -> Field<'n> {
        let place = self.place.clone();
        Field { place, node }
    }
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}", self.node.line, self.place)
    }
}

/// The entries of a map, by their keys.
pub(super) struct Entries<'n> {
    pub(super) field: Field<'n>,
    pub(super) given: Vec<(&'n str, &'n Node)>,
}

impl<'n> Entries<'n> {
    /// The value of a key. Null and an empty text count as absent.
    pub(super) fn get(&self, key: &str) -> Option<Field<'n>> {
        let field = self.written(key)?;
        match &field.node.value {
            Value::Null => None,
            Value::Scalar(text) if text.is_empty() => None,
            _ => Some(field),
        }
    }

    /// The value of a key, whatever it is.
    pub(super) fn written(&self, key: &str) -> Option<Field<'n>> {
        let (_, node) = self.given.iter().find(|(known, _)| *known == key)?;
        Some(self.place_of(key).at(node))
    }

    /// The place that a key has or would have.
    pub(super) fn place_of(&self, key: &str) -> Field<'n> {
        let place = match &*self.field.place {
            THE_FILE => key.to_owned(),
            place => format!("{place}.{key}"),
        };
        let node = self.field.node;
        Field { place, node }
    }
}

/// Reads nodes and collects their problems.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Reader {
    /// Reads a map with known keys.
    pub(super) fn map<'n>(&mut self, field: Field<'n>, known: &[&str]) -> Entries<'n> {
        let given = self.entries(&field);
        let map = Entries { field, given };
        for (key, node) in &map.given {
            if !known.contains(key) {
                let (key, problem) = yaml::unknown(key, &node.value, known);
                let place = map.place_of(&key.escape_debug().to_string());
                self.problem(&place.at(node), &problem);
            }
        }
        map
    }

    /// The entries of a map, each key once.
    pub(super) fn entries<'n>(&mut self, field: &Field<'n>) -> Vec<(&'n str, &'n Node)> {
        // A key may be a user's name.
        field.node.entries(|line, _, problem| {
            let place = &field.place;
            self.problems
                .push(format!("line {line}, {place}: {problem}"));
        })
    }

    pub(super) fn text<'n>(&mut self, field: &Field<'n>) -> Option<&'n str> {
        match &field.node.value {
            Value::Scalar(text) => Some(text),
            Value::Null => Some(""),
            other => {
                let problem = format!("this is {}, not a single value", other.kind());
                self.problem(field, &problem);
                None
            }
        }
    }

    /// The values of a list.
    pub(super) fn items<'n>(&mut self, field: &Field<'n>) -> Vec<Field<'n>> {
        if let Value::List(items) = &field.node.value {
            return items.iter().map(|item| field.at(item)).collect();
        }
        let problem = format!("this is {}, not a list", field.node.value.kind());
        self.problem(field, &problem);
        Vec::new()
    }

    /// What `parse` makes of a text; `problem` says what it can be made of.
    pub(super) fn parsed<T>(
        &mut self,
        field: &Field<'_>,
        problem: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(self.text(field)?);
        if parsed.is_none() {
            self.problem(field, problem);
        }
        parsed
    }

    /// What a name means.
    pub(super) fn named<T: Copy>(&mut self, field: &Field<'_>, table: &[(&str, T)]) -> Option<T> {
        let names: Vec<_> = table.iter().map(|(name, _)| *name).collect();
        let problem = format!("no such name; there are {}", names.join(", "));
        self.parsed(field, &problem, |text| {
            let (_, meaning) = table.iter().find(|(name, _)| *name == text)?;
            Some(*meaning)
        })
    }

    /// Checks that a value is a boolean; it has no effect here.
    pub(super) fn switch(&mut self, field: Option<Field<'_>>) {
        let words = ["true", "false", "yes", "no", "on", "off", "y", "n"];
        if let Some(field) = field {
            self.parsed(&field, "allowed is true and false", |text| {
                words.contains(&&*text.to_ascii_lowercase()).then_some(())
            });
        }
    }

    pub(super) fn problem(&mut self, field: &Field<'_>, problem: &str) {
        self.problems.push(format!("{field}: {problem}"));
    }
}
