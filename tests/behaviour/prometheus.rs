//! A real Prometheus scrapes the exporter.

use eightxeight::fields::Field;
use eightxeight_exporter::page::metric;
use eightxeight_simulator::{Fault, Rule};

use crate::fixture::{Exporter, Prometheus, SCRAPED, simulator, until, words};

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
        (found == count && says.first().is_some_and(|(_, value)| *value == up)).then_some(())
    };
    until("the first samples", async || has(4, 1.0).await).await;

    let outage = simulator.faults().add(Rule::any(Fault::unavailable()));
    until("the last good samples, down", async || has(4, 0.0).await).await;
    until("no samples", async || has(0, 0.0).await).await;
    let up = prometheus.query("up").await[0].1;
    assert_eq!(up, 1.0, "the scrape itself works");

    simulator.faults().remove(outage);
    until("the samples again", async || has(4, 1.0).await).await;
}
