//! Reads the nodes of a tree: maps of known keys, texts, lists.

use super::go_names::find;
use crate::yaml::{Node, Value};

/// The place of the outermost map, which stands before no key.
pub(super) const THE_FILE: &str = "the file";

/// Reads nodes and collects their problems.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// The entries of a map, by their keys.
pub(super) struct Entries<'n> {
    pub(super) place: &'static str,
    pub(super) line: u64,
    pub(super) given: Vec<(&'n str, &'n Node)>,
}

impl<'n> Entries<'n> {
    /// The value of a key. Null and an empty text count as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        let (_, node) = self.given.iter().find(|(known, _)| *known == key)?;
        match &node.value {
            Value::Null => None,
            Value::Scalar(text) if text.is_empty() => None,
            _ => Some(node),
        }
    }
}

impl Reader {
    /// Reads a map with known keys.
    pub(super) fn map<'n>(
        &mut self,
        node: Option<&'n Node>,
        place: &'static str,
        known: &[&str],
    ) -> Entries<'n> {
        let entries = self.entries(node, place);
        let prefix = match place {
            THE_FILE => String::new(),
            place => format!("{place}."),
        };
        for (key, node) in &entries {
            if !known.contains(key) {
                let key = key.escape_debug();
                let known = known.join(", ");
                let problem = format!("no such key; there are {known}");
                self.problem(node.line, &format!("{prefix}{key}"), &problem);
            }
        }
        Entries {
            place,
            line: node.map_or(1, |node| node.line),
            given: entries,
        }
    }

    /// The entries of a map, each key once.
    pub(super) fn entries<'n>(
        &mut self,
        node: Option<&'n Node>,
        place: &str,
    ) -> Vec<(&'n str, &'n Node)> {
        let Some(node) = node else {
            return Vec::new();
        };
        // A key may be a user's name.
        node.entries(|line, _, problem| self.problem(line, place, problem))
    }

    pub(super) fn text<'n>(&mut self, node: &'n Node, place: &str) -> Option<&'n str> {
        match &node.value {
            Value::Scalar(text) => Some(text),
            Value::Null => Some(""),
            other => {
                let problem = format!("this is {}, not a single value", other.kind());
                self.problem(node.line, place, &problem);
                None
            }
        }
    }

    /// The texts of a list, with their lines.
    pub(super) fn texts<'n>(&mut self, map: &Entries<'n>, key: &str) -> Vec<(u64, &'n str)> {
        let place = format!("{}.{key}", map.place);
        let Some(node) = map.get(key) else {
            return Vec::new();
        };
        let Value::List(items) = &node.value else {
            let problem = format!("this is {}, not a list", node.value.kind());
            self.problem(node.line, &place, &problem);
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| Some((item.line, self.text(item, &place)?)))
            .collect()
    }

    pub(super) fn named<T: Copy>(
        &mut self,
        node: &Node,
        place: &str,
        table: &[(&str, T)],
    ) -> Option<T> {
        match find(table, self.text(node, place)?) {
            Ok(meaning) => Some(meaning),
            Err(problem) => {
                self.problem(node.line, place, &problem);
                None
            }
        }
    }

    /// Checks that a value is a boolean; it has no effect here.
    pub(super) fn switch(&mut self, map: &Entries<'_>, key: &str) {
        let place = format!("{}.{key}", map.place);
        let words = ["true", "false", "yes", "no", "on", "off", "y", "n"];
        if let Some(node) = map.get(key)
            && let Some(text) = self.text(node, &place)
            && !words.contains(&&*text.to_ascii_lowercase())
        {
            self.problem(node.line, &place, "allowed is true and false");
        }
    }

    pub(super) fn problem(&mut self, line: u64, place: &str, problem: &str) {
        self.problems
            .push(format!("line {line}, {place}: {problem}"));
    }
}
