//! Every way to break the rules in one place.

use std::time::Duration;

use super::expression::break_each;
use crate::yaml::{Alert, Rule, RuleFile, Severity};

/// A rule file with one fault in it.
pub(crate) struct Mutant {
    /// The name of the rule with the fault.
    pub(crate) rule: String,
    /// The rule, its severity and what was done to it.
    pub(crate) name: String,
    /// The file with the fault.
    pub(crate) file: RuleFile,
}

/// The file as the expression parser prints it, which must pass the tests, and its mutants.
///
/// # Errors
///
/// An expression or a duration can't be read; the text names the rule.
pub(crate) fn of(file: &RuleFile) -> Result<(RuleFile, Vec<Mutant>), String> {
    let mut same = file.clone();
    let mut mutants = Vec::new();
    for (position, rule) in file.rules.iter().enumerate() {
        let title = title(rule);
        let mut add = |what: &str, changed: Rule| {
            let mut broken = file.clone();
            broken.rules[position] = changed;
            mutants.push(Mutant {
                rule: name(rule).to_owned(),
                name: format!("{title}: {what}"),
                file: broken,
            });
        };
        let (reprinted, expressions) =
            break_each(expr(rule)).map_err(|error| format!("{title}: {error}"))?;
        same.rules[position] = with_expr(rule, reprinted);
        for broken in expressions {
            add(&broken.what, with_expr(rule, broken.result));
        }
        if let Rule::Alert(alert) = rule {
            for (what, changed) in settings(alert).map_err(|error| format!("{title}: {error}"))? {
                add(&what, Rule::Alert(changed));
            }
        }
    }
    Ok((same, mutants))
}

fn name(rule: &Rule) -> &str {
    match rule {
        Rule::Record { name, .. } => name,
        Rule::Alert(alert) => alert.name,
    }
}

fn title(rule: &Rule) -> String {
    match rule {
        Rule::Record { .. } => name(rule).to_owned(),
        Rule::Alert(alert) => format!("{} ({})", alert.name, alert.severity.label()),
    }
}

fn expr(rule: &Rule) -> &str {
    match rule {
        Rule::Record { expr, .. } => expr,
        Rule::Alert(alert) => &alert.expr,
    }
}

fn with_expr(rule: &Rule, expr: String) -> Rule {
    match rule {
        Rule::Record { name, .. } => Rule::Record {
            name: name.clone(),
            expr,
        },
        Rule::Alert(alert) => Rule::Alert(Alert {
            expr,
            ..alert.clone()
        }),
    }
}

/// Severity, `for` and `keep_firing_for`: swapped, taken away, a minute less and a minute more.
fn settings(alert: &Alert) -> Result<Vec<(String, Alert)>, String> {
    let mut all = Vec::new();
    for changed in durations(alert.hold.as_deref())? {
        all.push((
            describe("for", changed.as_deref()),
            Alert {
                hold: changed,
                ..alert.clone()
            },
        ));
    }
    for changed in durations(alert.keep_firing_for.as_deref())? {
        all.push((
            describe("keep_firing_for", changed.as_deref()),
            Alert {
                keep_firing_for: changed,
                ..alert.clone()
            },
        ));
    }
    let severity = match alert.severity {
        Severity::Critical => Severity::Warning,
        Severity::Warning => Severity::Critical,
    };
    all.push((
        format!("severity becomes {}", severity.label()),
        Alert {
            severity,
            ..alert.clone()
        },
    ));
    Ok(all)
}

fn describe(setting: &str, changed: Option<&str>) -> String {
    match changed {
        Some(value) => format!("{setting} becomes {value}"),
        None => format!("without {setting}"),
    }
}

fn durations(setting: Option<&str>) -> Result<Vec<Option<String>>, String> {
    const MINUTE: Duration = Duration::from_mins(1);
    let Some(text) = setting else {
        return Ok(Vec::new());
    };
    let length = humantime::parse_duration(text).map_err(|error| format!("{text}: {error}"))?;
    Ok(vec![
        None,
        Some(format!("{}s", length.saturating_sub(MINUTE).as_secs())),
        Some(format!("{}s", (length + MINUTE).as_secs())),
    ])
}
