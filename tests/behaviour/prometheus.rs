//! A real Prometheus scrapes the exporter.

use std::collections::BTreeSet;

use eightxeight::fields::Field;
use eightxeight_exporter::page::metric;
use eightxeight_simulator::{Fault, Rule};

use crate::fixture::{Exporter, Prometheus, SCRAPED, simulator, until_true, words};

#[tokio::test]
async fn it_scrapes_the_demo_and_has_every_metric() {
    let exporter = Exporter::demo(&["--collect.interval", "1s"]).await;
    let prometheus = Prometheus::scraping(exporter.address()).await;
    prometheus.query_until(SCRAPED, 1).await;
    for field in Field::ALL {
        let series = prometheus.query(metric(field).name).await;
        assert!(series.len() >= 8, "{field}: {series:?}");
        assert!(series.iter().all(|(labels, _)| {
            !labels["pbx_id"].is_empty() && ["1h", "today"].contains(&labels["window"].as_str())
        }));
    }
    // The round-the-clock line is never quiet.
    let calls = r#"eightxeight_company_inbound_calls{pbx_id="acme-support",window="1h"}"#;
    assert!(prometheus.query(calls).await[0].1 >= 60.0);
}

#[tokio::test]
#[ignore = "Prometheus 3 can be told what to ask for: `make engines`"]
async fn it_scrapes_every_format() {
    let exporter = Exporter::demo(&["--collect.interval", "1s"]).await;
    let mut names = BTreeSet::new();
    for format in [
        "PrometheusText0.0.4",
        "PrometheusText1.0.0",
        "OpenMetricsText0.0.1",
        "OpenMetricsText1.0.0",
        "PrometheusProto",
    ] {
        let job = format!(
            "scrape_protocols: [{format}], static_configs: [{{targets: ['{}']}}]",
            exporter.address()
        );
        let prometheus = Prometheus::with(&job).await;
        prometheus.query_until(SCRAPED, 1).await;
        let samples = prometheus
            .query(r#"{__name__=~"eightxeight_.+|process_.+"}"#)
            .await;
        let found: BTreeSet<_> = samples.into_iter().map(|(labels, _)| labels).collect();
        assert!(found.len() > 300, "{format}: {found:?}");
        names.insert(found);
    }
    assert_eq!(names.len(), 1, "each format has the same series");
}

#[tokio::test]
async fn series_go_stale_while_8x8_fails_and_return_when_it_heals() {
    let simulator = simulator().await;
    let options = "--collect.interval 500ms --collect.max-staleness 4s \
        --api.max-requests-per-minute 1000";
    let exporter = Exporter::serve(&simulator, &words(options)).await;
    let prometheus = Prometheus::scraping(exporter.address()).await;
    let series = r#"eightxeight_company_inbound_calls{window="1h"}"#;
    let has = async |count: usize, up: f64| {
        let found = prometheus.query(series).await.len();
        let says = prometheus.query("eightxeight_up").await;
        found == count && says.first().is_some_and(|(_, value)| *value == up)
    };
    until_true("the first samples", async || has(4, 1.0).await).await;

    let outage = simulator.faults().add(Rule::any(Fault::unavailable()));
    until_true("the last good samples, down", async || has(4, 0.0).await).await;
    until_true("no samples", async || has(0, 0.0).await).await;
    let up = prometheus.query("up").await[0].1;
    assert_eq!(up, 1.0, "the scrape itself works");

    simulator.faults().remove(outage);
    until_true("the samples again", async || has(4, 1.0).await).await;
}
