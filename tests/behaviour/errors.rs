//! Each documented error has its reason, and none is retried that a retry doesn't help.

use eightxeight_exporter::simulator::{Credentials, Endpoint, Fault, QuotaAnswer, Rule, Simulator};

use crate::fixture::{Exporter, KEY, PASSWORD, USERNAME, simulator};

struct Expected {
    endpoint: &'static str,
    reason: &'static str,
    logins: u64,
    reports: u64,
}

async fn shows(simulator: &Simulator, options: &[&str], expected: Expected) {
    let options = [&["--collect.window", "1h"], options].concat();
    let exporter = Exporter::serve(simulator, &options).await;
    let page = exporter.page().await;
    let Expected {
        endpoint,
        reason,
        logins,
        reports,
    } = expected;
    assert_eq!(page.value("eightxeight_up"), 0.0);
    assert_eq!(page.failures(endpoint, reason), 1.0, "{reason}");
    let all = page
        .0
        .iter()
        .filter(|(series, _)| series.starts_with("eightxeight_api_request_failures_total"));
    assert_eq!(
        all.map(|(_, value)| value).sum::<f64>(),
        1.0,
        "{reason} alone"
    );
    // Within the interval nothing more is asked, however many scrape.
    for _ in 0..5 {
        exporter.page().await;
    }
    assert_eq!(
        simulator.requests().count(Endpoint::Token),
        logins,
        "{reason}"
    );
    assert_eq!(
        simulator.requests().count(Endpoint::Compsum),
        reports,
        "{reason}"
    );
    let refused = endpoint == "token" && ["bad_api_key", "bad_credentials"].contains(&reason);
    assert_eq!(
        page.value("eightxeight_credentials_refused"),
        f64::from(u8::from(refused))
    );
    let next_login = page.get("eightxeight_api_next_login_timestamp_seconds");
    assert!(next_login.is_some() || !refused);
}

fn login(reason: &'static str) -> Expected {
    Expected {
        endpoint: "token",
        reason,
        logins: 1,
        reports: 0,
    }
}

fn report(reason: &'static str) -> Expected {
    Expected {
        endpoint: "compsum",
        reason,
        logins: 1,
        reports: 1,
    }
}

fn credentials(api_key: &str, username: &str, password: &str) -> Credentials {
    Credentials {
        api_key: api_key.to_owned(),
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

#[tokio::test]
async fn a_wrong_key_user_or_password() {
    for (known, reason) in [
        (credentials("another", USERNAME, PASSWORD), "bad_api_key"),
        (credentials(KEY, "another", PASSWORD), "bad_credentials"),
        (credentials(KEY, USERNAME, "another"), "bad_credentials"),
    ] {
        let simulator = simulator().await;
        simulator.customer().set_credentials(known);
        shows(&simulator, &[], login(reason)).await;
    }
}

#[tokio::test]
async fn a_user_without_permission() {
    let simulator = simulator().await;
    simulator.customer().set_permitted(false);
    shows(&simulator, &[], report("no_permission")).await;
}

#[tokio::test]
async fn a_pbx_that_the_user_may_not_see() {
    let simulator = simulator().await;
    shows(
        &simulator,
        &["--api.pbx-id", "acmecorp,elsewhere"],
        report("forbidden"),
    )
    .await;
}

#[tokio::test]
async fn a_token_that_is_refused_while_young() {
    let simulator = simulator().await;
    simulator
        .faults()
        .add(Rule::compsum(Fault::token_expired()));
    shows(&simulator, &[], report("unauthorized")).await;
}

#[tokio::test]
async fn a_spent_quota_whatever_its_status() {
    for answer in [
        QuotaAnswer::Seconds,
        QuotaAnswer::Date,
        QuotaAnswer::Bare,
        QuotaAnswer::Apigee,
    ] {
        let simulator = simulator().await;
        let quota = Rule::quota(0, std::time::Duration::from_mins(1)).answering(answer);
        simulator.faults().add(quota);
        shows(&simulator, &[], report("rate_limited")).await;
    }
    let simulator = simulator().await;
    simulator
        .faults()
        .add(Rule::token(Fault::too_many_requests(None)));
    let exporter = Exporter::serve(&simulator, &[]).await;
    let page = exporter.page().await;
    assert_eq!(page.failures("token", "rate_limited"), 1.0);
    assert_eq!(
        page.value("eightxeight_credentials_refused"),
        0.0,
        "429 says later, not no"
    );
}

#[tokio::test]
async fn what_the_network_and_a_gateway_can_do() {
    for (fault, reason) in [
        (Fault::unavailable(), "server_error"),
        (Fault::status(400, "text/plain", "?"), "bad_request"),
        (
            Fault::status(302, "text/html", "").header("location", "http://127.0.0.1:1/"),
            "other",
        ),
        (Fault::status(404, "text/html", "<html>"), "other"),
        (Fault::drop_connection(), "connect"),
        (Fault::json("{}"), "decode"),
        (Fault::json(""), "decode"),
        (
            Fault::json("[{\"pbxId\":\"p\",\"totalCall\":NaN}]"),
            "decode",
        ),
        (Fault::instead("text/html", "<html>"), "decode"),
        (Fault::none().truncated(100), "decode"),
        (Fault::gzip_bomb(65 * 1024 * 1024), "too_large"),
        (Fault::hang(), "timeout"),
        (
            Fault::none().slow_head(std::time::Duration::from_secs(1)),
            "timeout",
        ),
        (
            Fault::none().slow_body(std::time::Duration::from_secs(1)),
            "timeout",
        ),
    ] {
        let what = format!("{fault:.200?}");
        let simulator = simulator().await;
        simulator.faults().add(Rule::compsum(fault));
        println!("{what}");
        let timeout = if reason == "timeout" { "2s" } else { "30s" };
        shows(&simulator, &["--api.timeout", timeout], report(reason)).await;
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_and_a_server_without_tls() {
    let simulator = simulator().await;
    let files = crate::fixture::secret_files();
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let plain = simulator.address();
    for (url, reason) in [
        (format!("http://{free}"), "connect"),
        (format!("https://{plain}"), "tls"),
    ] {
        let mut command = crate::fixture::command("serve", &url, files.path());
        let exporter = Exporter::start(&mut command, tempfile::tempdir().unwrap()).await;
        let page = exporter.page().await;
        assert_eq!(page.failures("token", reason), 1.0, "{reason}");
        assert_eq!(page.value("eightxeight_credentials_refused"), 0.0);
    }
}
