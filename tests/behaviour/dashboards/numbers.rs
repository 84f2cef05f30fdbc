//! The numbers on the panels are the true ones.

use std::fmt::Write as _;
use std::time::Duration;

use eightxeight::clock::Clock;
use eightxeight::fields::Field;
use eightxeight::window::Period;
use eightxeight_simulator::{Credentials, Selection, Settings, Simulator};
use jiff::{SignedDuration, Timestamp};

use super::file::{Dashboard, substitute, targets, text};
use super::past::{lived_through, store};
use super::replay::Plan;
use crate::fixture::Prometheus;

const NOTHING: &str = "scrape_configs: []\n";

/// The first query of a panel of the overview, with all chosen, over some days.
fn query(title: &str, days: u32) -> String {
    let dashboards = Dashboard::all();
    let overview = dashboards
        .iter()
        .find(|dashboard| dashboard.name == "overview")
        .unwrap();
    let mut panels = overview.queried().into_iter();
    let panel = panels.find(|panel| text(panel, "title") == title).unwrap();
    substitute(&targets(panel)[0].expr, |name| {
        Some(match name {
            "window" => "1h".to_owned(),
            "__range" => format!("{days}d"),
            "__range_s" => (days * 86_400).to_string(),
            "account" => ".*".to_owned(),
            _ => ".+".to_owned(),
        })
    })
}

async fn value(prometheus: &Prometheus, query: &str, time: &str) -> Option<f64> {
    let data = prometheus
        .ask("query", &[("query", query), ("time", time)])
        .await;
    let result = data["result"].as_array().unwrap();
    assert!(result.len() <= 1, "{result:?}");
    result
        .first()
        .map(|series| series["value"][1].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn totals_are_what_8x8_truly_had() {
    let end: Timestamp = "2026-06-09T14:00:00Z".parse().unwrap();
    let files = tempfile::tempdir().unwrap();
    let plan = Plan {
        end,
        before: Duration::from_hours(48),
        step: 3600,
        each_minute: Duration::ZERO,
        scenario: None,
    };
    lived_through(plan, files.path());
    let prometheus = Prometheus::start(files, NOTHING).await;

    let mut settings = Settings::new(Credentials::random());
    settings.clock = Clock::starting_at(end);
    let simulator = Simulator::start(settings).await.unwrap();
    let truth = |field: Field, days: i64| -> f64 {
        let start = end - SignedDuration::from_hours(24 * days);
        let rows = simulator.truth(
            simulator.customer(),
            &Selection::All,
            Period { start, end },
            end,
        );
        rows.unwrap()
            .iter()
            .map(|row| row.values.get(field).unwrap())
            .sum()
    };
    for (title, field) in [
        ("Inbound, total", Field::InboundTotal),
        ("Answered, total", Field::InboundAnswered),
        ("Missed, total", Field::InboundMissed),
        ("Abandoned, total", Field::InboundAbandoned),
    ] {
        for days in [1, 2] {
            let query = query(title, days);
            let expected = truth(field, days.into());
            assert!(expected > 100.0);
            // On the hour, as Grafana ends a past day, and within an hour.
            for time in [
                "2026-06-09T14:00:00Z",
                "2026-06-09T13:59:59.999Z",
                "2026-06-09T14:29:10Z",
            ] {
                assert_eq!(
                    value(&prometheus, &query, time).await,
                    Some(expected),
                    "{title} {time}"
                );
            }
        }
    }
    let rate = truth(Field::InboundAbandoned, 1) / truth(Field::InboundTotal, 1);
    let at = "2026-06-09T14:00:00Z";
    assert_eq!(
        value(&prometheus, &query("Abandon rate, total", 1), at).await,
        Some(rate)
    );
    assert_eq!(
        value(&prometheus, &query("Hours read", 2), at).await,
        Some(1.0)
    );
    // 49 readings, as the first hour of the two days has one at its start.
    assert_eq!(
        value(&prometheus, &query("Hours read", 7), at).await,
        Some(49.0 / 168.0)
    );
}

/// Five minutes of samples up to a Unix time, one a minute.
fn constant(out: &mut String, series: &str, value: f64, until: i64) {
    for minute in (0..=5).rev() {
        writeln!(out, "{series} {value} {}", until - 60 * minute).unwrap();
    }
}

#[tokio::test]
async fn frozen_twins_do_not_count_and_accounts_stay_apart() {
    let now: i64 = 1_781_013_600;
    let mut text = String::new();
    let mut calls = |labels: &str, inbound: f64, abandoned: f64, success: Option<f64>| {
        let rest = format!(r#"{{job="eightxeight",{labels},window="1h"}}"#);
        let of_pbx = format!(r#"{{job="eightxeight",{labels},pbx_id="main",window="1h"}}"#);
        constant(
            &mut text,
            &format!("eightxeight_company_inbound_calls{of_pbx}"),
            inbound,
            now,
        );
        constant(
            &mut text,
            &format!("eightxeight_company_inbound_calls_abandoned{of_pbx}"),
            abandoned,
            now,
        );
        if let Some(success) = success {
            constant(
                &mut text,
                &format!("eightxeight_collection_success{rest}"),
                success,
                now,
            );
        }
    };
    // A pair, one of which is frozen on a busier hour; an account whose PBX has the same name; and what
    // `backfill` wrote, which knows nothing of collections.
    calls(r#"instance="a""#, 100.0, 10.0, Some(1.0));
    calls(r#"instance="b""#, 500.0, 400.0, Some(0.0));
    calls(r#"instance="a",account="other""#, 40.0, 20.0, Some(1.0));
    calls(r#"instance="backfill",account="old""#, 60.0, 0.0, None);
    text.push_str("# EOF\n");

    let files = tempfile::tempdir().unwrap();
    let written = files.path().join("samples.om");
    std::fs::write(&written, text).unwrap();
    store(&written, files.path());
    let prometheus = Prometheus::start(files, NOTHING).await;
    let at = now.to_string();
    let calls = query("Inbound calls", 1);
    assert_eq!(value(&prometheus, &calls, &at).await, Some(200.0));
    let rate = query("Callers lost: abandon rate", 1);
    assert_eq!(value(&prometheus, &rate, &at).await, Some(30.0 / 200.0));
}
