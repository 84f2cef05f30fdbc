//! What a backfill is: what its journal begins with, and what must be the same to go on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::options::Options;
use super::plan::Plan;
use crate::config;
use eightxeight::fields::Field;

/// How the journal is written. Another number means that another version of the exporter wrote it.
const FORMAT: u32 = 1;

/// All that decides what is asked and how it is written. It holds no secret.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Parameters {
    format: u32,
    from: String,
    to: String,
    step: String,
    windows: Vec<String>,
    time_zone: String,
    url: String,
    pbx_ids: Vec<String>,
    labels: BTreeMap<String, String>,
    fields: Vec<String>,
}

impl Parameters {
    /// The parameters of a plan.
    #[must_use]
    pub fn new(options: &Options, plan: &Plan, account: &config::Account) -> Parameters {
        Parameters {
            format: FORMAT,
            from: plan.from.to_string(),
            to: plan.to.to_string(),
            step: humantime::format_duration(plan.step).to_string(),
            windows: plan.windows.iter().map(ToString::to_string).collect(),
            time_zone: plan.zone.iana_name().unwrap_or("UTC").to_owned(),
            url: account.api.url.to_string(),
            pbx_ids: account.api.pbx_ids.clone(),
            labels: options.labels.clone(),
            fields: Field::ALL.iter().map(ToString::to_string).collect(),
        }
    }

    pub(super) fn to_json(&self) -> String {
        // Nothing in it is beyond JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// How these differ from those that a journal begins with: the option, what it was and what it is.
    /// `None` when the text holds no parameters.
    pub(super) fn differences(&self, journal: &str) -> Option<Vec<String>> {
        let format: Format = serde_json::from_str(journal).ok()?;
        if format.format != FORMAT {
            let text = "another version of the exporter wrote its journal";
            return Some(vec![text.to_owned()]);
        }
        let theirs: Parameters = serde_json::from_str(journal).ok()?;
        let labels = |labels: &BTreeMap<String, String>| {
            let pairs = labels.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join(",")
        };
        let texts = |of: &Parameters| {
            [
                ("--from", of.from.clone()),
                ("--to", of.to.clone()),
                ("--step", of.step.clone()),
                ("--label", labels(&of.labels)),
                ("--collect.window", of.windows.join(",")),
                ("--collect.time-zone", of.time_zone.clone()),
                ("--api.url", of.url.clone()),
                ("--api.pbx-id", of.pbx_ids.join(",")),
            ]
        };
        let pairs = texts(&theirs).into_iter().zip(texts(self));
        let mut differences: Vec<_> = pairs
            .filter(|((_, theirs), (_, ours))| theirs != ours)
            .map(|((name, theirs), (_, ours))| format!("{name} was {theirs} and is {ours}"))
            .collect();
        if theirs.fields != self.fields {
            differences.push("this version of the exporter knows other fields".to_owned());
        }
        Some(differences)
    }
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}
