//! Several accounts in one exporter: probing, discovery, reloading, and that none disturbs another.

use std::path::PathBuf;

use eightxeight_simulator::{Endpoint, Fault, Rule, Settings, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture::{
    Exporter, Page, Prometheus, assert_says, assert_silent, clean_command, until_true,
};

/// A simulator with several accounts, a directory with their secrets and a configuration file.
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
        for name in (1..=accounts).map(account) {
            let customer = provider.simulator.customer_named(&name).unwrap();
            let credentials = customer.credentials();
            provider.write(&format!("{name}.key"), &credentials.api_key);
            provider.write(&format!("{name}.user"), &credentials.username);
            provider.write(&format!("{name}.password"), &credentials.password);
        }
        provider
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Replaces a piece of the configuration.
    pub(crate) fn change(&self, piece: &str, by: &str) {
        let text = std::fs::read_to_string(self.path("config.yml")).unwrap();
        self.write("config.yml", &text.replace(piece, by));
    }

    /// Writes a configuration with these accounts.
    pub(crate) fn configure(&self, accounts: &[usize]) {
        let text = format!(
            "api: {{url: '{}', max_requests_per_minute: 1000}}\n\
             collect: {{interval: 1s, max_staleness: 5s}}\naccounts:\n",
            self.simulator.url()
        );
        let accounts = accounts.iter().map(|n| {
            let name = account(*n);
            let files = format!(
                "key_file: {name}.key, username_file: {name}.user, password_file: {name}.password"
            );
            format!("  {name}:\n    api: {{{files}}}\n    labels: {{customer: of-{name}}}\n")
        });
        self.write("config.yml", &(text + &accounts.collect::<String>()));
    }

    pub(crate) async fn serve(&self, options: &[&str]) -> Exporter {
        let mut command = clean_command();
        command.arg("--config.file").arg(self.path("config.yml"));
        Exporter::start(command.args(options), tempfile::tempdir().unwrap()).await
    }
}

fn account(n: usize) -> String {
    format!("account-{n:04}")
}

async fn probe(exporter: &Exporter, n: usize) -> Page {
    let path = format!("/probe?account={}", account(n));
    exporter.page_at(&path).await
}

async fn is_up(exporter: &Exporter, n: usize) -> bool {
    probe(exporter, n).await.value("eightxeight_up") == 1.0
}

async fn is_refused(exporter: &Exporter, n: usize) -> bool {
    let page = probe(exporter, n).await;
    page.value("eightxeight_credentials_refused") == 1.0
}

async fn json(exporter: &Exporter, path: &str) -> Value {
    serde_json::from_str(&exporter.text(path).await).unwrap()
}

#[tokio::test]
async fn a_probe_holds_one_account_and_the_metrics_only_the_exporter() {
    let provider = Provider::with(2).await;
    provider.configure(&[1, 2]);
    let exporter = provider.serve(&[]).await;
    let page = probe(&exporter, 1).await;
    assert_eq!(page.value("eightxeight_up"), 1.0);
    assert_eq!(page.company().0.len(), 3 * 41 * 2);
    assert_eq!(page.get("process_open_fds"), None);
    let page = exporter.page().await;
    let own = ["process_", "eightxeight_exporter_"];
    let is_own = |series: &String| own.iter().any(|prefix| series.starts_with(prefix));
    assert!(page.0.keys().all(is_own), "{:?}", page.0.keys());
    assert!(page.get("process_open_fds").is_some());
    for query in ["", "?account=", "?account=elsewhere", "?other=1"] {
        let response = exporter.get(&format!("/probe{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        assert_silent(&response.text().await.unwrap(), &["account-000"]);
    }
    let posted = exporter.request("POST", "/probe?account=account-0001");
    assert_eq!(posted.send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn with_exactly_one_account_the_metrics_hold_it_too() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    let exporter = provider.serve(&[]).await;
    let page = exporter.page().await;
    assert_eq!(page.value("eightxeight_up"), 1.0);
    assert!(page.get("process_open_fds").is_some());
    assert_eq!(probe(&exporter, 1).await.company(), page.company());
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
    let outside = ["--web.external-url", "https://proxy.example.org/8x8/"];
    let exporter = provider.serve(&outside).await;
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
    let slow = Rule::any(Fault::hang()).for_account("account-0001");
    provider.simulator.faults().add(slow);
    let exporter = provider.serve(&["--web.max-requests", "4"]).await;
    let slow = [(); 2].map(|()| tokio::spawn(exporter.scrape("/probe?account=account-0001", "5")));
    let requests = provider.simulator.requests();
    requests.until(|log| !log.is_empty()).await;
    assert!(is_refused(&exporter, 2).await);
    assert!(is_up(&exporter, 3).await);
    assert!(slow.iter().all(|scrape| !scrape.is_finished()));
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
    assert!(is_up(&exporter, 1).await);
    assert!(is_refused(&exporter, 2).await);
    let logins = || provider.simulator.requests().count(Endpoint::Token);
    assert_eq!(logins(), 2);

    let good = std::fs::read_to_string(provider.path("config.yml")).unwrap();
    let reloaded = "eightxeight_exporter_config_last_reload_successful";
    assert_eq!(exporter.page().await.value(reloaded), 1.0);
    provider.change("interval: 1s", "interval: soon");
    let (status, said) = exporter.reload().await;
    assert_eq!(status, 500);
    assert_says(&said, &["collect.interval: `soon` is not a duration"]);
    assert_eq!(exporter.page().await.value(reloaded), 0.0);
    let failed = "The last reload of the configuration failed";
    assert_says(&exporter.text("/").await, &[failed]);
    assert!(is_up(&exporter, 1).await);

    // The second account changes, the third comes; the first stays as it is.
    provider.configure(&[1, 2, 3]);
    let labels = "    labels: {customer: of-account-0002}";
    provider.change(labels, "    collect: {window: 15m}");
    assert_eq!(exporter.reload().await.0, 200);
    assert!(is_up(&exporter, 1).await);
    assert!(
        is_refused(&exporter, 2).await,
        "a reload is no way around the guard"
    );
    let fifteen = r#"eightxeight_collection_success{window="15m"}"#;
    assert!(probe(&exporter, 2).await.get(fifteen).is_some());
    assert_eq!(logins(), 2);
    assert!(is_up(&exporter, 3).await);
    assert_eq!(exporter.page().await.value(reloaded), 1.0);
    until_true("a page without the failed reload", async || {
        !exporter.text("/").await.contains(failed)
    })
    .await;

    // By signal, too: the third goes.
    provider.write("config.yml", &good);
    exporter.running.signal("HUP");
    until_true("the third to go", async || {
        exporter.get("/probe?account=account-0003").await.status() == 400
    })
    .await;
    exporter.running.signal("TERM");
    assert!(exporter.running.ended().await.success());
}

#[tokio::test]
async fn reloading_over_http_is_off_unless_enabled() {
    let exporter = Exporter::demo(&[]).await;
    assert_eq!(exporter.reload().await.0, 403);
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
    prometheus.query_until("eightxeight_up == 1", 20).await;
    // Each account's first PBX has the same name, and they stay twenty.
    let query =
        "count(count by (account, customer) (eightxeight_company_calls{pbx_id='pbx-0001'}))";
    assert_eq!(prometheus.query(query).await[0].1, 20.0);

    // One goes, one comes, and one gets a wrong password and needs a new token.
    let changed: Vec<usize> = (2..=21).collect();
    provider.configure(&changed);
    provider.write("account-0002.password", "wrong");
    provider.simulator.tokens().revoke_all();
    assert_eq!(exporter.reload().await.0, 200);
    for (query, series) in [
        ("eightxeight_up{account='account-0021'} == 1", 1),
        (
            "eightxeight_credentials_refused{account='account-0002'} == 1",
            1,
        ),
        ("eightxeight_up{account!='account-0002'} == 1", 19),
    ] {
        prometheus.query_until(query, series).await;
    }
    // The one that went may have been scraped once more before Prometheus noticed.
    let missed = prometheus
        .query("min_over_time(up{account!='account-0001'}[1h]) == 0")
        .await;
    assert!(missed.is_empty(), "{missed:?}");
}

#[tokio::test]
async fn a_wrong_password_harms_no_other_account_of_the_same_user() {
    let provider = Provider::with(2).await;
    for file in ["key", "user"] {
        let [good, bad] = [1, 2].map(|n| provider.path(&format!("{}.{file}", account(n))));
        std::fs::copy(good, bad).unwrap();
    }
    provider.write(&format!("{}.password", account(2)), "wrong");
    provider.configure(&[1, 2]);
    let exporter = provider.serve(&[]).await;
    for n in [2, 1, 2, 1] {
        assert_eq!(is_up(&exporter, n).await, n == 1);
        assert_eq!(is_refused(&exporter, n).await, n == 2);
    }
}
