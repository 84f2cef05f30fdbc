//! CHANGELOG.md, and what Debian wants to have of it.

use std::fmt::Write as _;
use std::fs;

use jiff::civil::Date;

/// A released version.
#[derive(Debug)]
pub(crate) struct Release {
    /// As in Cargo.toml.
    pub(crate) version: String,
    /// Its day, as `2026-01-31`.
    pub(crate) date: String,
    /// What changed, a paragraph for each change.
    changes: Vec<String>,
}

/// Where Debian's changelog ends a line.
const WIDTH: usize = 78;

/// The files: Debian's changelog.
pub(crate) fn files() -> Vec<(String, String)> {
    vec![("deploy/debian/changelog".to_owned(), debian(&releases()))]
}

/// The newest release.
pub(crate) fn newest() -> Release {
    releases().into_iter().next().unwrap_or(Release {
        version: "unreleased".to_owned(),
        date: String::new(),
        changes: Vec::new(),
    })
}

/// All releases, newest first; what is yet to be released isn't one.
fn releases() -> Vec<Release> {
    let path = crate::files::root().join("CHANGELOG.md");
    read(&fs::read_to_string(path).unwrap_or_default())
}

fn read(text: &str) -> Vec<Release> {
    let sections = text.split("\n## [").skip(1);
    sections
        .filter_map(|section| {
            let (head, body) = section.split_once('\n')?;
            let (version, date) = head.split_once("] - ")?;
            Some(Release {
                version: version.to_owned(),
                date: date.trim().to_owned(),
                changes: changes(body),
            })
        })
        .collect()
}

/// The items of the lists, each on a line.
fn changes(body: &str) -> Vec<String> {
    let mut changes: Vec<String> = Vec::new();
    for line in body.lines() {
        if let Some(item) = line.strip_prefix("- ") {
            changes.push(item.to_owned());
        } else if let (Some(more), Some(change)) = (line.strip_prefix("  "), changes.last_mut()) {
            change.push(' ');
            change.push_str(more.trim());
        }
    }
    changes
}

fn debian(releases: &[Release]) -> String {
    let mut text = String::new();
    for (n, release) in releases.iter().enumerate() {
        if n > 0 {
            text.push('\n');
        }
        let _ = writeln!(
            text,
            "{} ({}-1) unstable; urgency=medium\n",
            super::NAME,
            release.version
        );
        for change in &release.changes {
            item(&mut text, &change.replace('`', ""));
        }
        let day = release.date.parse::<Date>().map_or_else(
            |_| release.date.clone(),
            |date| date.strftime("%a, %d %b %Y").to_string(),
        );
        let _ = writeln!(
            text,
            "\n -- {}  {day} 00:00:00 +0000",
            env!("CARGO_PKG_AUTHORS")
        );
    }
    text
}

fn item(text: &mut String, change: &str) {
    let mut line = "  *".to_owned();
    for word in change.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            "   ".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}
