//! Reads YAML into a tree with line numbers. The only file that knows the YAML crate.
//!
//! No error holds any of the text: it may be a secret.

use std::collections::HashSet;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Location, Spanned};
use zeroize::Zeroize as _;

/// A value and its line.
#[derive(Clone, Debug)]
pub struct Node {
    /// The line on which the value begins, from 1.
    pub line: u64,
    /// The value.
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

    /// The entries of a map, each key once. `problem` is called with the line, the key if it has one, and the message.
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
                let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
                let may_be_secret = matches!(node.value, Value::Null) && !key.chars().all(is_name);
                let shown = if may_be_secret { HIDDEN } else { key };
                problem(node.line, Some(shown), "the same key twice");
            }
        }
        once
    }
}

/// A YAML value. A plain scalar is the text that was written: `0042`, `1.10`, `yes`.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value.
    Null,
    /// A single value.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys in their order; the same one may come twice.
    Map(Vec<(String, Node)>),
}

impl Value {
    /// The kind of the value, for messages.
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

/// What may be shown of a key that isn't `known`, and what is wrong with it. In `{password:hunter2}` a space is missing, and
/// in `{hunter2}` a key: without a value the whole may be a secret.
#[must_use]
pub fn unknown<'k>(key: &'k str, value: &Value, known: &[&str]) -> (&'k str, String) {
    let name = key.split([':', '=', ' ']).next().unwrap_or_default();
    let is_slip = !name.is_empty() && known.iter().any(|known| known.starts_with(name));
    let shown = match value {
        Value::Null if is_slip => name,
        Value::Null => HIDDEN,
        _ => key,
    };
    let problem = if key.contains(':') {
        "put a space after the `:`".to_owned()
    } else {
        format!("no such key; there are {}", known.join(", "))
    };
    (shown, problem)
}

const HIDDEN: &str = "(hidden: it may be a secret)";

/// So much may come of aliases, in keys and values: a few accounts' worth for each of a thousand. Ten times as much
/// took a second and a half and 64 MiB to refuse.
const MOST_REPEATED: usize = 100_000;

/// Reads one document.
///
/// # Errors
///
/// The problem, without any of the text.
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
    serde_saphyr::from_str_with_options::<Spanned<Parsed>>(text, options)
        .map(|parsed| node(parsed, text))
        .map_err(|error| {
            let what = mistake(&error.without_snippet().to_string());
            match error.location() {
                Some(location) => format!("line {}: invalid YAML: {what}", location.line()),
                None => format!("invalid YAML: {what}"),
            }
        })
}

/// The kind of mistake that the YAML crate's message tells of, and what is wanted. The message itself can hold a bit of
/// the text.
fn mistake(message: &str) -> &'static str {
    const MISTAKES: [(&str, &str); 8] = [
        ("tab", "a tab indents this line; YAML takes spaces only"),
        ("unclosed bracket", "a `[` or `{` that is never closed"),
        ("unclosed quote", "a quotation mark that is never closed"),
        (
            "mapping values are not allowed",
            "a `:` where none can stand: the line before may lack its own, or a value with `: ` in it its quotation marks",
        ),
        (
            "unexpected character",
            "a value that begins with a reserved character: put it into quotation marks",
        ),
        (
            "expected",
            "the indentation doesn't fit: all keys of one map begin in the same column, and none beside a list",
        ),
        (
            "unknown anchor",
            "an alias without its anchor: put a value that begins with `*` into quotation marks",
        ),
        (
            "",
            "wanted is `key: value` on each line, with two spaces before it for each level",
        ),
    ];
    let mut mistakes = MISTAKES.iter();
    let found = mistakes.find(|(part, _)| message.contains(part));
    found.map_or("", |(_, what)| what)
}

/// A value as the YAML crate sees it.
enum Parsed {
    Null,
    Text(String),
    /// A plain scalar that is a number or a boolean to YAML, and what its writer typed to us: `0042` is no 42.
    Typed,
    List(Vec<Spanned<Parsed>>),
    Map(Vec<(Spanned<String>, Spanned<Parsed>)>),
}

fn node(parsed: Spanned<Parsed>, text: &str) -> Node {
    let line = parsed.referenced.line();
    let value = match parsed.value {
        Parsed::Null => Value::Null,
        Parsed::Text(text) => Value::Scalar(text),
        Parsed::Typed => Value::Scalar(as_written(parsed.defined, text).to_owned()),
        Parsed::List(items) => {
            Value::List(items.into_iter().map(|item| node(item, text)).collect())
        }
        Parsed::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, _)| {
                let line = key.referenced.line();
                let Node { value, .. } = node(value, text);
                (key.value, Node { line, value })
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { line, value }
}

fn as_written(location: Location, text: &str) -> &str {
    let span = location.span();
    let range = span
        .byte_offset()
        .zip(span.byte_len())
        .and_then(|(start, length)| {
            let start = usize::try_from(start).ok()?;
            text.get(start..start + usize::try_from(length).ok()?)
        });
    range.unwrap_or_default().trim()
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParsedVisitor)
    }
}

struct ParsedVisitor;

impl<'de> Visitor<'de> for ParsedVisitor {
    type Value = Parsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Parsed, E> {
        Ok(Parsed::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Parsed, E> {
        Ok(Parsed::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Parsed, E> {
        Ok(Parsed::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Parsed, E> {
        Ok(Parsed::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Parsed, E> {
        Ok(Parsed::Typed)
    }

    fn visit_unit<E>(self) -> Result<Parsed, E> {
        Ok(Parsed::Null)
    }

    fn visit_none<E>(self) -> Result<Parsed, E> {
        Ok(Parsed::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Parsed, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Parsed::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parsed, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Parsed::Map(entries))
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
        let error = parse(&text).unwrap_err();
        assert!(error.starts_with("line 4: invalid YAML: "), "{error}");
    }

    fn scalars(node: &Node, into: &mut Vec<String>) {
        match &node.value {
            Value::Null => into.push("null".to_owned()),
            Value::Scalar(text) => into.push(text.clone()),
            Value::List(items) => items.iter().for_each(|item| scalars(item, into)),
            Value::Map(entries) => entries.iter().for_each(|(key, item)| {
                into.push(key.clone());
                scalars(item, into);
            }),
        }
    }

    #[test]
    fn scalars_are_taken_as_they_are_written() {
        let written = [
            "0042",
            "1.10",
            "yes",
            "1e3",
            "0123",
            "007",
            "no",
            "0x1F",
            "1_000",
            "+1",
            ".5",
            "True",
            "0o17",
            "12:30:45",
            "2026-01-01",
            "-0",
            "acme",
        ];
        let block = written.map(|text| format!("  - {text} # ünï\n")).concat();
        for text in [
            format!("ä: ö\nlist:\n{block}"),
            format!("ä: ö\nlist: [{}]\n", written.join(" , ")),
        ] {
            let mut found = Vec::new();
            scalars(&parse(&text).unwrap(), &mut found);
            assert_eq!(found[3..], written, "{text}");
        }
        let mut found = Vec::new();
        let text = "x: &x 0123\ny: *x\nz: \"0042\"\n0042: ~\nw: '1.10'\n";
        scalars(&parse(text).unwrap(), &mut found);
        let expected = [
            "x", "0123", "y", "0123", "z", "0042", "0042", "null", "w", "1.10",
        ];
        assert_eq!(found, expected);
    }
}
