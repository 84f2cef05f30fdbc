//! A strict reader of both formats, written apart from the writer. It refuses what either format's own
//! parsers merely tolerate.

use std::collections::{BTreeMap, HashSet};

use super::Format;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    /// Without a counter's `_total`.
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) help: String,
    pub(super) unit: Option<String>,
    pub(super) samples: Vec<Sample>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: String,
}

/// Reads a page; for `OpenMetrics` with its `# EOF`.
pub(super) fn parse(format: Format, page: &str) -> Vec<Family> {
    let page = match format {
        Format::Text => page,
        Format::OpenMetrics => page.strip_suffix("# EOF\n").expect("no # EOF at the end"),
    };
    assert!(page.is_empty() || page.ends_with('\n'), "a torn last line");
    let mut families: Vec<Family> = Vec::new();
    let mut names = HashSet::new();
    let mut lines = page.split_terminator('\n').peekable();
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("# HELP ") {
            let (name, help) = comment.split_once(' ').expect("HELP without text");
            let rest = lines.next().expect("HELP without TYPE");
            let kind = rest
                .strip_prefix(&format!("# TYPE {name} "))
                .unwrap_or_else(|| panic!("after HELP of {name}: {rest}"));
            let unit = lines
                .next_if(|line| line.starts_with("# UNIT"))
                .map(|line| line.strip_prefix(&format!("# UNIT {name} ")).unwrap())
                .filter(|unit| !unit.is_empty());
            assert!(unit.is_none_or(|unit| name.ends_with(&format!("_{unit}"))));
            let base = match (format, kind) {
                (Format::Text, "counter") => name.strip_suffix("_total").expect("counter's name"),
                _ => name,
            };
            assert!(names.insert(base.to_owned()), "{base} twice");
            families.push(Family {
                name: base.to_owned(),
                kind: kind.to_owned(),
                help: unescape(help, format == Format::OpenMetrics),
                unit: unit.map(str::to_owned),
                samples: Vec::new(),
            });
        } else {
            let family = families.last_mut().expect("a sample before any family");
            let sample = sample(line);
            let suffix = sample.name.strip_prefix(&family.name).unwrap();
            let allowed: &[&str] = match family.kind.as_str() {
                "counter" => &["_total"],
                "gauge" => &[""],
                "histogram" => &["_bucket", "_sum", "_count"],
                other => panic!("kind {other}"),
            };
            assert!(allowed.contains(&suffix), "{line}");
            family.samples.push(sample);
        }
    }
    for family in &families {
        assert!(!family.samples.is_empty(), "{} is empty", family.name);
    }
    families
}

fn sample(line: &str) -> Sample {
    assert!(!line.is_empty(), "a blank line");
    assert!(!line.starts_with('#'), "an unknown comment: {line}");
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap();
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").unwrap();
            let end = closing_quote(after);
            let value = unescape(&after[..end], true);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[end + 1..];
            match rest.split_at(1) {
                (",", after) => rest = after,
                ("}", after) => {
                    rest = after;
                    break;
                }
                _ => panic!("after a label: {line}"),
            }
        }
    }
    let value = rest.strip_prefix(' ').unwrap();
    assert!(!value.contains(' '), "a timestamp: {line}");
    value.parse::<f64>().unwrap();
    Sample {
        name: name.to_owned(),
        labels,
        value: value.to_owned(),
    }
}

fn closing_quote(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at,
            _ => {}
        }
    }
    panic!("no closing quote: {text}");
}

fn unescape(text: &str, quotes: bool) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if quotes => '"',
                other => panic!("escaped {other:?} in {text}"),
            },
            '"' if quotes => panic!("a bare quote in {text}"),
            other => other,
        });
    }
    out
}
