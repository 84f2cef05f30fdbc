//! Each query of each dashboard answers the same in all engines that people run: `make engines`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::file::{Choice, Dashboard, Target, list, selectors, targets, text};
use super::past::lived_through;
use super::replay::Plan;
use crate::fixture::{Labels, Prometheus, load};

const DAY: i64 = 86_400;
/// Of the screen, in pixels: a chart asks for a point for each.
const WIDTH: i64 = 1900;

/// Where an engine answers otherwise than the first one: its name, the panel, and why. A line that no longer applies
/// is a failure, too.
const DIFFERENCES: [(&str, &str, &str); 9] = [
    ("prometheus", "exporter: CPU", OPEN),
    ("prometheus", "exporter: Cache hits", OPEN),
    ("prometheus", "exporter: End of a window behind now", EDGE),
    ("prometheus", "exporter: PBXs in the answer", EDGE),
    ("prometheus", "exporter: Requests per minute", OPEN),
    ("victoria-metrics", "exporter: CPU", BEFORE),
    ("victoria-metrics", "exporter: Cache hits", BEFORE),
    ("victoria-metrics", "exporter: Duration of requests", BEFORE),
    ("victoria-metrics", "exporter: Requests per minute", BEFORE),
];
const OPEN: &str =
    "the rate of a counter: Prometheus 3 leaves out a sample at the very start of the range";
const EDGE: &str =
    "the last sample of a day, when it is exactly five minutes old: too old for Prometheus 3";
const BEFORE: &str =
    "the rate of a counter: VictoriaMetrics counts from the last sample before the range";

/// Panels without any answer: the demo has nothing that they show.
const UNANSWERED: [&str; 7] = [
    "exporter: Collections that failed",
    "exporter: Failed requests per minute by reason",
    "exporter: Next try",
    "exporter: Waits",
    "exporter: Why it fails now",
    "pbx: Share of inbound calls from outside, answered",
    "pbx: Share of outbound calls to outside, answered",
];

/// An answer: the points of each series.
type Answer = BTreeMap<Labels, Vec<(i64, f64)>>;

#[tokio::test]
#[ignore = "`make engines` has the engines and names them in ENGINES"]
async fn every_query_answers_the_same_in_each_engine() {
    let engines = std::env::var("ENGINES").unwrap();
    let files = tempfile::tempdir().unwrap();
    // Scrapes are hardly ever on the full minute.
    let end: Timestamp = "2026-06-09T14:00:17Z".parse().unwrap();
    let weeks = Plan {
        end,
        before: Duration::from_hours(28 * 24),
        // Prometheus looks back as far as that.
        step: 300,
        each_minute: Duration::from_hours(8 * 24),
        scenario: Some("abandon-spike".parse().unwrap()),
    };
    lived_through(weeks, files.path());
    let end = end.as_second();
    let history = files.path().join("two.om");
    two_pbxs(&files.path().join("history.om"), &history, end);

    let mut answers = Vec::new();
    for engine in engines.split_whitespace() {
        answers.push((engine, all_answers(engine, &history, end).await));
    }
    let (_, expected) = &answers[0];
    let panels = |is_answered: bool| -> BTreeSet<&str> {
        let answers = expected.iter();
        answers
            .filter(|(_, answer)| answer.is_empty() != is_answered)
            .map(|((panel, ..), _)| panel.as_str())
            .collect()
    };
    let unanswered = &panels(false) - &panels(true);
    assert_eq!(unanswered, BTreeSet::from(UNANSWERED));
    let mut differ = BTreeMap::new();
    for (engine, found) in &answers[1..] {
        let name = Path::new(engine).file_name().unwrap().to_str().unwrap();
        for (asked, expected) in expected {
            if let Some(difference) = difference(expected, &found[asked]) {
                differ.insert((name, asked.0.as_str()), format!("{asked:?}: {difference}"));
            }
        }
    }
    let known = DIFFERENCES.map(|(engine, panel, _)| (engine, panel));
    assert!(
        differ.keys().copied().eq(BTreeSet::from(known)),
        "known: {known:#?}\nfound: {differ:#?}"
    );
}

/// Keeps two PBXs, which take half of the room, and adds what rules would have recorded: some panels show that.
fn two_pbxs(history: &Path, kept: &Path, end: i64) {
    let mut out = BufWriter::new(File::create(kept).unwrap());
    for line in BufReader::new(File::open(history).unwrap()).lines() {
        let line = line.unwrap();
        let others = ["acme-us", "acmecorp2"];
        let is_others = others
            .iter()
            .any(|pbx| line.contains(&format!(r#"pbx_id="{pbx}""#)));
        if !is_others && line != "# EOF" {
            writeln!(out, "{line}").unwrap();
        }
    }
    let all = Dashboard::all();
    let queries: Vec<_> = all.iter().flat_map(Dashboard::targets).collect();
    let metrics = queries.iter().flat_map(|target| selectors(&target.expr));
    let recorded: BTreeSet<_> = metrics
        .map(|(metric, _)| metric)
        .filter(|metric| metric.contains(':') || *metric == "ALERTS")
        .collect();
    assert!(recorded.len() >= 3, "{recorded:?}");
    for metric in recorded {
        for (severity, value) in [("warning", 0.125), ("critical", 0.25)] {
            let labels = format!(
                r#"job="eightxeight",pbx_id="acme-support",window="1h",severity="{severity}",alertname="EightXEightAbandonRateHigh",alertstate="firing""#
            );
            for time in (end - DAY..=end).step_by(60) {
                writeln!(out, "{metric}{{{labels}}} {value} {time}").unwrap();
            }
        }
    }
    writeln!(out, "# EOF").unwrap();
}

/// What an engine answers to each query: dashboard and panel, the query's number, and days.
async fn all_answers(
    engine: &str,
    history: &Path,
    end: i64,
) -> BTreeMap<(String, usize, i64), Answer> {
    let files = tempfile::tempdir().unwrap();
    let data = files.path().join("data");
    load(engine, history, &data);
    let prometheus = Prometheus::run(engine, files, "scrape_configs: []\n", &data, &[]).await;
    let mut answers = BTreeMap::new();
    for dashboard in Dashboard::all() {
        for panel in dashboard.queried() {
            let name = format!("{}: {}", dashboard.name, text(panel, "title"));
            for (number, target) in targets(panel).iter().enumerate() {
                for days in [1, 7, 28] {
                    let answer = ask(&prometheus, panel, target, days, end).await;
                    answers.insert((name.clone(), number, days), answer);
                }
            }
        }
    }
    answers
}

/// Asks as Grafana does.
async fn ask(
    prometheus: &Prometheus,
    panel: &Value,
    target: &Target,
    days: i64,
    end: i64,
) -> Answer {
    let least = match text(panel, "interval") {
        "30m" => 1800,
        "1h" => 3600,
        "" | "1m" => 60,
        other => panic!("an interval of {other}"),
    };
    let pixels = WIDTH * panel["gridPos"]["w"].as_i64().unwrap() / 24;
    let step = least.max(days * DAY / pixels / 60 * 60);
    let mut all = Choice::all(days * DAY, end / step * step);
    all.step = step;
    let answer = target.ask(prometheus, &all, !target.instant).await;
    let number = |text: &Value| text.as_str().unwrap().parse().unwrap();
    answer
        .iter()
        .map(|series| {
            let labels: Labels = serde_json::from_value(series["metric"].clone()).unwrap();
            let points = list(&series["values"]).iter().chain(series.get("value"));
            let points = points.map(|point| (point[0].as_i64().unwrap(), number(&point[1])));
            (labels, points.collect())
        })
        .collect()
}

/// The first difference, if there is one. A sum may be added up in another order.
fn difference(expected: &Answer, found: &Answer) -> Option<String> {
    if !expected.keys().eq(found.keys()) {
        let [expected, found] = [expected, found].map(|answer| answer.keys().collect::<Vec<_>>());
        return Some(format!("series {expected:?}, found {found:?}"));
    }
    expected.iter().find_map(|(labels, expected)| {
        let [expected, found] = [expected, &found[labels]]
            .map(|points| points.iter().copied().collect::<BTreeMap<_, _>>());
        let times: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
        let differ: Vec<_> = times
            .iter()
            .map(|time| (time, expected.get(time), found.get(time)))
            .filter(|(_, expected, found)| !are_equal(*expected, *found))
            .collect();
        let first = differ.first()?;
        Some(format!(
            "{labels:?}: {} of {} points, such as {first:?}",
            differ.len(),
            times.len()
        ))
    })
}

fn are_equal(a: Option<&f64>, b: Option<&f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= a.abs() * 1e-9
        }
        (a, b) => a.is_none() && b.is_none(),
    }
}
