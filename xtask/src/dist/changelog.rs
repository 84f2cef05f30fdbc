//! CHANGELOG.md, and what Debian wants to have of it.

use std::error::Error;
use std::fmt::Write as _;

use jiff::civil::Date;

use super::NAME;
use crate::files;

/// A released version.
pub(super) struct Release {
    /// As in Cargo.toml.
    pub(super) version: String,
    pub(super) day: Date,
    /// A paragraph for each change.
    changes: Vec<String>,
}

/// Where Debian's changelog ends a line.
const WIDTH: usize = 78;

/// All releases, newest first; what is yet to be released isn't one.
///
/// # Errors
///
/// The file can't be read, or a release has no day.
pub(super) fn releases() -> Result<Vec<Release>, Box<dyn Error>> {
    let text = files::read("CHANGELOG.md")?.text;
    let mut releases = Vec::new();
    for section in text.split("\n## [").skip(1) {
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        if let Some((version, day)) = head.split_once("] - ") {
            releases.push(Release {
                version: version.to_owned(),
                day: day.trim().parse()?,
                changes: changes(body),
            });
        }
    }
    Ok(releases)
}

/// The items of the lists, each on a line.
fn changes(body: &str) -> Vec<String> {
    let mut changes: Vec<String> = Vec::new();
    for line in body.lines() {
        if let Some(item) = line.strip_prefix("- ") {
            changes.push(item.replace('`', ""));
        } else if let (Some(more), Some(change)) = (line.strip_prefix("  "), changes.last_mut()) {
            change.push(' ');
            change.push_str(&more.trim().replace('`', ""));
        }
    }
    changes
}

/// The releases as Debian's tools read them.
pub(super) fn debian(releases: &[Release]) -> String {
    releases.iter().map(entry).collect::<Vec<_>>().join("\n")
}

fn entry(release: &Release) -> String {
    let version = &release.version;
    let mut text = format!("{NAME} ({version}-1) unstable; urgency=medium\n\n");
    for change in &release.changes {
        item(&mut text, change);
    }
    let day = release.day.strftime("%a, %d %b %Y");
    let author = env!("CARGO_PKG_AUTHORS");
    let _ = writeln!(text, "\n -- {author}  {day} 00:00:00 +0000");
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
