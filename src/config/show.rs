//! The configuration in force as YAML, for `/config`. What is or leads to a secret is masked: people paste
//! secrets where paths belong.

use std::fmt::Write as _;

use super::file::AccountEntry;
use super::given::{Layer, Raw};
use super::options::{Group, OPTIONS, Opt, Set};

const MASK: &str = "<hidden>";

/// All options that a file can hold, each with its value, and what each account has of its own, in the shape of the file. A
/// demo has another 8x8 than the options say.
pub(super) fn yaml(raw: &Raw, accounts: Option<&[AccountEntry]>, is_demo: bool) -> String {
    let mut text = String::new();
    options(&mut text, 0, raw, |option| match option.group() {
        Group::Config | Group::Demo => false,
        Group::Api => !is_demo,
        _ => true,
    });
    if let Some(accounts) = accounts {
        text.push_str("accounts:");
        text.push_str(if accounts.is_empty() { " {}\n" } else { "\n" });
        for account in accounts {
            let _ = writeln!(text, "  {}:", quoted(&account.name));
            let before = text.len();
            let raw = raw.with(&account.options);
            options(&mut text, 2, &raw, |option| {
                let given = raw.given(option.name);
                given.is_some_and(|given| given.layer == Layer::Account)
            });
            if !account.labels.is_empty() {
                text.push_str("    labels:\n");
            }
            for (name, value) in &account.labels {
                let _ = writeln!(text, "      {name}: {}", quoted(value));
            }
            if text.len() == before {
                text.truncate(before - 1);
                text.push_str(" {}\n");
            }
        }
    }
    text
}

/// The options that are `wanted`, as nested maps.
fn options(text: &mut String, depth: usize, raw: &Raw, wanted: impl Fn(&Opt) -> bool) {
    let mut open: Vec<String> = Vec::new();
    for option in OPTIONS.iter().filter(|option| wanted(option)) {
        let values = raw.values(option);
        if values.is_empty() {
            continue;
        }
        let path = option.yaml_path();
        let mut maps: Vec<String> = path.split('.').map(str::to_owned).collect();
        let key = maps.pop().unwrap_or_default();
        let common = open.iter().zip(&maps).take_while(|(a, b)| a == b).count();
        for (level, map) in maps.iter().enumerate().skip(common) {
            let _ = writeln!(text, "{}{map}:", "  ".repeat(depth + level));
        }
        let indent = "  ".repeat(depth + maps.len());
        let _ = writeln!(text, "{indent}{key}: {}", value(option, &values));
        open = maps;
    }
}

fn value(option: &Opt, values: &[String]) -> String {
    let list = values.iter().map(|value| quoted(value)).collect::<Vec<_>>();
    let list = list.join(", ");
    match option.set {
        Set::Secret | Set::FileSecret => MASK.to_owned(),
        Set::List(_) => format!("[{list}]"),
        _ if option.is_switch() => values.concat(),
        _ => list,
    }
}

/// A JSON string is a YAML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
