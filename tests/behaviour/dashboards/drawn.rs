//! Calls that are drawn first, and the gauges that an exporter would have shown of them: a truth that owes nothing to
//! the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::file::{Choice, Dashboard, targets, text};
use super::past::store;
use crate::fixture::Prometheus;

pub(super) const HOUR: i64 = 60;
pub(super) const DAY: i64 = 24 * HOUR;

/// What is counted, and the metric that shows it.
pub(super) const KINDS: [&str; 5] = [
    "inbound_calls",
    "inbound_calls_answered",
    "inbound_calls_missed",
    "inbound_calls_abandoned",
    "calls_answered",
];
pub(super) const INBOUND: usize = 0;
pub(super) const ANSWERED: usize = 1;
pub(super) const MISSED: usize = 2;
pub(super) const ABANDONED: usize = 3;

/// A PBX and its calls, minute by minute.
pub(super) struct Pbx {
    labels: String,
    until: Vec<[f64; KINDS.len()]>,
}

impl Pbx {
    /// In the minutes of `busy` half of the callers give up.
    pub(super) fn drawn(labels: &str, minutes: i64, most: u64, busy: std::ops::Range<i64>) -> Pbx {
        let labels = format!(r#"job="eightxeight",{labels}"#);
        let mut state = labels.bytes().map(u64::from).sum::<u64>();
        let mut draw = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut until = vec![[0.0; KINDS.len()]];
        for minute in 0..minutes {
            let mut counts = until[until.len() - 1];
            for _ in 0..draw(most + 1) {
                let abandoned = draw(100) < if busy.contains(&minute) { 50 } else { 4 };
                let answered = !abandoned && draw(100) < 90;
                let happened = [true, answered, !answered, abandoned, answered];
                for (count, happened) in counts.iter_mut().zip(happened) {
                    *count += f64::from(u8::from(happened));
                }
            }
            until.push(counts);
        }
        Pbx { labels, until }
    }

    /// The same calls, seen by another exporter.
    pub(super) fn at(&self, instance: &str) -> Pbx {
        let labels = self
            .labels
            .replace(r#"instance="a""#, &format!(r#"instance="{instance}""#));
        Pbx {
            labels,
            until: self.until.clone(),
        }
    }

    /// The true number between two minutes.
    pub(super) fn between(&self, kind: usize, from: i64, to: i64) -> f64 {
        let at = |minute: i64| self.until[usize::try_from(minute.max(0)).unwrap()][kind];
        at(to) - at(from)
    }
}

/// The minute at which the day began.
fn midnight(minute: i64) -> i64 {
    (minute - 1) / DAY * DAY
}

/// A past that begins at a Unix time, which is midnight where the company is.
pub(super) struct Past {
    pub(super) start: i64,
    text: String,
}

impl Past {
    pub(super) fn new(start: i64) -> Past {
        Past {
            start,
            text: String::new(),
        }
    }

    /// A sample at each of these minutes.
    pub(super) fn series(&mut self, name: &str, minutes: impl Iterator<Item = (i64, f64)>) {
        for (minute, value) in minutes {
            writeln!(self.text, "{name} {value} {}", self.start + 60 * minute).unwrap();
        }
    }

    /// What is shown of a PBX at each of `minutes`: the answer that was asked for at the second one.
    pub(super) fn shown(&mut self, pbx: &Pbx, minutes: impl Iterator<Item = (i64, i64)>) {
        let minutes: Vec<_> = minutes.collect();
        for (kind, metric) in KINDS.iter().enumerate() {
            let name = format!("eightxeight_company_{metric}{{{}", pbx.labels);
            let hour = |(at, asked): &(i64, i64)| (*at, pbx.between(kind, asked - HOUR, *asked));
            self.series(
                &format!(r#"{name},window="1h"}}"#),
                minutes.iter().map(hour),
            );
            let today =
                |(at, asked): &(i64, i64)| (*at, pbx.between(kind, midnight(*asked), *asked));
            self.series(
                &format!(r#"{name},window="today"}}"#),
                minutes.iter().map(today),
            );
        }
    }

    /// When the day began, and whether collections worked, at each of `minutes`.
    pub(super) fn account(&mut self, labels: &str, minutes: impl Iterator<Item = (i64, bool)>) {
        let worked: Vec<_> = minutes
            .map(|(at, up)| (at, f64::from(u8::from(up))))
            .collect();
        let labels = format!(r#"job="eightxeight",{labels}"#);
        self.series(
            &format!("eightxeight_up{{{labels}}}"),
            worked.iter().copied(),
        );
        let success = format!(r#"eightxeight_collection_success{{{labels},window="1h"}}"#);
        self.series(&success, worked.iter().copied());
        let began =
            format!(r#"eightxeight_window_start_timestamp_seconds{{{labels},window="today"}}"#);
        let start = self.start;
        let midnights = worked
            .iter()
            .map(|(at, _)| (*at, start + 60 * midnight(*at)));
        self.series(
            &began,
            midnights.map(|(at, time)| (at, f64::from(u32::try_from(time).unwrap()))),
        );
    }

    pub(super) async fn prometheus(mut self) -> Prometheus {
        self.text.push_str("# EOF\n");
        let files = tempfile::tempdir().unwrap();
        let written = files.path().join("drawn.om");
        std::fs::write(&written, &self.text).unwrap();
        store(&written, files.path());
        Prometheus::start(files, "scrape_configs: []\n").await
    }
}

/// A panel of a dashboard by its title.
pub(super) fn panel(dashboard: &str, title: &str) -> serde_json::Value {
    let all = Dashboard::all();
    let found = all.iter().find(|one| one.name == dashboard).unwrap();
    let mut panels = found.queried().into_iter();
    let panel = panels.find(|panel| text(panel, "title") == title);
    panel
        .unwrap_or_else(|| panic!("no {title} on {dashboard}"))
        .clone()
}

/// A query of a panel of Company Overview with all chosen, over some days.
pub(super) fn query(title: &str, number: usize, days: u32) -> String {
    query_of(&panel("overview", title), number, days)
}

pub(super) fn query_of(panel: &serde_json::Value, number: usize, days: u32) -> String {
    let days = i64::from(days);
    targets(panel)[number].query(&Choice::all(days * 86_400, 0))
}

/// The only number that a query answers at a Unix time, if there is one.
pub(super) async fn number(prometheus: &Prometheus, query: &str, at: i64) -> Option<f64> {
    let found = prometheus.query_at(query, time(at)).await;
    assert!(found.len() <= 1, "{found:?}");
    found.first().map(|(_, value)| *value)
}

/// The numbers that a query answers at a Unix time, by the values of some labels.
pub(super) async fn numbers_by<const N: usize>(
    prometheus: &Prometheus,
    query: &str,
    at: i64,
    names: [&str; N],
) -> BTreeMap<[String; N], f64> {
    let found = prometheus.query_at(query, time(at)).await.into_iter();
    let numbers = found.map(|(labels, number)| (names.map(|name| labels[name].clone()), number));
    numbers.collect()
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
