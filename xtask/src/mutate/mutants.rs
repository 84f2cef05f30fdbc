//! Every way to break the rules in one place.

use std::time::Duration;

use serde_json::{Value, json};

use super::expression::break_each;
use crate::files::Text;

/// A rule file with one fault in it.
pub(super) struct Mutant {
    /// The name of the rule with the fault.
    pub(super) rule: String,
    /// The rule, its severity and what was done to it.
    pub(super) name: String,
    /// The file with the fault, as JSON, which is YAML too.
    pub(super) file: Text,
}

/// The file with its expressions as their parser prints them, which must pass the tests, and its mutants.
///
/// # Errors
///
/// The file, an expression or a duration can't be read; the text names it.
pub(super) fn of(file: &Text) -> Result<(Mutant, Vec<Mutant>), String> {
    let right: Value =
        serde_saphyr::from_str(&file.text).map_err(|error| format!("{}: {error}", file.path))?;
    let mutant = |rule: &str, name: String, content: &Value| Mutant {
        rule: rule.to_owned(),
        name,
        file: Text {
            path: file.path.clone(),
            text: content.to_string(),
        },
    };
    let mut same = right.clone();
    let mut mutants = Vec::new();
    for place in places(&right) {
        let rule = &right.pointer(&place).unwrap_or(&Value::Null);
        let text = |key: &str| rule[key].as_str().unwrap_or_default();
        let name = [text("alert"), text("record")].concat();
        let title = match rule["labels"]["severity"].as_str() {
            Some(severity) => format!("{name} ({severity})"),
            None => name.clone(),
        };
        let (expr, faults) = faults(rule).map_err(|error| format!("{title}: {error}"))?;
        if let Some(rule) = same.pointer_mut(&place) {
            rule["expr"] = json!(expr);
        }
        for (what, broken) in faults {
            let mut content = right.clone();
            if let Some(rule) = content.pointer_mut(&place) {
                *rule = broken;
            }
            mutants.push(mutant(&name, format!("{title}: {what}"), &content));
        }
    }
    Ok((mutant("", file.path.clone(), &same), mutants))
}

/// Where the rules are in the file.
fn places(file: &Value) -> Vec<String> {
    let length = |list: &Value| list.as_array().map_or(0, Vec::len);
    let groups = 0..length(&file["groups"]);
    groups
        .flat_map(|group| {
            let rules = 0..length(&file["groups"][group]["rules"]);
            rules.map(move |rule| format!("/groups/{group}/rules/{rule}"))
        })
        .collect()
}

/// The expression as the parser prints it; what can be done to the rule, and the rule that comes of it.
fn faults(rule: &Value) -> Result<(String, Vec<(String, Value)>), String> {
    let with = |key: &str, value: Value| {
        let mut broken = rule.clone();
        broken[key] = value;
        broken
    };
    let (expr, broken) = break_each(rule["expr"].as_str().unwrap_or_default())?;
    let mut faults: Vec<(String, Value)> = broken
        .into_iter()
        .map(|(what, expr)| (what, with("expr", json!(expr))))
        .collect();
    for key in ["for", "keep_firing_for"] {
        let Some(text) = rule[key].as_str() else {
            continue;
        };
        let minute = Duration::from_mins(1);
        let length = humantime::parse_duration(text).map_err(|error| format!("{text}: {error}"))?;
        faults.push((format!("without {key}"), with(key, Value::Null)));
        for changed in [length.saturating_sub(minute), length + minute] {
            let changed = format!("{}s", changed.as_secs());
            faults.push((
                format!("{key} becomes {changed}"),
                with(key, json!(changed)),
            ));
        }
    }
    if let Some(severity) = rule["labels"]["severity"].as_str() {
        let other = match severity {
            "critical" => "warning",
            _ => "critical",
        };
        let mut broken = rule.clone();
        broken["labels"]["severity"] = json!(other);
        faults.push((format!("severity becomes {other}"), broken));
    }
    Ok((expr, faults))
}
