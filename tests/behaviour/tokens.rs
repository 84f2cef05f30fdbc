//! The token: cached, shared, renewed early, replaced once after a 401.

use std::time::Duration;

use eightxeight_simulator::{Endpoint, Fault, Rule};

use crate::fixture::{Exporter, Page, simulator, simulator_with};

const OFTEN: [&str; 4] = [
    "--collect.interval",
    "500ms",
    "--api.max-requests-per-minute",
    "1000",
];

#[tokio::test]
async fn a_short_lived_token_is_renewed_before_it_expires() {
    let simulator = simulator().await;
    simulator.tokens().set_life(Duration::from_secs(5));
    let options = [&OFTEN[..], &["--collect.mode", "timer"]].concat();
    let exporter = Exporter::serve(&simulator, &options).await;
    simulator
        .requests()
        .until(|log| log.iter().filter(|e| e.endpoint == Endpoint::Token).count() == 3)
        .await;
    let logins = simulator.requests().of(Endpoint::Token);
    for pair in logins.windows(2) {
        // Nine tenths of five seconds, less what the first of them may have been late.
        let apart = pair[1].at.since(pair[0].at).as_secs_f64();
        assert!(apart > 4.0, "{apart}");
    }
    let page = exporter.page().await;
    let late = page.failures("compsum", "unauthorized");
    assert_eq!(late, 0.0, "never used after its end");
    assert_eq!(page.value("eightxeight_up"), 1.0);
}

#[tokio::test]
async fn a_young_token_that_is_revoked_costs_one_backoff_and_one_login() {
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &OFTEN).await;
    assert_eq!(exporter.page().await.value("eightxeight_up"), 1.0);
    simulator.tokens().revoke_all();
    let failing = exporter.page_with("eightxeight_up", 0.0).await;
    let samples = failing.company().0.len();
    assert_eq!(samples, 4 * 41 * 2, "the last good answer is served");
    exporter.page_with("eightxeight_up", 1.0).await;
    assert_eq!(simulator.requests().count(Endpoint::Token), 2);
    assert_eq!(simulator.customer().logins().refused, 0);
}

#[tokio::test]
async fn a_401_for_ever_with_two_windows_backs_off_instead_of_logging_in() {
    let simulator = simulator_with(Rule::compsum(Fault::token_expired())).await;
    let exporter = Exporter::serve(&simulator, &OFTEN).await;
    let thrice = |page: &Page| page.failures("compsum", "unauthorized") >= 3.0;
    let page = exporter.page_where("three failures", thrice).await;
    assert_eq!(page.value("eightxeight_up"), 0.0);
    // Each login's token is refused while it is young, and the account's wait doubles: 0.5 s, 1 s, 2 s …
    let logins = simulator.requests().of(Endpoint::Token);
    let refusals = simulator.requests().of(Endpoint::Compsum);
    assert!(logins.len() <= refusals.len(), "{logins:?} {refusals:?}");
    let mut least = Duration::from_millis(450);
    for pair in logins.windows(2) {
        let apart = pair[1].at.since(pair[0].at);
        assert!(apart >= least, "{apart:?}");
        least *= 2;
    }
}
