//! The command's own options: from texts to values. What depends on the present is [`Job`](super::Job)'s to judge.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil};

use crate::config::Flags;
use crate::config::values::is_label_name;

const DAY: u64 = 24 * 60 * 60;

/// What every sample is labelled with unless the user says otherwise: the job that rules and dashboards
/// select, and an instance of its own.
const LABELS: [(&str, &str); 2] = [("job", "eightxeight"), ("instance", "backfill")];

/// The options as given.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Points come after it.
    pub from: Timestamp,
    /// Points come up to it, itself included.
    pub to: Timestamp,
    /// How far apart the points are, in whole seconds; divides a day.
    pub step: Duration,
    /// Where the files go.
    pub output: PathBuf,
    /// The labels of every sample, none of them empty.
    pub labels: BTreeMap<String, String>,
    /// Whether to go on where an earlier run stopped.
    pub resume: bool,
    /// Whether to start without asking.
    pub yes: bool,
}

impl Options {
    /// The path of the journal.
    pub(super) fn journal(&self) -> PathBuf {
        self.output.join("backfill.journal")
    }

    /// Reads the options; times without an offset are by the clocks of `zone`.
    ///
    /// # Errors
    ///
    /// All that is wrong with them, a line for each.
    pub(crate) fn read(given: &Flags, zone: &TimeZone) -> Result<Options, Vec<String>> {
        let of = |name| given.get(name).map(Vec::as_slice).unwrap_or_default();
        let required = |name, what| {
            let missing = || format!("--{name} is missing: give {what}; see `backfill --help`");
            of(name).first().ok_or_else(missing)
        };
        let instant = |name| {
            time(required(name, "a time")?, zone).map_err(|problem| format!("--{name}: {problem}"))
        };
        let from = instant("from");
        let to = instant("to");
        let output = required("output", "a directory");
        let step = of("step").first().map_or("1h", String::as_str);
        let step = self::step(step).map_err(|problem| format!("--step: {problem}"));
        let labels = labels(of("label"));
        match (from, to, output, step, labels) {
            (Ok(from), Ok(to), Ok(output), Ok(step), Ok(labels)) => Ok(Options {
                from,
                to,
                step,
                output: output.into(),
                labels,
                resume: given.contains_key("resume"),
                yes: given.contains_key("yes"),
            }),
            (from, to, output, step, labels) => {
                let problems = [from.err(), to.err(), output.err(), step.err()];
                let problems = problems.into_iter().flatten();
                Err(problems.chain(labels.err().unwrap_or_default()).collect())
            }
        }
    }
}

/// The instant that a text means: with an offset from UTC, or by the clocks of `zone`.
fn time(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    let unreadable = || {
        format!("`{text}` is not a time such as 2026-01-31, 2026-01-31T09:00 or 2026-01-31T09:00Z")
    };
    let instant = match text.parse() {
        Ok(instant) => instant,
        Err(_) => by_clocks(text.parse().map_err(|_| unreadable())?, zone)?,
    };
    if instant.subsec_nanosecond() == 0 {
        Ok(instant)
    } else {
        Err(format!(
            "`{text}` has fractions of a second, which 8x8's times don't"
        ))
    }
}

/// The only instant at which the clocks of `zone` show `local`.
fn by_clocks(local: civil::DateTime, zone: &TimeZone) -> Result<Timestamp, String> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let name = zone.iana_name().unwrap_or("the zone");
    match ambiguous.offset() {
        AmbiguousOffset::Fold { before, after } => Err(format!(
            "the clocks of {name} show {local} twice: add the offset, {before} or {after}"
        )),
        // A day without a midnight begins when its clocks begin.
        AmbiguousOffset::Gap { .. } if local.time() != civil::Time::midnight() => Err(format!(
            "the clocks of {name} skip {local}: give a time that they show"
        )),
        AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => ambiguous
            .compatible()
            .map_err(|_| format!("{local} is beyond all calendars")),
    }
}

fn step(text: &str) -> Result<Duration, String> {
    let step = humantime::parse_duration(text)
        .map_err(|_| format!("`{text}` is not a duration such as 15m or 1h"))?;
    let allowed =
        "allowed is 1m to 24h, dividing 24h: 1m, 5m, 15m, 30m, 1h, 2h, 6h, 24h and the like";
    let seconds = step.as_secs();
    if step.subsec_nanos() != 0 || !(60..=DAY).contains(&seconds) || !DAY.is_multiple_of(seconds) {
        return Err(format!("`{text}`: {allowed}"));
    }
    Ok(step)
}

/// The labels of every sample, or all that is wrong with those that were given.
fn labels(texts: &[String]) -> Result<BTreeMap<String, String>, Vec<String>> {
    let mut labels = BTreeMap::new();
    let mut problems = Vec::new();
    for text in texts {
        match label(text) {
            Ok((name, value)) => {
                if labels.insert(name.to_owned(), value.to_owned()).is_some() {
                    problems.push(format!("--label: `{name}` twice"));
                }
            }
            Err(problem) => problems.push(format!("--label: {problem}")),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    for (name, value) in LABELS {
        labels.entry(name.into()).or_insert_with(|| value.into());
    }
    labels.retain(|_, value| !value.is_empty());
    Ok(labels)
}

fn label(text: &str) -> Result<(&str, &str), String> {
    let pair = text.split_once('=');
    let (name, value) = pair.ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    if !is_label_name(name) {
        return Err(format!(
            "`{name}` is not a label name: letters, digits and `_`, not a digit first"
        ));
    }
    if name.starts_with("__") || ["pbx_id", "window"].contains(&name) {
        return Err(format!(
            "`{name}` is taken: the exporter or Prometheus sets it"
        ));
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(options: &[(&'static str, &str)]) -> Flags {
        let mut flags = Flags::new();
        for (name, value) in options {
            flags.entry(name).or_default().push((*value).to_owned());
        }
        flags
    }

    fn read(more: &[(&'static str, &str)]) -> Result<Options, Vec<String>> {
        let needed = [
            ("from", "2026-01-01"),
            ("to", "2026-02-01"),
            ("output", "dir"),
        ];
        let more_names: Vec<_> = more.iter().map(|(name, _)| *name).collect();
        let needed = needed
            .into_iter()
            .filter(|(name, _)| !more_names.contains(name));
        let all: Vec<_> = needed.chain(more.iter().copied()).collect();
        Options::read(&given(&all), &TimeZone::UTC)
    }

    #[test]
    fn all_that_is_wrong_comes_at_once() {
        let problems = Options::read(
            &given(&[("step", "7h"), ("label", "a-b=c"), ("label", "window=x")]),
            &TimeZone::UTC,
        )
        .unwrap_err();
        assert_eq!(problems.len(), 6, "{problems:?}");
        for name in ["--from", "--to", "--output", "--step", "--label"] {
            assert!(problems.iter().any(|problem| problem.starts_with(name)));
        }
    }

    #[test]
    fn a_step_divides_a_day() {
        for good in ["1m", "90s", "5m", "1h", "24h", "1day"] {
            assert!(read(&[("step", good)]).is_ok(), "{good}");
        }
        for bad in ["59s", "25h", "7h", "0s", "soon", "1500ms", "101s"] {
            assert!(read(&[("step", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_add_to_the_defaults_or_take_their_place() {
        let labels = |texts: &[&str]| {
            let texts: Vec<_> = texts.iter().map(|text| ("label", *text)).collect();
            read(&texts).map(|options| {
                let pairs = options.labels.into_iter();
                pairs
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            labels(&[]).unwrap(),
            ["instance=backfill", "job=eightxeight"]
        );
        assert_eq!(
            labels(&["account=a=b", "job=x"]).unwrap(),
            ["account=a=b", "instance=backfill", "job=x"]
        );
        assert_eq!(labels(&["instance="]).unwrap(), ["job=eightxeight"]);
        for bad in [
            "",
            "a",
            "=b",
            "1a=b",
            "a b=c",
            "pbx_id=x",
            "window=x",
            "__name__=x",
            "ä=x",
        ] {
            assert!(labels(&[bad]).is_err(), "{bad}");
        }
        assert!(labels(&["a=1", "a=2"]).is_err());
    }

    #[test]
    fn times_are_local_or_have_an_offset() {
        let london = TimeZone::get("Europe/London").unwrap();
        let instant = |text: &str| time(text, &london).map(|time| time.to_string());
        for (text, expected) in [
            ("2026-07-01", "2026-06-30T23:00:00Z"),
            ("2026-07-01T09:30", "2026-07-01T08:30:00Z"),
            ("2026-07-01 09:30:15", "2026-07-01T08:30:15Z"),
            ("2026-07-01T09:30Z", "2026-07-01T09:30:00Z"),
            ("2026-07-01T09:30:00+02:00", "2026-07-01T07:30:00Z"),
            ("2026-10-25T01:30:00+01:00", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(instant(text).unwrap(), expected, "{text}");
        }
        for (text, says) in [
            ("2026-10-25T01:30", "twice: add the offset, +01 or +00"),
            ("2026-03-29T01:30", "skip"),
            ("yesterday", "is not a time"),
            ("", "is not a time"),
            ("1700000000", "is not a time"),
            ("2026-02-30", "is not a time"),
            ("2026-02-01T00:00:00.5Z", "fractions"),
        ] {
            let problem = instant(text).unwrap_err();
            assert!(problem.contains(says), "{text}: {problem}");
        }
        // Clocks went forward at midnight in Santiago.
        let santiago = TimeZone::get("America/Santiago").unwrap();
        let first = time("2026-09-06", &santiago).unwrap();
        assert_eq!(first.to_string(), "2026-09-06T04:00:00Z");
    }
}
