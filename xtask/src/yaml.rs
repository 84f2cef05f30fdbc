//! A Prometheus rule file as data, and its text. The layout is made for reading: expressions and
//! long sentences are block scalars.

use std::fmt::Write;

/// A rule file with its one group.
#[derive(Clone)]
pub(crate) struct RuleFile {
    /// Relative to the repository's root.
    pub(crate) path: &'static str,
    /// The lines of the comment that stands on top.
    pub(crate) comments: Vec<&'static str>,
    /// The group's name.
    pub(crate) group: &'static str,
    /// Evaluated in this order.
    pub(crate) rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Clone)]
pub(crate) enum Rule {
    /// Stores an expression under a name.
    Record {
        /// `level:metric:operation`.
        name: String,
        /// What is stored.
        expr: String,
    },
    /// Fires for each series that an expression yields.
    Alert(Alert),
}

/// An alert.
#[derive(Clone)]
pub(crate) struct Alert {
    /// Its name, prefix included.
    pub(crate) name: &'static str,
    /// Yields a series for each thing that is wrong.
    pub(crate) expr: String,
    /// How long the expression must yield the series, without a gap.
    pub(crate) hold: Option<String>,
    /// How long the alert outlives the series.
    pub(crate) keep_firing_for: Option<String>,
    /// The label `severity`.
    pub(crate) severity: Severity,
    /// What is wrong and where.
    pub(crate) summary: String,
    /// How bad, and what to do about it.
    pub(crate) description: String,
    /// Path and query of the dashboard to look at.
    pub(crate) dashboard: String,
    /// Where its runbook stands.
    pub(crate) runbook: String,
}

/// How urgent an alert is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Now.
    Critical,
    /// In business hours.
    Warning,
}

impl Severity {
    /// As alerts carry it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
        }
    }
}

impl RuleFile {
    /// The file's text.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for line in &self.comments {
            line_to(&mut out, 0, &format!("# {line}"));
        }
        line_to(&mut out, 0, "groups:");
        line_to(&mut out, 2, &format!("- name: {}", self.group));
        line_to(&mut out, 4, "rules:");
        for rule in &self.rules {
            out.push('\n');
            match rule {
                Rule::Record { name, expr } => {
                    line_to(&mut out, 6, &format!("- record: {name}"));
                    literal(&mut out, "expr", expr);
                }
                Rule::Alert(alert) => alert.write(&mut out),
            }
        }
        out
    }
}

impl Alert {
    fn write(&self, out: &mut String) {
        line_to(out, 6, &format!("- alert: {}", self.name));
        literal(out, "expr", &self.expr);
        for (key, value) in [
            ("for", &self.hold),
            ("keep_firing_for", &self.keep_firing_for),
        ] {
            if let Some(value) = value {
                line_to(out, 8, &format!("{key}: {value}"));
            }
        }
        line_to(out, 8, "labels:");
        line_to(out, 10, &format!("severity: {}", self.severity.label()));
        line_to(out, 8, "annotations:");
        folded(out, "summary", &self.summary);
        folded(out, "description", &self.description);
        quoted(out, "dashboard_url", &self.dashboard);
        quoted(out, "runbook_url", &self.runbook);
    }
}

fn line_to(out: &mut String, indent: usize, text: &str) {
    // Writing to a String can't fail.
    let _ = writeln!(out, "{:indent$}{text}", "");
}

fn literal(out: &mut String, key: &str, text: &str) {
    line_to(out, 8, &format!("{key}: |"));
    for line in text.lines() {
        line_to(out, 10, line);
    }
}

/// YAML joins the lines of a folded scalar with a space, so any space is a place to break.
fn folded(out: &mut String, key: &str, text: &str) {
    const WIDTH: usize = 100;
    line_to(out, 10, &format!("{key}: >-"));
    let mut line = String::new();
    for word in words(text) {
        if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
            line_to(out, 12, &line);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    line_to(out, 12, &line);
}

/// Split at spaces, but a `{{ template }}` stays whole.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match words.last_mut() {
            Some(last) if last.matches("{{").count() > last.matches("}}").count() => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

fn quoted(out: &mut String, key: &str, text: &str) {
    line_to(out, 10, &format!("{key}: '{}'", text.replace('\'', "''")));
}
