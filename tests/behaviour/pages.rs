//! Formats, encodings, methods and paths.

use std::io::Read;
use std::process::Command;

use eightxeight_simulator::{Fault, Rule};
use serde_json::Value;

use crate::fixture::{Exporter, Page, assert_says, run, simulator_with, until_true, words};

#[tokio::test]
async fn both_formats_and_encodings_hold_the_same_samples() {
    // A long interval, so that all four are made from one answer.
    let exporter = Exporter::demo(&["--collect.interval", "5m"]).await;
    let mut pages = Vec::new();
    for (accept, content_type) in [
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ] {
        for gzip in [false, true] {
            let request = exporter.request("GET", "/metrics").header("accept", accept);
            let encoding = if gzip { "gzip" } else { "identity" };
            let request = request.header("accept-encoding", encoding);
            let response = request.send().await.unwrap();
            let headers = response.headers().clone();
            assert_eq!(headers["content-type"], content_type);
            assert_eq!(headers["vary"], "Accept, Accept-Encoding");
            assert_eq!(headers.contains_key("content-encoding"), gzip);
            let body = response.bytes().await.unwrap();
            assert_eq!(headers["content-length"], body.len().to_string());
            let text = if gzip {
                let mut text = String::new();
                // A decoder that stops after the first member.
                let mut decoder = flate2::bufread::GzDecoder::new(&body[..]);
                decoder.read_to_string(&mut text).unwrap();
                let rest = decoder.into_inner();
                assert!(rest.is_empty(), "one member and nothing after it");
                text
            } else {
                String::from_utf8(body.to_vec()).unwrap()
            };
            assert!(!text.contains("\n\n"));
            assert!(!text.contains("_created"));
            if content_type.starts_with("text/plain") {
                let mut promtool = Command::new("promtool");
                let (silent, said) = run(promtool.args(["check", "metrics"]), &text);
                assert!(silent && said.is_empty(), "{said}");
            }
            let mut page = Page::parse(&text);
            page.0.retain(|series, _| !series.starts_with("process_"));
            pages.push(page);
        }
    }
    assert_eq!(pages[0].company().0.len(), 4 * 41 * 2);
    for page in &pages[1..] {
        assert_eq!(page.company(), pages[0].company());
        assert!(page.0.keys().eq(pages[0].0.keys()));
    }
}

#[tokio::test]
async fn methods_and_paths() {
    let exporter = Exporter::demo(&["--web.telemetry-path", "/8x8"]).await;
    let head = exporter.request("HEAD", "/8x8").send().await.unwrap();
    assert_eq!(head.status(), 200);
    let content_type = &head.headers()["content-type"];
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    let nothing = exporter.get("/metrics").await;
    assert_eq!(nothing.status(), 404);
    assert_says(&nothing.text().await.unwrap(), &["nothing", "/ says"]);
    for path in words("/8x8 / /dashboards/pbx.json /-/healthy /-/ready") {
        assert_eq!(exporter.get(path).await.status(), 200, "{path}");
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let response = exporter.request(method, path).send().await.unwrap();
            assert_eq!(response.status(), 405, "{method} {path}");
            assert_eq!(response.headers()["allow"], "GET,HEAD", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_counters_are_there_from_the_start() {
    let exporter = Exporter::demo(&[]).await;
    let page = exporter.page().await;
    let counter = "eightxeight_api_request_failures_total";
    let series = page.0.keys();
    let failures = series.filter(|series| series.starts_with(counter));
    assert_eq!(failures.count(), 2 * 14);
    for series in [
        "eightxeight_up",
        "eightxeight_credentials_refused",
        "eightxeight_api_budget_remaining_requests",
        "eightxeight_cache_requests_total",
        "eightxeight_cache_hits_total",
        "eightxeight_token_expiry_timestamp_seconds",
        "eightxeight_api_clock_skew_seconds",
        "eightxeight_exporter_config_last_reload_successful",
        "eightxeight_exporter_config_last_reload_success_timestamp_seconds",
        r#"eightxeight_pbxes{window="1h"}"#,
        r#"eightxeight_window_start_timestamp_seconds{window="today"}"#,
        r#"eightxeight_api_request_duration_seconds_count{endpoint="compsum"}"#,
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_max_fds",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_start_time_seconds",
    ] {
        page.value(series);
    }
    let backoff = "eightxeight_api_backoff_until_timestamp_seconds";
    assert_eq!(page.get(backoff), None);
    let [start, end] = ["start", "end"].map(|edge| {
        let series = format!(r#"eightxeight_window_{edge}_timestamp_seconds{{window="1h"}}"#);
        page.value(&series)
    });
    assert_eq!(end - start, 3600.0);
}

#[tokio::test]
async fn the_status_page_names_pbxs_that_were_asked_for_and_are_absent() {
    let answer = r#"[{"pbxId":"acmecorp","totalCall":1}]"#;
    let answer = Fault::status(200, "application/json", answer);
    let simulator = simulator_with(Rule::compsum(answer)).await;
    let options = words("--collect.window 1h --api.pbx-id acmecorp,br<no");
    let exporter = Exporter::serve(&simulator, &options).await;
    let page = exporter.page().await;
    let absent = r#"eightxeight_answer_absent_pbxes{window="1h"}"#;
    assert_eq!(page.value(absent), 1.0);
    let html = exporter.text("/").await;
    assert!(
        html.contains("asked for by name: <code>br&#60;no</code>"),
        "{html}"
    );
}

#[tokio::test]
async fn the_status_page_says_that_a_first_collection_is_under_way() {
    let simulator = simulator_with(Rule::token(Fault::hang())).await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    let nothing_yet = "8x8 is asked when the metrics are scraped";
    assert_says(&exporter.text("/").await, &[nothing_yet]);
    let impatient = exporter.scrape("/metrics", "0.7").await;
    assert_eq!(impatient.unwrap().status(), 200);
    until_true("a collection under way", async || {
        let page = exporter.text("/").await;
        page.contains("the first collection is under way")
    })
    .await;
}

#[tokio::test]
async fn the_links_of_the_status_page_work_with_and_without_a_prefix() {
    let behind = ["--web.external-url", "https://proxy.example.org/eight/"];
    let own = [
        "--web.route-prefix",
        "/eight",
        "--web.telemetry-path",
        "/:m",
    ];
    for (options, prefix, metrics) in [
        (&[][..], "", "/metrics"),
        (&behind, "/eight", "/eight/metrics"),
        (&behind, "", "/eight/metrics"),
        (&own, "/eight", "/eight/:m"),
    ] {
        let exporter = Exporter::demo(options).await;
        let page = exporter.get(&format!("{prefix}/")).await;
        assert_eq!(page.status(), 200, "{options:?}");
        let html = page.text().await.unwrap();
        let links = links(&html);
        assert!(links.len() > 8, "{links:?}");
        for link in links {
            let path = link.strip_prefix('.').unwrap_or_else(|| panic!("{link}"));
            let path = format!("{prefix}{path}");
            assert_eq!(exporter.get(&path).await.status(), 200, "{path}");
        }
        let found: Value = exporter
            .get(&format!("{prefix}/sd"))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(found[0]["labels"]["__metrics_path__"], metrics);
    }
    // As in Prometheus, whose visitors begin at the root.
    let exporter = Exporter::demo(&own).await;
    for path in ["/", "/eight"] {
        assert_eq!(exporter.get(path).await.url().path(), "/eight/");
    }
    assert_eq!(exporter.get("/-/healthy").await.status(), 404);
}

/// What a page's attributes lead to outside of it.
fn links(html: &str) -> Vec<&str> {
    let quoted = html.split(['"', '\'']).collect::<Vec<_>>();
    let of_attributes = quoted.windows(2).filter_map(|pair| {
        let is_link = pair[0].ends_with("href=") || pair[0].ends_with("src=");
        (is_link && !pair[1].starts_with('#')).then_some(pair[1])
    });
    of_attributes.collect()
}
