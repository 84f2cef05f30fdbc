//! Two exporters share the accounts as `deploy/prometheus/prometheus-accounts.yml` has it.

use std::collections::{BTreeMap, BTreeSet};

use eightxeight_simulator::Endpoint;

use crate::accounts::Provider;
use crate::fixture::{Prometheus, free_port};

/// Two free ports that differ only in their last digit, which is 0 or 1, and what they share.
fn numbered_ports() -> String {
    loop {
        let port = free_port();
        if port.is_multiple_of(10) && free_port() == port + 1 {
            return (port / 10).to_string();
        }
    }
}

#[tokio::test]
async fn each_account_is_collected_by_one_of_two_exporters() {
    const ACCOUNTS: usize = 12;
    let provider = Provider::with(ACCOUNTS).await;
    provider.configure(&(1..=ACCOUNTS).collect::<Vec<_>>());
    let stem = numbered_ports();
    let address = |n: usize| format!("127.0.0.1:{stem}{n}");
    let exporters = [
        provider.serve(&["--web.listen-address", &address(0)]).await,
        provider.serve(&["--web.listen-address", &address(1)]).await,
    ];

    let shipped = include_str!("../../deploy/prometheus/prometheus-accounts.yml");
    assert_eq!(shipped.matches(": 1m").count(), 3);
    let config = shipped
        .replace("exporter-0:10888", &address(0))
        .replace("exporter-1:10888", &address(1))
        .replace("exporter-$1:10888", &format!("127.0.0.1:{stem}$1"))
        .replace(": 1m", ": 1s")
        .replace("scrape_timeout: 30s", "scrape_timeout: 1s")
        .replace("  - rules/*.yml", "");
    assert!(!config.contains("10888"), "{config}");
    let prometheus = Prometheus::start(tempfile::tempdir().unwrap(), &config).await;
    prometheus.query_until(r#"up{account=""} == 1"#, 2).await;
    let up = prometheus
        .query_until("eightxeight_up == 1", ACCOUNTS)
        .await;

    let homes = up.iter();
    let homes = homes.map(|(labels, _)| (&labels["account"], &labels["instance"]));
    let homes: BTreeMap<_, _> = homes.collect();
    assert_eq!(homes.len(), ACCOUNTS, "an account at two exporters: {up:?}");
    let used: BTreeSet<_> = homes.values().collect();
    assert_eq!(used.len(), 2, "all at one exporter: {homes:?}");
    let logins = provider.simulator.requests().count(Endpoint::Token);
    assert_eq!(logins, ACCOUNTS as u64, "each account logs in once");
    drop(exporters);
}
