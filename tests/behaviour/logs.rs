//! What the log says: a line at the start, one when 8x8 fails, one when it recovers.

use eightxeight_simulator::{Fault, Rule};

use crate::fixture::{Exporter, Page, assert_says, assert_silent, simulator, words};

#[tokio::test]
async fn one_line_when_it_fails_and_one_when_it_recovers() {
    let simulator = simulator().await;
    let options = "--collect.interval 200ms --api.max-requests-per-minute 5000";
    let mut exporter = Exporter::serve(&simulator, &words(options)).await;
    exporter.page().await;
    let outage = simulator.faults().add(Rule::any(Fault::unavailable()));
    exporter
        .page_where("three failures", |page| {
            page.failures("compsum", "server_error") >= 3.0
        })
        .await;
    simulator.faults().remove(outage);
    exporter.page_with("eightxeight_up", 1.0).await;
    exporter.running.line_with("8x8 answers again").await;
    let log = exporter.running.log();
    let count = |text: &str| log.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("listening"), 1, "{log:#?}");
    assert_eq!(count("collection failed"), 1, "{log:#?}");
    assert_eq!(count("8x8 answers again"), 1, "{log:#?}");
    assert_eq!(count("first answer from 8x8"), 1, "{log:#?}");
    assert_eq!(log.len(), 4, "{log:#?}");
    let failed = exporter.running.line_with("collection failed").await;
    let expected = [
        "level=warn",
        "reason=server_error",
        "next_try=",
        "the last good answer is served",
    ];
    assert_says(&failed, &expected);
}

#[tokio::test]
async fn it_says_once_that_the_last_good_answer_is_served_no_longer() {
    let simulator = simulator().await;
    let options = "--collect.interval 200ms --collect.max-staleness 400ms --collect.window 1h \
        --api.max-requests-per-minute 5000";
    let mut exporter = Exporter::serve(&simulator, &words(options)).await;
    exporter.page_with("eightxeight_up", 1.0).await;
    simulator.faults().add(Rule::any(Fault::unavailable()));
    let gone = |page: &Page| page.company().0.is_empty();
    exporter.page_where("an empty page", gone).await;
    exporter
        .page_where("further failures", |page| {
            page.failures("compsum", "server_error") >= 4.0
        })
        .await;
    let line = exporter.running.line_with("no longer serving").await;
    assert_says(&line, &["level=warn", "window=1h"]);
    let log = exporter.running.log();
    assert_eq!(log.len(), 4, "start, first answer, failure, loss: {log:#?}");
}

#[tokio::test]
async fn before_the_first_answer_nothing_is_said_to_be_served() {
    let simulator = simulator().await;
    let outage = simulator.faults().add(Rule::any(Fault::unavailable()));
    let options = words("--collect.interval 200ms --collect.window 1h");
    let mut exporter = Exporter::serve(&simulator, &options).await;
    exporter.page().await;
    let failed = exporter.running.line_with("collection failed").await;
    assert_says(&failed, &["there is no earlier answer", "next_try="]);
    assert_silent(&failed, &["last good answer"]);
    simulator.faults().remove(outage);
    exporter.page_with("eightxeight_up", 1.0).await;
    let first = exporter.running.line_with("first answer from 8x8").await;
    assert_says(&first, &["level=info", "window=1h", "pbxes=4"]);
    let log = exporter.running.log().concat();
    assert_silent(&log, &["answers again"]);
}

#[tokio::test]
async fn json_is_one_object_a_line() {
    let simulator = simulator().await;
    let mut exporter = Exporter::serve(&simulator, &["--log.format", "json"]).await;
    let line = exporter.running.line_with("listening").await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "listening");
    assert!(line["address"].as_str().unwrap().starts_with("127.0.0.1:"));
}
