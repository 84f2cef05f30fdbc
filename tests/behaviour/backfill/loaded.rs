//! What Prometheus makes of the files.

use std::collections::BTreeMap;

use eightxeight::fields::Field;
use eightxeight::window::Period;
use eightxeight_exporter::page::metric;
use eightxeight_simulator::Simulator;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Backfill, HOUR};
use crate::fixture::Prometheus;

/// Asks Prometheus as the dashboards do, and holds it against what there really was.
pub(super) async fn reads_back(
    prometheus: &Prometheus,
    simulator: &Simulator,
    backfill: &Backfill,
) {
    let truth = |field: Field, start: Timestamp, end: Timestamp| {
        let (period, now) = (Period { start, end }, simulator.now());
        let rows = simulator.truth(period, now).into_iter();
        let values = rows.map(|row| (row.pbx_id.to_string(), row.base(field).unwrap()));
        values.collect::<BTreeMap<_, _>>()
    };
    let london = TimeZone::get("Europe/London").unwrap();
    let selector = r#"job=~"eightxeight",instance=~".*",account=~".*",pbx_id=~".+""#;
    // Every hour of the range, as a panel reads points an hour apart.
    for field in [Field::InboundTotal, Field::TotalTalkTime, Field::TotalVm] {
        let metric = metric(field).name;
        let expression = format!(
            r#"max by (job, account, pbx_id, window) (last_over_time({metric}{{{selector},window="1h"}}[1h]))"#
        );
        let series = prometheus
            .query_range(&expression, backfill.from + HOUR, backfill.to, 3600)
            .await;
        assert_eq!(series.len(), 4, "{metric}");
        for (labels, points) in series {
            assert_eq!(labels["job"], "eightxeight");
            assert_eq!(points.len(), 24 * 35, "{labels:?}");
            for (at, value) in points.into_iter().step_by(17) {
                let expected = truth(field, at - HOUR, at)[&labels["pbx_id"]];
                assert_eq!(value, expected, "{metric} {labels:?} {at}");
            }
        }
        // And the total of all.
        let total = format!(
            r#"sum_over_time(max by (job, account, pbx_id, window) ({metric}{{{selector},window="1h"}})[{}h:1h])"#,
            24 * 35
        );
        let at = backfill.to + SignedDuration::from_secs(1);
        let expected = truth(field, backfill.from, backfill.to);
        let totals = prometheus.query_at(&total, at).await;
        assert_eq!(totals.len(), 4);
        for (labels, value) in totals {
            let expected = expected[&labels["pbx_id"]];
            assert!(
                (value - expected).abs() <= expected * 1e-12,
                "{metric} {labels:?}: {value} {expected}"
            );
        }
    }
    // Each whole day's number stands a second before midnight.
    let metric = metric(Field::InboundTotal).name;
    let today = format!(r#"{metric}{{{selector},window="today"}}"#);
    let first = backfill.from.to_zoned_datetime(london).start_of_day();
    let mut midnight = first.unwrap();
    let mut days = 0;
    loop {
        let start = midnight.timestamp();
        midnight = midnight.tomorrow().unwrap().start_of_day().unwrap();
        if midnight.timestamp() > backfill.to {
            break;
        }
        let end = midnight.timestamp() - SignedDuration::from_secs(1);
        let expected = truth(Field::InboundTotal, start, end);
        for (labels, value) in prometheus.query_at(&today, end).await {
            assert_eq!(labels["site"], "a \"b\"");
            assert_eq!(labels["instance"], "backfill");
            assert_eq!(value, expected[&labels["pbx_id"]], "{labels:?} {end}");
            days += 1;
        }
    }
    assert!((34 * 4..=35 * 4).contains(&days), "{days}");
    // What the recording rules demand of fresh data.
    let fresh = "eightxeight_company_inbound_calls and on (job, account, instance, window) \
                 (max_over_time(eightxeight_collection_success[3m]) == 1)";
    assert_eq!(prometheus.query_at(fresh, backfill.to).await.len(), 8);
}
