//! Each documented error has its reason, and none is retried that a retry doesn't help.

use std::time::Duration;

use eightxeight_simulator::{Endpoint, Fault, QuotaAnswer, Rule, Simulator};
use jiff::Timestamp;

use crate::fixture::{
    Exporter, KEY, PASSWORD, USERNAME, assert_says, assert_silent, command, credentials, field,
    free_port, secret_files, simulator, simulator_that_knows, simulator_with,
};

/// Holds the page and the requests against what one scrape must lead to: a failed login, or a failed report after a login.
async fn shows(simulator: &Simulator, options: &[&str], endpoint: &str, reason: &str) {
    let options = [&["--collect.window", "1h"], options].concat();
    let exporter = Exporter::serve(simulator, &options).await;
    let page = exporter.page().await;
    assert_eq!(page.value("eightxeight_up"), 0.0);
    assert_eq!(page.failures(endpoint, reason), 1.0, "{reason}");
    let mut failures = page.clone();
    let counter = "eightxeight_api_request_failures_total";
    failures.0.retain(|series, _| series.starts_with(counter));
    let all = failures.0.values().sum::<f64>();
    assert_eq!(all, 1.0, "{reason} alone");
    // Within the interval nothing more is asked, however many scrape.
    for _ in 0..5 {
        exporter.page().await;
    }
    let requests = simulator.requests();
    let reports = match (endpoint, reason) {
        ("token", _) => 0,
        // A connection that was closed may have died while idle, so one fresh connection is tried.
        (_, "connect") => 2,
        _ => 1,
    };
    assert_eq!(requests.count(Endpoint::Token), 1, "{reason}");
    assert_eq!(requests.count(Endpoint::Compsum), reports, "{reason}");
    let refused = endpoint == "token" && ["bad_api_key", "bad_credentials"].contains(&reason);
    let shown = page.value("eightxeight_credentials_refused");
    assert_eq!(shown, f64::from(u8::from(refused)), "{reason}");
    let next_login = page.get("eightxeight_api_next_login_timestamp_seconds");
    assert!(next_login.is_some() || !refused);
}

#[tokio::test]
async fn a_wrong_key_user_or_password() {
    for (known, reason) in [
        (credentials("another", USERNAME, PASSWORD), "bad_api_key"),
        (credentials(KEY, "another", PASSWORD), "bad_credentials"),
        (credentials(KEY, USERNAME, "another"), "bad_credentials"),
    ] {
        let simulator = simulator_that_knows(known).await;
        shows(&simulator, &[], "token", reason).await;
    }
}

#[tokio::test]
async fn a_login_that_is_refused_by_its_body_whatever_the_status() {
    for (status, body) in [
        (200, r#"{"error":"invalid_grant"}"#),
        (
            500,
            r#"{"error":"invalid_grant","error_description":"USER_LOCKED"}"#,
        ),
    ] {
        let refusal = Fault::status(status, "application/json", body);
        let simulator = simulator_with(Rule::token(refusal)).await;
        shows(&simulator, &[], "token", "bad_credentials").await;
    }
}

#[tokio::test]
async fn a_user_without_permission() {
    let simulator = simulator().await;
    simulator.customer().set_permitted(false);
    shows(&simulator, &[], "compsum", "no_permission").await;
}

#[tokio::test]
async fn a_pbx_that_the_user_may_not_see() {
    let simulator = simulator().await;
    let options = ["--api.pbx-id", "acmecorp,elsewhere"];
    shows(&simulator, &options, "compsum", "forbidden").await;
}

#[tokio::test]
async fn a_token_that_is_refused_while_young() {
    let simulator = simulator_with(Rule::compsum(Fault::token_expired())).await;
    shows(&simulator, &[], "compsum", "unauthorized").await;
}

#[tokio::test]
async fn a_spent_quota_whatever_its_status() {
    for answer in [
        QuotaAnswer::Seconds,
        QuotaAnswer::Date,
        QuotaAnswer::Bare,
        QuotaAnswer::Apigee,
    ] {
        let quota = Rule::quota(0, Duration::from_mins(1), answer);
        let simulator = simulator_with(quota).await;
        shows(&simulator, &[], "compsum", "rate_limited").await;
    }
    let later = Fault::too_many_requests(None);
    let simulator = simulator_with(Rule::token(later)).await;
    // 429 says later, not no.
    shows(&simulator, &[], "token", "rate_limited").await;
}

#[tokio::test]
async fn what_the_network_and_a_gateway_can_do() {
    let second = Duration::from_secs(1);
    let moved = Fault::status(302, "text/html", "").header("location", "http://127.0.0.1:1/");
    for (fault, reason) in [
        (Fault::unavailable(), "server_error"),
        (Fault::status(400, "text/plain", "?"), "bad_request"),
        (moved, "other"),
        (Fault::status(404, "text/html", "<html>"), "other"),
        (Fault::drop_connection(), "connect"),
        (Fault::json("{}"), "decode"),
        (Fault::json(""), "decode"),
        (Fault::json(r#"[{"status":500,"message":"x"}]"#), "decode"),
        (Fault::instead("text/html", "<html>"), "decode"),
        (Fault::none().truncated(100), "decode"),
        (Fault::gzip_bomb(65 * 1024 * 1024), "too_large"),
        (Fault::hang(), "timeout"),
        (Fault::none().slow_head(second), "timeout"),
        (Fault::none().slow_body(second), "timeout"),
    ] {
        let what = format!("{fault:.200?}");
        let simulator = simulator_with(Rule::compsum(fault)).await;
        println!("{what}");
        let timeout = if reason == "timeout" { "2s" } else { "30s" };
        shows(&simulator, &["--api.timeout", timeout], "compsum", reason).await;
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_and_a_server_without_tls() {
    let simulator = simulator().await;
    let free = format!("http://127.0.0.1:{}", free_port());
    let plain = format!("https://{}", simulator.address());
    for (url, reason) in [(free, "connect"), (plain, "tls")] {
        let files = secret_files();
        let exporter = Exporter::start(&mut command("serve", &url, files.path()), files).await;
        let page = exporter.page().await;
        assert_eq!(page.failures("token", reason), 1.0, "{reason}");
        assert_eq!(page.value("eightxeight_credentials_refused"), 0.0);
    }
}

#[tokio::test]
async fn a_proxys_no_is_not_8x8s() {
    let page = Fault::status(403, "text/html", "<html>blocked</html>");
    let simulator = simulator_with(Rule::token(page)).await;
    let mut exporter = Exporter::serve(&simulator, &[]).await;
    let page = exporter.page().await;
    assert_eq!(page.failures("token", "forbidden"), 1.0);
    assert_eq!(page.value("eightxeight_credentials_refused"), 0.0);
    let next_login = page.value("eightxeight_api_next_login_timestamp_seconds");
    let line = exporter.running.line_with("next_try").await;
    let next_try: Timestamp = field(&line, "next_try").parse().unwrap();
    let next_try = next_try.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
    assert!((next_try - next_login).abs() <= 1.0, "{line}, {next_login}");
    let html = exporter.text("/").await;
    assert_says(
        &html,
        &["API refused the login", "No login is tried before"],
    );
    assert_silent(&html, &["Put the right ones"]);
}
