//! What a backfill is: what its journal begins with, and what must be the same to go on.

use std::collections::BTreeMap;

use super::options::Options;
use super::plan::Plan;
use crate::config;
use eightxeight::fields::Field;

/// All that decides what is asked and how it is written, by option. It holds no secret.
pub(crate) type Parameters = BTreeMap<String, String>;

/// The columns of the journal, which no option sets.
const FIELDS: &str = "fields";

/// The parameters of a plan.
#[must_use]
pub(crate) fn parameters(options: &Options, plan: &Plan, account: &config::Account) -> Parameters {
    let labels = options.labels.iter();
    let labels: Vec<_> = labels
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let windows: Vec<_> = plan.windows.iter().map(ToString::to_string).collect();
    let step = humantime::format_duration(plan.step);
    let named = [
        ("--from", plan.from.to_string()),
        ("--to", plan.to.to_string()),
        ("--step", step.to_string()),
        ("--label", labels.join(",")),
        ("--collect.window", windows.join(",")),
        (
            "--collect.time-zone",
            plan.zone.iana_name().unwrap_or("UTC").to_owned(),
        ),
        ("--api.url", account.api.url.to_string()),
        ("--api.pbx-id", account.api.pbx_ids.join(",")),
        (FIELDS, Field::ALL.map(|field| field.spec().key).join(",")),
    ];
    named.map(|(name, value)| (name.to_owned(), value)).into()
}

/// How these differ from those that a journal begins with: the option, what it was and what it is.
pub(super) fn differences(ours: &Parameters, theirs: &Parameters) -> Vec<String> {
    let differ = |(name, _): &(&String, &String)| theirs.get(*name) != ours.get(*name);
    ours.iter()
        .filter(differ)
        .map(|(name, ours)| match theirs.get(name) {
            _ if name == FIELDS => "this version of the exporter has other fields".to_owned(),
            Some(theirs) => format!("{name} was {theirs} and is {ours}"),
            None => format!("{name} was unknown and is {ours}"),
        })
        .collect()
}
