//! Reads YAML into a tree with line numbers. The only file that knows the YAML crate.
//!
//! No error holds any of the text: it may be a secret.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use serde_saphyr::options::DuplicateKeyPolicy;
use zeroize::Zeroize as _;

/// A value and the line on which it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// What stands there.
    pub value: Value,
}

impl Node {
    /// Overwrites all texts, which may be secrets.
    pub fn wipe(&mut self) {
        match &mut self.value {
            Value::Null => {}
            Value::Scalar(text) => text.zeroize(),
            Value::List(items) => items.iter_mut().for_each(Node::wipe),
            Value::Map(entries) => entries.iter_mut().for_each(|(_, node)| node.wipe()),
        }
    }
}

impl Node {
    /// The entries of a map, each key once; what is wrong is told with its line, and with the key if it is a key.
    pub fn entries(&self, mut problem: impl FnMut(u64, Option<&str>, &str)) -> Vec<(&str, &Node)> {
        let entries = match &self.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            other => {
                problem(
                    self.line,
                    None,
                    &format!("this is {}, not a map", other.kind()),
                );
                &[]
            }
        };
        let mut seen = HashSet::new();
        let mut once = Vec::new();
        for (key, node) in entries {
            if seen.insert(key) {
                once.push((key.as_str(), node));
            } else {
                problem(node.line, Some(key), "the same key twice");
            }
        }
        once
    }
}

/// What stands there. Numbers and booleans are kept as their texts.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing.
    Null,
    /// A single value.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys in their order; the same one may come twice.
    Map(Vec<(String, Node)>),
}

impl Value {
    /// What it is, for a message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// So much may come of aliases, in keys and values: a few accounts' worth for each of a thousand. Ten times as much
/// took a second and a half and 64 MiB to refuse.
const MOST_REPEATED: usize = 100_000;

/// Reads one document.
///
/// # Errors
///
/// What is wrong, without any of the text.
pub fn parse(text: &str) -> Result<Node, String> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
        // More than a hundred aliases of one anchor would be refused: accounts share what they have in common.
        budget: serde_saphyr::budget! { enforce_alias_anchor_ratio: false },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_REPEATED },
    };
    if text
        .lines()
        .all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Node {
            line: 1,
            value: Value::Map(Vec::new()),
        });
    }
    serde_saphyr::from_str_with_options::<Spanned<Value>>(text, options)
        .map(Node::from)
        .map_err(|error| match error.location() {
            Some(location) => format!("line {}: this is no YAML that can be read", location.line()),
            None => "this is no YAML that can be read".to_owned(),
        })
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Node {
        Node {
            line: spanned.referenced.line(),
            value: spanned.value,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Scalar(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element::<Spanned<Value>>()? {
            list.push(item.into());
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<String>, Spanned<Value>>()? {
            let node = Node {
                line: key.referenced.line(),
                value: value.value,
            };
            entries.push((key.value, node));
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn aliases_repeat_what_accounts_share_and_no_more() {
        let mut text = "x: &x {a: [1, 2, 3], b: {c: d, e: f}}\naccounts:\n".to_owned();
        for number in 0..1000 {
            writeln!(text, "  account-{number}: {{<<: *x, own: {number}}}").unwrap();
        }
        let node = parse(&text).unwrap();
        let entries = node.entries(|line, _, problem| panic!("{line}: {problem}"));
        let accounts = entries[1]
            .1
            .entries(|line, _, problem| panic!("{line}: {problem}"));
        assert_eq!(accounts.len(), 1000);

        let mut text = format!("a: &a [{}]\n", ["x"; 20].join(", "));
        for pair in b"abcdefgh".windows(2) {
            let [one, next] = [pair[0], pair[1]].map(char::from);
            let many = vec![format!("*{one}"); 20].join(", ");
            writeln!(text, "{next}: &{next} [{many}]").unwrap();
        }
        assert_eq!(
            parse(&text).unwrap_err(),
            "line 4: this is no YAML that can be read"
        );
    }
}
