//! What a backfill is: what its journal begins with, and what must be the same to go on.

use std::collections::BTreeMap;

use super::Job;
use eightxeight::fields::Field;

/// The columns of the journal, which no option sets.
const FIELDS: &str = "fields";

/// All that decides what is asked and how it is written, by option. It holds no secret.
pub(super) fn parameters(job: &Job) -> BTreeMap<&'static str, String> {
    let (options, api, collect) = (&job.options, &job.account.api, &job.account.collect);
    let labels = options.labels.iter();
    let labels: Vec<_> = labels
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let windows: Vec<_> = collect.windows.iter().map(ToString::to_string).collect();
    let step = humantime::format_duration(options.step);
    let zone = collect.zone.iana_name().unwrap_or("UTC");
    BTreeMap::from([
        ("--from", options.from.to_string()),
        ("--to", options.to.to_string()),
        ("--step", step.to_string()),
        ("--label", labels.join(",")),
        ("--collect.window", windows.join(",")),
        ("--collect.time-zone", zone.to_owned()),
        ("--api.url", api.url.to_string()),
        ("--api.pbx-id", api.pbx_ids.join(",")),
        (FIELDS, Field::ALL.map(|field| field.spec().key).join(",")),
    ])
}

/// How these differ from those that a journal begins with: the option, what it was and what it is.
pub(super) fn differences(
    ours: &BTreeMap<&str, String>,
    theirs: &BTreeMap<String, String>,
) -> Vec<String> {
    ours.iter()
        .filter(|(name, ours)| theirs.get(**name) != Some(ours))
        .map(|(name, ours)| match theirs.get(*name) {
            _ if *name == FIELDS => "this version of the exporter has other fields".to_owned(),
            Some(theirs) => format!("{name} was {theirs} and is {ours}"),
            None => format!("{name} was unknown and is {ours}"),
        })
        .collect()
}
