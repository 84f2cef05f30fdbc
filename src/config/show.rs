//! The configuration in force as YAML, for `/config`. What is or leads to a secret is masked: people paste
//! secrets where paths belong.

use std::fmt::Write as _;

use super::file::AccountEntry;
use super::options::{Group, OPTIONS, Opt};
use super::raw::{Layer, Raw};

const MASK: &str = "<hidden>";

/// All options, each with its value, and what each account has of its own.
pub(super) fn yaml(raw: &Raw, accounts: Option<&[AccountEntry]>) -> String {
    let mut text = String::new();
    for option in OPTIONS
        .iter()
        .filter(|option| option.group() != Group::Config)
    {
        line(&mut text, "", option, raw);
    }
    if let Some(accounts) = accounts {
        text.push_str("accounts:");
        text.push_str(if accounts.is_empty() { " {}\n" } else { "\n" });
        for account in accounts {
            let _ = writeln!(text, "  {}:", quoted(&account.name));
            let own = raw.of(account);
            let own = OPTIONS.iter().filter(|option| {
                own.get(option.name)
                    .is_some_and(|given| given.layer == Layer::Account)
            });
            let all = raw.of(account);
            let before = text.len();
            for option in own {
                line(&mut text, "    ", option, &all);
            }
            for (name, value) in &account.labels {
                let _ = writeln!(text, "    labels.{name}: {}", quoted(value));
            }
            if text.len() == before {
                text.truncate(before - 1);
                text.push_str(" {}\n");
            }
        }
    }
    text
}

fn line(text: &mut String, indent: &str, option: &Opt, raw: &Raw) {
    let Some(given) = raw.get(option.name) else {
        return;
    };
    let values = if is_secret(option) {
        MASK.to_owned()
    } else if option.repeatable {
        let values: Vec<_> = given.values.iter().map(|value| quoted(value)).collect();
        format!("[{}]", values.join(", "))
    } else if option.is_switch() {
        given.values.concat()
    } else {
        quoted(&given.values.concat())
    };
    let name = option.name.replace('-', "_");
    let _ = writeln!(text, "{indent}{name}: {values}");
}

fn is_secret(option: &Opt) -> bool {
    ["api.key", "api.username", "api.password"]
        .iter()
        .any(|secret| option.name.starts_with(secret))
}

/// A JSON string is a YAML string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
