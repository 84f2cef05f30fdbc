//! An abandon spike becomes an alert that arrives, and the end of it too: the demo, a real Prometheus
//! with the rules of `deploy/`, a real Alertmanager, and a webhook.

use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tempfile::TempDir;

use crate::fixture::{
    Exporter, Prometheus, Running, assert_says, client, field, free_port, hasty_rules,
    until_within, words,
};

/// What Alertmanager has sent.
type Messages = Arc<Mutex<Vec<Value>>>;

/// A webhook on a port of its own.
async fn webhook() -> (String, Messages) {
    let messages = Messages::default();
    let take = async |State(messages): State<Messages>, Json(message): Json<Value>| {
        messages.lock().unwrap().push(message);
    };
    let router = Router::new()
        .route("/", post(take))
        .with_state(messages.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, messages)
}

/// An Alertmanager that sends everything to `webhook`, without waiting for more.
struct Alertmanager {
    _running: Running,
    _files: TempDir,
    address: String,
}

impl Alertmanager {
    async fn start(webhook: &str) -> Alertmanager {
        let files = tempfile::tempdir().unwrap();
        let config = files.path().join("alertmanager.yml");
        let text = format!(
            "route: {{receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s}}\n\
             receivers: [{{name: test, webhook_configs: [{{url: '{webhook}', send_resolved: true}}]}}]\n"
        );
        fs::write(&config, text).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.path={}",
                files.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=");
        let mut running = Running::start(&mut command);
        running.line_with("Listening on").await;
        Alertmanager {
            _running: running,
            _files: files,
            address,
        }
    }
}

fn alert<'a>(message: &'a Value, name: &str, severity: &str) -> Option<&'a Value> {
    let mut alerts = message["alerts"].as_array().unwrap().iter();
    alerts.find(|alert| {
        alert["labels"]["alertname"] == name && alert["labels"]["severity"] == severity
    })
}

#[tokio::test]
async fn an_abandon_spike_reaches_the_webhook_and_its_end_too() {
    let (url, messages) = webhook().await;
    let alertmanager = Alertmanager::start(&url).await;
    let options = "--demo.scenario abandon-spike --collect.window 1m,today \
        --collect.interval 1s";
    let mut exporter = Exporter::demo(&words(options)).await;
    let files = tempfile::tempdir().unwrap();
    let config = format!(
        "{}alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n\
         scrape_configs: [{{job_name: eightxeight, static_configs: [{{targets: ['{}']}}]}}]\n",
        hasty_rules(files.path()),
        alertmanager.address,
        exporter.address()
    );
    let prometheus = Prometheus::start(files, &config).await;

    let arrived = async |status: &str| {
        // The window of a minute has to fill with calm first.
        until_within(Duration::from_mins(4), status, async || {
            let messages = messages.lock().unwrap();
            messages.iter().find_map(|message| {
                let alert = alert(message, "EightXEightAbandonRateHigh", "warning")?;
                (alert["status"] == status).then(|| alert.clone())
            })
        })
        .await
    };
    let firing = arrived("firing").await;
    assert_eq!(firing["labels"]["pbx_id"], "acme-support", "{firing}");
    assert_eq!(firing["labels"]["job"], "eightxeight", "{firing}");
    let description = firing["annotations"]["description"].as_str().unwrap();
    let expected = "PBX acme-support, chance aside, were abandoned";
    assert_says(description, &[expected]);
    let calls = prometheus
        .query(r#"account_pbx_id_window:eightxeight_company_inbound_calls:max{pbx_id="acme-support",window="1m"}"#)
        .await;
    assert!(calls[0].1 >= 20.0, "{calls:?}");

    let line = exporter.running.line_with("another_scenario").await;
    let command = field(&line, "another_scenario");
    let control = command.rsplit(' ').next().unwrap();
    let switched = client().put(control).body("calm").send().await.unwrap();
    assert!(switched.status().is_success());
    let resolved = arrived("resolved").await;
    assert_eq!(resolved["labels"], firing["labels"]);

    // The day still shows the spike. Each state was told once.
    let messages = messages.lock().unwrap();
    let told = messages
        .iter()
        .filter_map(|message| alert(message, "EightXEightAbandonRateHigh", "warning"))
        .map(|alert| alert["status"].as_str().unwrap());
    assert_eq!(told.collect::<Vec<_>>(), ["firing", "resolved"]);
}
