//! Several accounts in one exporter: probing, discovery, reloading, and that none disturbs another.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use eightxeight_exporter::simulator::{Credentials, Endpoint, Fault, Rule, Settings, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{Exporter, Prometheus, clean_command, until};

/// A simulator with so many accounts, a directory with their secrets and a configuration file.
pub(crate) struct Provider {
    pub(crate) simulator: Simulator,
    files: TempDir,
}

impl Provider {
    pub(crate) async fn with(accounts: usize) -> Provider {
        let simulator = Simulator::start(Settings::many(accounts, 3)).await.unwrap();
        let provider = Provider {
            simulator,
            files: tempfile::tempdir().unwrap(),
        };
        for n in 1..=accounts {
            let Credentials {
                api_key,
                username,
                password,
            } = provider
                .simulator
                .customer_named(&account(n))
                .unwrap()
                .credentials();
            provider.write(&format!("{}.key", account(n)), &api_key);
            provider.write(&format!("{}.user", account(n)), &username);
            provider.write(&format!("{}.password", account(n)), &password);
        }
        provider
    }

    fn path(&self) -> &Path {
        self.files.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Writes a configuration with these accounts.
    pub(crate) fn configure(&self, accounts: &[usize]) {
        let mut text = format!(
            "api: {{url: '{}', max_requests_per_minute: 1000}}\n\
             collect: {{interval: 1s, max_staleness: 5s}}\naccounts:\n",
            self.simulator.url()
        );
        for name in accounts.iter().map(|n| account(*n)) {
            let _ = write!(
                text,
                "  {name}:\n    api: {{key_file: {name}.key, username_file: {name}.user, password_file: {name}.password}}\n    labels: {{customer: of-{name}}}\n"
            );
        }
        self.write("config.yml", &text);
    }

    pub(crate) async fn serve(&self, options: &[&str]) -> Exporter {
        let mut command = clean_command();
        command
            .arg("--config.file")
            .arg(self.path().join("config.yml"))
            .args(options);
        Exporter::start(&mut command, tempfile::tempdir().unwrap()).await
    }
}

fn account(n: usize) -> String {
    format!("account-{n:04}")
}

async fn probe(exporter: &Exporter, name: &str) -> crate::fixture::Page {
    let response = exporter.get(&format!("/probe?account={name}")).await;
    assert_eq!(response.status(), 200);
    crate::fixture::Page::parse(&response.text().await.unwrap())
}

async fn json(exporter: &Exporter, path: &str) -> Value {
    serde_json::from_str(&exporter.get(path).await.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_probe_holds_one_account_and_the_metrics_only_the_exporter() {
    let provider = Provider::with(2).await;
    provider.configure(&[1, 2]);
    let exporter = provider.serve(&[]).await;
    let page = probe(&exporter, "account-0001").await;
    assert_eq!(page.value("eightxeight_up"), 1.0);
    assert_eq!(page.company().0.len(), 3 * 41 * 2);
    assert_eq!(page.get("process_open_fds"), None);
    let page = exporter.page().await;
    assert!(page.0.keys().all(
        |series| series.starts_with("process_") || series.starts_with("eightxeight_exporter_")
    ));
    assert!(page.get("process_open_fds").is_some());
    for path in [
        "/probe",
        "/probe?account=",
        "/probe?account=elsewhere",
        "/probe?other=1",
    ] {
        let response = exporter.get(path).await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(
            !response.text().await.unwrap().contains("account-000"),
            "{path}"
        );
    }
    assert_eq!(
        exporter
            .request("POST", "/probe?account=account-0001")
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
}

#[tokio::test]
async fn with_exactly_one_account_the_metrics_hold_it_too() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    let exporter = provider.serve(&[]).await;
    let page = exporter.page().await;
    assert_eq!(page.value("eightxeight_up"), 1.0);
    assert!(page.get("process_open_fds").is_some());
    assert_eq!(
        probe(&exporter, "account-0001").await.company(),
        page.company()
    );
}

#[tokio::test]
async fn discovery_has_an_entry_for_each_account() {
    let provider = Provider::with(2).await;
    provider.configure(&[]);
    let exporter = provider.serve(&[]).await;
    assert_eq!(json(&exporter, "/sd").await, json!([]));

    provider.configure(&[1, 2]);
    let exporter = provider.serve(&[]).await;
    let found = json(&exporter, "/sd").await;
    assert_eq!(found.as_array().unwrap().len(), 2);
    assert_eq!(
        found[0],
        json!({
            "targets": [exporter.address()],
            "labels": {
                "__metrics_path__": "/probe", "__param_account": "account-0001",
                "account": "account-0001", "customer": "of-account-0001",
            },
        })
    );
    let exporter = provider
        .serve(&["--web.external-url", "https://proxy.example.org/8x8/"])
        .await;
    let found = json(&exporter, "/sd").await;
    assert_eq!(found[1]["targets"], json!(["proxy.example.org:443"]));
    assert_eq!(found[1]["labels"]["__metrics_path__"], "/8x8/probe");
    assert_eq!(found[1]["labels"]["__scheme__"], "https");
}

#[tokio::test]
async fn a_slow_account_or_a_wrong_password_delays_no_other() {
    let provider = Provider::with(3).await;
    provider.configure(&[1, 2, 3]);
    provider.write("account-0002.password", "wrong");
    provider
        .simulator
        .faults()
        .add(Rule::any(Fault::hang()).for_account("account-0001"));
    let exporter = provider.serve(&["--web.max-requests", "2"]).await;
    let slow: Vec<_> = (0..2)
        .map(|_| {
            let request = exporter.request("GET", "/probe?account=account-0001");
            tokio::spawn(
                request
                    .header("x-prometheus-scrape-timeout-seconds", "5")
                    .send(),
            )
        })
        .collect();
    provider
        .simulator
        .requests()
        .until(|log| !log.is_empty())
        .await;
    let start = Instant::now();
    assert_eq!(
        probe(&exporter, "account-0002")
            .await
            .value("eightxeight_credentials_refused"),
        1.0
    );
    assert_eq!(
        probe(&exporter, "account-0003")
            .await
            .value("eightxeight_up"),
        1.0
    );
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "they waited for the slow one"
    );
    for scrape in slow {
        assert_eq!(scrape.await.unwrap().unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_reload_keeps_what_has_not_changed_and_a_bad_file_changes_nothing() {
    let provider = Provider::with(3).await;
    provider.configure(&[1, 2]);
    provider.write("account-0002.password", "wrong");
    let mut exporter = provider.serve(&["--web.enable-lifecycle"]).await;
    probe(&exporter, "account-0001").await;
    assert_eq!(
        probe(&exporter, "account-0002")
            .await
            .value("eightxeight_credentials_refused"),
        1.0
    );
    let logins = || provider.simulator.requests().count(Endpoint::Token);
    assert_eq!(logins(), 2);

    let good = std::fs::read_to_string(provider.path().join("config.yml")).unwrap();
    provider.write(
        "config.yml",
        &good.replace("interval: 1s", "interval: soon"),
    );
    let refused = exporter.request("POST", "/-/reload").send().await.unwrap();
    assert_eq!(refused.status(), 500);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("collect.interval: `soon` is not a duration")
    );
    let page = exporter.page().await;
    assert_eq!(
        page.value("eightxeight_exporter_config_last_reload_successful"),
        0.0
    );
    assert_eq!(
        probe(&exporter, "account-0001")
            .await
            .value("eightxeight_up"),
        1.0
    );

    // The second account changes, the third comes; the first stays as it is.
    let changed = good.replace(
        "    labels: {customer: of-account-0002}",
        "    collect: {window: 15m}",
    );
    let third = "  account-0003:\n    api: {key_file: account-0003.key, username_file: account-0003.user, password_file: account-0003.password}\n";
    provider.write("config.yml", &(changed + third));
    assert_eq!(
        exporter
            .request("POST", "/-/reload")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        probe(&exporter, "account-0001")
            .await
            .value("eightxeight_up"),
        1.0
    );
    let second = probe(&exporter, "account-0002").await;
    assert_eq!(
        second.value("eightxeight_credentials_refused"),
        1.0,
        "a reload is no way around the guard"
    );
    assert!(
        second
            .get(r#"eightxeight_collection_success{window="15m"}"#)
            .is_some()
    );
    assert_eq!(logins(), 2);
    assert_eq!(
        probe(&exporter, "account-0003")
            .await
            .value("eightxeight_up"),
        1.0
    );
    let page = exporter.page_where("a reload", |page| {
        page.value("eightxeight_exporter_config_last_reload_successful") == 1.0
    });
    page.await;

    // By signal, too: the third goes.
    provider.write("config.yml", &good);
    exporter.running.signal("HUP");
    until("the third to go", async || {
        (exporter.get("/probe?account=account-0003").await.status() == 400).then_some(())
    })
    .await;
    exporter.running.signal("TERM");
    assert!(exporter.running.ended().await.success());
}

#[tokio::test]
async fn reloading_over_http_is_off_unless_enabled() {
    let exporter = Exporter::demo(&[]).await;
    assert_eq!(
        exporter
            .request("POST", "/-/reload")
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    let response = exporter.get("/-/reload").await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "POST");
}

#[tokio::test]
async fn a_real_prometheus_discovers_twenty_and_none_misses_a_scrape_when_others_change() {
    let provider = Provider::with(21).await;
    let all: Vec<usize> = (1..=20).collect();
    provider.configure(&all);
    let exporter = provider.serve(&["--web.enable-lifecycle"]).await;
    let job = format!(
        "http_sd_configs: [{{url: '{}/sd', refresh_interval: 1s}}]",
        exporter.url
    );
    let prometheus = Prometheus::with(&job).await;
    let ups = async |expected: usize| {
        let up = prometheus.query("eightxeight_up == 1").await;
        (up.len() == expected).then_some(())
    };
    until("twenty accounts that are up", async || ups(20).await).await;
    // Each account's first PBX has the same name, and they stay twenty.
    let query =
        "count(count by (account, customer) (eightxeight_company_calls{pbx_id='pbx-0001'}))";
    assert_eq!(prometheus.query(query).await[0].1, 20.0);

    // One goes, one comes, and one gets a wrong password and a new token to need it.
    let mut changed: Vec<usize> = (2..=21).collect();
    changed.sort_unstable();
    provider.configure(&changed);
    provider.write("account-0002.password", "wrong");
    provider.simulator.tokens().revoke_all();
    assert_eq!(
        exporter
            .request("POST", "/-/reload")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    until("the new one", async || {
        let up = prometheus
            .query("eightxeight_up{account='account-0021'} == 1")
            .await;
        (up.len() == 1).then_some(())
    })
    .await;
    until("the wrong password", async || {
        let refused = prometheus
            .query("eightxeight_credentials_refused{account='account-0002'} == 1")
            .await;
        (refused.len() == 1).then_some(())
    })
    .await;
    until("the others", async || {
        let up = prometheus
            .query("eightxeight_up{account!='account-0002'} == 1")
            .await;
        (up.len() == 19).then_some(())
    })
    .await;
    // The one that went may have been scraped once more before Prometheus noticed.
    let missed = prometheus
        .query("min_over_time(up{account!='account-0001'}[1h]) == 0")
        .await;
    assert!(missed.is_empty(), "{missed:?}");
}
