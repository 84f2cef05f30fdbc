//! What the log says: a line at the start, one when 8x8 fails, one when it recovers. Never a secret.

use eightxeight_exporter::simulator::{Credentials, Fault, Rule};

use crate::fixture::{Exporter, KEY, PASSWORD, USERNAME, simulator};

const OFTEN: [&str; 6] = [
    "--collect.interval",
    "200ms",
    "--collect.max-staleness",
    "1s",
    "--api.max-requests-per-minute",
    "5000",
];

#[tokio::test]
async fn one_line_when_it_fails_and_one_when_it_recovers() {
    let simulator = simulator().await;
    let mut exporter = Exporter::serve(&simulator, &OFTEN).await;
    exporter.page().await;
    let outage = simulator.faults().add(Rule::any(Fault::unavailable()));
    exporter
        .page_where("three failures", |page| {
            page.failures("compsum", "server_error") >= 3.0
        })
        .await;
    simulator.faults().remove(outage);
    exporter
        .page_where("recovery", |page| page.value("eightxeight_up") == 1.0)
        .await;
    exporter.running.line_with("8x8 answers again").await;
    let log = exporter.running.log();
    let count = |text: &str| log.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("listening"), 1, "{log:#?}");
    assert_eq!(count("collection failed"), 1, "{log:#?}");
    assert_eq!(count("8x8 answers again"), 1, "{log:#?}");
    assert_eq!(log.len(), 3, "{log:#?}");
    let failed = log
        .iter()
        .find(|line| line.contains("collection failed"))
        .unwrap();
    assert!(
        failed.contains("level=warn") && failed.contains("reason=server_error"),
        "{failed}"
    );
}

#[tokio::test]
async fn json_is_one_object_a_line() {
    let simulator = simulator().await;
    let files = crate::fixture::secret_files();
    let mut command = crate::fixture::command("serve", &simulator.url(), files.path());
    command.args([
        "--log.format",
        "json",
        "--web.listen-address",
        "127.0.0.1:0",
    ]);
    let mut running = crate::fixture::Running::start(&mut command);
    let line = running.line_with("listening").await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "listening");
    assert!(line["address"].as_str().unwrap().starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn no_secret_at_any_level_not_even_where_8x8_echoes_it() {
    let simulator = simulator().await;
    let echo = format!(
        r#"{{"timeStamp":1,"status":403,"error":"Access Denied","message":"user({USERNAME}) key {KEY} password {PASSWORD}"}}"#
    );
    let options = [&OFTEN[..], &["--log.level", "trace"]].concat();
    let exporter = Exporter::serve(&simulator, &options).await;
    let mut pages = String::new();
    for fault in [
        Fault::none(),
        Fault::token_expired(),
        Fault::status(403, "application/json", echo),
    ] {
        let rule = simulator.faults().add(Rule::compsum(fault));
        let seen = simulator.requests().all().len();
        exporter
            .page_where("two more requests", |_| {
                simulator.requests().all().len() >= seen + 2
            })
            .await;
        pages += &exporter.get("/metrics").await.text().await.unwrap();
        pages += &exporter.get("/").await.text().await.unwrap();
        simulator.faults().remove(rule);
    }
    simulator.customer().set_credentials(Credentials {
        api_key: KEY.to_owned(),
        username: USERNAME.to_owned(),
        password: "changed".to_owned(),
    });
    simulator.tokens().revoke_all();
    exporter
        .page_where("the refusal", |page| {
            page.value("eightxeight_credentials_refused") == 1.0
        })
        .await;
    pages += &exporter.get("/").await.text().await.unwrap();
    let all = pages + &exporter.running.log().join("\n");
    let encoded: Vec<_> = PASSWORD
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    for secret in [
        KEY,
        USERNAME,
        "canary-user",
        PASSWORD,
        "canary&",
        &encoded.concat(),
        "canary%26pass",
        "eyJ",
    ] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}
