//! Each query of each dashboard, asked of a real Prometheus that has a past and scrapes the demo.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use eightxeight::fields::Field;
use eightxeight_exporter::page::{PREFIX, metric};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use super::file::{Choice, Dashboard, Target, list, selectors};
use super::past::{lived_through, store};
use super::replay::Plan;
use crate::fixture::{
    Exporter, KEY, Prometheus, USERNAME, credentials, hasty_rules, pause, simulator_that_knows,
};

/// Longer than scrapes, collections and rules take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);
const DAY: i64 = 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_answers_and_every_metric_is_shown() {
    let files = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let week = Plan {
        end: now,
        before: Duration::from_hours(8 * 24),
        // A quarter of an hour is looked for at each full hour of the week.
        step: 900,
        each_minute: Duration::from_mins(90),
        scenario: None,
    };
    lived_through(week, files.path());
    recorded_before(now, files.path());
    let demo = Exporter::demo(&["--collect.interval", "1s"]).await;
    // Some metrics are there only while something is wrong.
    let simulator = simulator_that_knows(credentials(KEY, USERNAME, "another")).await;
    let refused = Exporter::serve(&simulator, &["--collect.interval", "1s"]).await;
    let prometheus = watching(files, &[&demo, &refused]).await;

    let dashboards = Dashboard::all();
    let mut open: Vec<Target> = dashboards.iter().flat_map(Dashboard::targets).collect();
    // The demo has none of the calls whose share these are.
    open.retain(|target| !target.expr.contains("_answered_ratio{"));
    // One login was refused, before the first scrape: it is counted, but its rate is 0.
    for target in &mut open {
        if let Some(all) = target.expr.strip_suffix(" * 60 > 0") {
            target.expr = all.to_owned();
        }
    }
    open.extend(others(&dashboards));
    assert!(open.len() > 100, "{}", open.len());
    let used = used(&dashboards);
    let start = Instant::now();
    loop {
        let mut unanswered = Vec::new();
        for target in open {
            if !answers(&prometheus, &target).await {
                unanswered.push(target);
            }
        }
        open = unanswered;
        let exported = names(&prometheus).await;
        let unknown: Vec<_> = used.difference(&exported).collect();
        let shown = must_be_shown(&exported);
        let hidden: Vec<_> = shown.difference(&used).collect();
        if open.is_empty() && unknown.is_empty() && hidden.is_empty() && shown.len() >= 71 {
            break;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "unanswered: {open:#?}\nused, but neither exported nor recorded: {unknown:?}\n\
             on no panel: {hidden:?}\nof {shown:?}"
        );
        pause().await;
    }
}

/// 8x8's fields, the exporter's own metrics, memory and CPU.
fn must_be_shown(exported: &BTreeSet<String>) -> BTreeSet<String> {
    let process = ["process_resident_memory_bytes", "process_cpu_seconds_total"];
    let fields = Field::ALL.map(|field| metric(field).name);
    let own = exported
        .iter()
        .map(String::as_str)
        .filter(|name| name.starts_with("eightxeight_") && !name.starts_with(PREFIX));
    own.chain(process)
        .chain(fields)
        .map(str::to_owned)
        .collect()
}

/// What the rules would have recorded in the last minutes: they take the last quarter of an hour for what `today` has
/// gained since.
fn recorded_before(now: Timestamp, files: &Path) {
    let scraped = std::fs::read_to_string(files.join("history.om")).unwrap();
    let since = now.as_second() - 20 * 60;
    let mut recorded = String::new();
    for line in scraped.lines() {
        let Some((metric, rest)) = line.split_once(r#"{instance="demo:10888","#) else {
            continue;
        };
        let (_, time) = rest.rsplit_once(' ').unwrap();
        let lost = metric.strip_prefix("eightxeight_company_inbound_calls");
        if [Some(""), Some("_abandoned")].contains(&lost)
            && rest.contains(r#"window="today""#)
            && time.parse::<i64>().unwrap() > since
        {
            writeln!(recorded, "account_pbx_id_window:{metric}:max{{{rest}").unwrap();
        }
    }
    assert!(recorded.lines().count() > 20, "{recorded}");
    recorded.push_str("# EOF\n");
    let written = files.join("recorded.om");
    std::fs::write(&written, recorded).unwrap();
    store(&written, files);
}

/// A Prometheus that scrapes the exporters and has the shipped rules, which don't wait.
async fn watching(files: TempDir, exporters: &[&Exporter]) -> Prometheus {
    let targets = exporters.iter().map(|exporter| exporter.address());
    let targets: Vec<_> = targets.collect();
    let config = format!(
        "{}scrape_configs: [{{job_name: eightxeight, static_configs: [{{targets: {targets:?}}}]}}]\n",
        hasty_rules(files.path())
    );
    Prometheus::start(files, &config).await
}

/// The queries of annotations, and those of variables but the account's: with one account there is none.
fn others(dashboards: &[Dashboard]) -> impl Iterator<Item = Target> {
    let queries = dashboards.iter().flat_map(|dashboard| {
        let annotations = dashboard.annotations().map(str::to_owned);
        let variables = dashboard
            .variables()
            .filter(|(_, label)| *label != "account");
        annotations
            .chain(variables.map(|(selected, label)| format!("count by ({label}) ({selected})")))
    });
    queries.map(|expr| Target {
        expr,
        instant: true,
    })
}

/// Whether a query answers: with all PBXs chosen, over the last day, out of nothing but what was scraped,
/// unless it asks for the past; or, since some look for a PBX with few calls, with one PBX at some full
/// hour of the week.
async fn answers(prometheus: &Prometheus, target: &Target) -> bool {
    let to = Timestamp::now().as_second();
    let mut all = Choice::all(DAY, to);
    if !target.expr.contains(" offset ") {
        all.instance = r"127\\.0\\.0\\.1:.+";
    }
    if has_numbers(&target.ask(prometheus, &all, !target.instant).await) {
        return true;
    }
    let to = to - to % 3600;
    for pbx in ["acmecorp2", "acmecorp", "acme-us"] {
        let mut one = Choice::all(7 * DAY, to);
        (one.pbx, one.step) = (pbx, 900);
        if target.expr.contains(") < ") && has_numbers(&target.ask(prometheus, &one, true).await) {
            return true;
        }
    }
    false
}

fn has_numbers(answer: &[Value]) -> bool {
    let is_number = |sample: &Value| !sample.is_null() && sample[1] != "NaN";
    answer.iter().any(|series| {
        let mut samples = list(&series["values"]).iter().chain([&series["value"]]);
        samples.any(is_number)
    })
}

/// What the exporters export and the rules record; not what only the past holds.
async fn names(prometheus: &Prometheus) -> BTreeSet<String> {
    let live = r#"{job="eightxeight", instance!="demo:10888"}"#;
    let data = prometheus
        .ask("label/__name__/values", &[("match[]", live)])
        .await;
    let recorded = |name: &String| name.contains(':');
    let names = list(&data)
        .iter()
        .map(|name| name.as_str().unwrap().to_owned());
    names.filter(|name| !recorded(name)).collect()
}

/// The metrics of panels and variables.
fn used(dashboards: &[Dashboard]) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for dashboard in dashboards {
        for target in dashboard.targets() {
            let metrics = selectors(&target.expr).into_iter();
            let scraped =
                metrics.filter(|(metric, _)| *metric != "ALERTS" && !metric.contains(':'));
            used.extend(scraped.map(|(metric, _)| metric.to_owned()));
        }
        let selected = dashboard
            .variables()
            .map(|(selected, _)| selected.split('{').next().unwrap());
        used.extend(selected.map(str::to_owned));
    }
    used
}
