//! `check` says of each step what happened and, where it failed, what to do. Every error that 8x8 documents
//! and every trouble on the way there has its text, which the snapshots hold.

mod network;
mod usage;

use std::fmt::Write as _;
use std::time::Duration;

use eightxeight::{Cause, Names};
use eightxeight_simulator::{Endpoint, Fault, QuotaAnswer, Rule, Simulator};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::fixture::{
    DOCUMENTED, Ended, KEY, PASSWORD, Running, USERNAME, assert_says, assert_silent, command,
    credentials, finished, secret_files, simulator, simulator_that_knows, simulator_with, words,
};

/// A check of `api`.
async fn check(api: &str, options: &[&str], variables: &[(&str, &str)]) -> Ended {
    let files = secret_files();
    let mut command = command("check", api, files.path());
    command.args(options).envs(variables.iter().copied());
    finished(command).await
}

/// What a check of `api` says, and whether it exits with 0.
async fn says_of(api: &str, options: &[&str], variables: &[(&str, &str)]) -> (String, bool) {
    let ended = check(api, options, variables).await;
    let said = ended.said();
    // There are no colours where there is no terminal.
    assert_silent(&said, &[KEY, USERNAME, PASSWORD, "canary-token", "\u{1b}"]);
    assert_eq!(ended.errors, "", "{said}");
    let code = ended.code.unwrap();
    assert!(code < 2, "{said}");
    (said, code == 0)
}

/// What it says where everything works.
async fn praises(simulator: &Simulator, options: &[&str]) -> String {
    let (said, worked) = says_of(&simulator.url(), options, &[]).await;
    assert!(worked, "{said}");
    said
}

/// What a check against the simulator says when it doesn't exit with 0. It logs in once at most.
async fn complains(simulator: &Simulator, options: &[&str]) -> String {
    let (said, worked) = says_of(&simulator.url(), options, &[]).await;
    assert!(!worked, "{said}");
    assert!(simulator.requests().count(Endpoint::Token) <= 1, "{said}");
    said
}

async fn with_rule(rule: Rule) -> String {
    let simulator = simulator_with(rule).await;
    complains(&simulator, &[]).await
}

async fn with_credentials(api_key: &str, username: &str, password: &str) -> String {
    let known = credentials(api_key, username, password);
    let simulator = simulator_that_knows(known).await;
    let said = complains(&simulator, &[]).await;
    assert_eq!(simulator.requests().count(Endpoint::Token), 1);
    assert_eq!(simulator.requests().count(Endpoint::Compsum), 0);
    said
}

/// Holds a text against its snapshot, times and ports aside.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
    settings.add_filter(r"localhost:\d+", "localhost:PORT");
    let addresses = r"localhost is (?:127\.0\.0\.1|::1)(?:, (?:127\.0\.0\.1|::1))*";
    settings.add_filter(addresses, "localhost is ADDRESSES");
    settings.add_filter(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ?", "TIME");
    settings.add_filter(r"\(\d+\.\d\d s\)", "(TOOK)");
    // A busy machine takes its time between the two clocks.
    settings.add_filter(r" \d s ahead of 8x8's", " agrees with 8x8's");
    settings.add_filter(r" 36[67]\d s ahead", " 3660 s ahead");
    settings.add_filter(r" (?:499\d|5000) s behind", " 5000 s behind");
    let duration = r#""duration_seconds": [-.e\d]+"#;
    settings.add_filter(duration, r#""duration_seconds": TOOK"#);
    settings.bind(|| insta::assert_snapshot!(format!("check_{name}"), text));
}

#[tokio::test]
async fn all_works() {
    let simulator = simulator_with(Rule::compsum(Fault::json(DOCUMENTED))).await;
    snapshot("all_works", &praises(&simulator, &[]).await);
    assert_eq!(simulator.requests().count(Endpoint::Token), 1);
    assert_eq!(simulator.requests().count(Endpoint::Compsum), 2);

    let said = praises(&simulator, &["--format", "json"]).await;
    snapshot("all_works_json", &said);
}

#[tokio::test]
async fn times_are_those_of_the_configured_zone() {
    let options = words("--collect.time-zone America/New_York --collect.window today");
    let said = praises(&simulator().await, &options).await;
    assert_says(&said, &[" 00:00:00 to ", " America/New_York ("]);
}

#[tokio::test]
async fn a_failure_for_machines() {
    let simulator = simulator().await;
    simulator.customer().set_permitted(false);
    let said = complains(&simulator, &["--format", "json", "--collect.window", "1h"]).await;
    snapshot("failure_json", &said);
}

#[tokio::test]
async fn credentials_that_8x8_refuses() {
    let another = "another";
    for (name, api_key, username, password) in [
        ("bad_api_key", another, USERNAME, PASSWORD),
        ("unknown_user", KEY, another, PASSWORD),
        ("bad_password", KEY, USERNAME, another),
    ] {
        let said = with_credentials(api_key, username, password).await;
        snapshot(name, &said);
    }
    // An undocumented no is a no, too.
    let said = with_rule(Rule::token(Fault::status(403, "text/html", "<html>"))).await;
    snapshot("login_forbidden", &said);
}

#[tokio::test]
async fn a_user_who_may_not() {
    let simulator = simulator().await;
    simulator.customer().set_permitted(false);
    snapshot("no_permission", &complains(&simulator, &[]).await);
}

#[tokio::test]
async fn a_pbx_that_the_user_may_not_see() {
    let simulator = simulator().await;
    let said = complains(&simulator, &["--api.pbx-id", "acmecorp,elsewhere"]).await;
    snapshot("forbidden_pbx", &said);
}

#[tokio::test]
async fn a_report_that_is_refused_for_the_token_or_the_key() {
    let said = with_rule(Rule::compsum(Fault::token_expired())).await;
    snapshot("token_refused", &said);
    let body = r#"{"status":400,"message":"Invalid 8x8-apikey","code":"SHA001","details":[]}"#;
    let fault = Fault::status(400, "application/json", body);
    let said = with_rule(Rule::compsum(fault)).await;
    snapshot("bad_api_key_for_the_report", &said);
}

#[tokio::test]
async fn a_quota_that_is_spent() {
    for (name, answer) in [
        ("quota_429", QuotaAnswer::Seconds),
        ("quota_500", QuotaAnswer::Apigee),
    ] {
        let quota = Rule::quota(0, Duration::from_secs(90), answer);
        snapshot(name, &with_rule(quota).await);
    }
    let later = Fault::too_many_requests(Some("60"));
    snapshot("quota_login", &with_rule(Rule::token(later)).await);
}

#[tokio::test]
async fn an_error_of_8x8s_own() {
    let said = with_rule(Rule::compsum(Fault::unavailable())).await;
    snapshot("server_error", &said);
    let said = with_rule(Rule::token(Fault::unavailable())).await;
    snapshot("server_error_login", &said);
}

#[tokio::test]
async fn a_request_that_is_found_wrong() {
    let zone = r#"{"status":400,"message":"Unknown time-zone ID: UTC"}"#;
    for (name, body) in [("zone_refused", zone), ("bad_request", "{}")] {
        let fault = Fault::status(400, "application/json", body);
        snapshot(name, &with_rule(Rule::compsum(fault)).await);
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    for (name, fault) in [
        ("timeout", Fault::hang()),
        ("html", Fault::instead("text/html", "<html>")),
        ("truncated", Fault::none().truncated(100)),
        ("redirect", Fault::status(302, "text/html", "")),
        ("dropped", Fault::drop_connection()),
        ("too_large", Fault::gzip_bomb(65 * 1024 * 1024)),
    ] {
        let simulator = simulator_with(Rule::compsum(fault)).await;
        let timeout = if name == "timeout" { "3s" } else { "30s" };
        let options = ["--api.timeout", timeout, "--collect.window", "1h"];
        snapshot(name, &complains(&simulator, &options).await);
    }
    let said = with_rule(Rule::token(Fault::json("{}"))).await;
    snapshot("login_without_token", &said);
}

#[tokio::test]
async fn it_ends_when_it_is_told_to() {
    let simulator = simulator_with(Rule::token(Fault::hang())).await;
    let files = secret_files();
    let mut running = Running::start(&mut command("check", &simulator.url(), files.path()));
    simulator.requests().until(|all| !all.is_empty()).await;
    running.signal("TERM");
    // With a code of its own: in a container, as process 1, it would not die of the signal.
    assert_eq!(running.ended().await.code(), Some(1));
}

#[tokio::test]
async fn clocks_that_differ() {
    for (name, offset) in [
        ("clock_ahead", SignedDuration::from_mins(-61)),
        ("clock_behind", SignedDuration::from_secs(5000)),
    ] {
        let simulator = simulator().await;
        let faults = simulator.faults();
        faults.add(Rule::compsum(Fault::json(DOCUMENTED)));
        faults.add(Rule::any(Fault::none().date_offset(offset)));
        let said = complains(&simulator, &["--collect.window", "1h"]).await;
        snapshot(name, &said);
    }
}

#[tokio::test]
async fn an_answer_with_much_to_remark() {
    let body = r#"[{"pbxId":"evil\u001b[2J","new":1,"inboundTotal":"x","totalTalkTime":1000},
        {"pbxId":"evil\u001b[2J","inboundTotal":4,"inboundAnswered":1,"inboundMissed":3,"inboundAbandoned":1}]"#;
    let simulator = simulator_with(Rule::compsum(Fault::json(body))).await;
    let options = "--collect.window 1h,2h,3h --collect.interval 10s \
        --api.max-requests-per-minute 8";
    let said = praises(&simulator, &words(options)).await;
    snapshot("much_to_remark", &said);

    let simulator = simulator_with(Rule::compsum(Fault::json("[]"))).await;
    let said = praises(&simulator, &["--collect.window", "1h"]).await;
    snapshot("no_pbx", &said);
}

#[tokio::test]
async fn many_pbxs() {
    let row = |number| json!({"pbxId": format!("p{number:03}"), "inboundTotal": 0});
    let rows: Value = (0..150).map(row).collect();
    let many = Fault::json(rows.to_string());
    let simulator = simulator_with(Rule::compsum(many)).await;
    let said = praises(&simulator, &["--collect.window", "1h"]).await;
    assert_says(&said, &["and 50 more"]);
    let options = ["--collect.window", "1h", "--format", "json"];
    let said = praises(&simulator, &options).await;
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["windows"][0]["pbxes"].as_array().unwrap().len(), 150);
}

#[tokio::test]
async fn pbxs_that_were_asked_for_and_are_absent() {
    let answer = r#"[{"pbxId":"AcmeCorp","totalCall":1},{"pbxId":null}]"#;
    let answer = Fault::status(200, "application/json", answer);
    let simulator = simulator_with(Rule::compsum(answer)).await;
    let options = words("--api.pbx-id acmecorp,brno,cairo --collect.window 1h");
    let said = praises(&simulator, &options).await;
    let absent = "8x8's answer lacks PBXs that were asked for by name: brno, cairo.";
    assert_says(&said, &[absent, "rows without a PBX's name: 1"]);
}

#[tokio::test]
async fn answers_of_something_in_8x8s_place() {
    let page = |status| Fault::status(status, "text/html", "<html>no</html>");
    let query = "ask for fewer PBXs in --api.pbx-id, or for allpbxes";
    for (rule, said) in [
        (
            Rule::token(page(404)),
            "nothing answers logins at this address",
        ),
        (
            Rule::token(page(403)),
            "something that isn't 8x8's API refused the login",
        ),
        (Rule::compsum(page(413)), query),
        (Rule::compsum(page(414)), query),
        (Rule::compsum(page(431)), query),
        (
            Rule::compsum(Fault::json(r#"[{"status":500,"message":"x"}]"#)),
            "no row of the answer has a PBX's name",
        ),
    ] {
        assert_says(&with_rule(rule).await, &[said]);
    }
}

#[tokio::test]
async fn more_names_than_a_request_line_holds() {
    let answer = r#"[{"pbxId":"p","totalCall":1}]"#;
    let answer = Fault::status(200, "application/json", answer);
    let simulator = simulator_with(Rule::compsum(answer)).await;
    let names: Vec<_> = (0..700).map(|n| format!("branch-{n:04}")).collect();
    let names = names.join(",");
    let said = praises(&simulator, &["--api.pbx-id", &names]).await;
    assert_says(
        &said,
        &["the 700 names of --api.pbx-id take", "and 680 more"],
    );
}

#[test]
fn every_cause_has_its_words() {
    let mut words = String::new();
    for cause in Cause::all() {
        let (label, meaning) = (cause.reason().label(), cause.meaning());
        let remedy = cause.remedy(&Names::default());
        let _ = writeln!(words, "{cause:?} ({label}): {meaning}\n    {remedy}");
    }
    snapshot("words", &words);
}
