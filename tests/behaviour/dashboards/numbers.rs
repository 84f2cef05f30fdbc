//! The numbers on the panels are the true ones.

use std::time::Duration;

use eightxeight::clock::Clock;
use eightxeight::fields::Field;
use eightxeight::window::Period;
use eightxeight_simulator::{Credentials, Settings, Simulator};
use jiff::{SignedDuration, Timestamp};

use super::drawn::{number, query};
use super::past::lived_through;
use super::replay::Plan;
use crate::fixture::Prometheus;

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
    let prometheus = Prometheus::start(files, "scrape_configs: []\n").await;

    let mut settings = Settings::new(Credentials::random());
    settings.clock = Clock::starting_at(end);
    let simulator = Simulator::start(settings).await.unwrap();
    let truth = |field: Field, days: i64| -> f64 {
        let start = end - SignedDuration::from_hours(24 * days);
        let rows = simulator.truth(Period { start, end }, end);
        rows.iter().map(|row| row.values.get(field).unwrap()).sum()
    };
    for (title, field) in [
        ("Inbound, total", Field::InboundTotal),
        ("Answered, total", Field::InboundAnswered),
        ("Missed, total", Field::InboundMissed),
        ("Abandoned, total", Field::InboundAbandoned),
    ] {
        for days in [1, 2] {
            let query = query(title, 0, days);
            let expected = truth(field, days.into());
            assert!(expected > 100.0);
            // On the hour, and within an hour.
            for at in [end.as_second(), end.as_second() + 1750] {
                assert_eq!(
                    number(&prometheus, &query, at).await,
                    Some(expected),
                    "{title} {at}"
                );
            }
            // As Grafana ends a past day.
            let late = [("query", &*query), ("time", "2026-06-09T13:59:59.999Z")];
            let answer = prometheus.ask("query", &late).await;
            assert_eq!(answer["result"][0]["value"][1], expected.to_string());
        }
    }
    let rate = truth(Field::InboundAbandoned, 1) / truth(Field::InboundTotal, 1);
    for (title, days, expected) in [
        ("Abandon rate, total", 1, rate),
        ("Hours read", 2, 1.0),
        // 49 readings, as the first hour of the two days has one at its start.
        ("Hours read", 7, 49.0 / 168.0),
    ] {
        let found = number(&prometheus, &query(title, 0, days), end.as_second()).await;
        assert_eq!(found, Some(expected), "{title}");
    }
}
