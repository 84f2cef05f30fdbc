//! What the page says and shows.

use eightxeight_simulator::{Fault, Rule};
use serde_json::{Value, json};

use super::Browser;
use crate::fixture::{
    Exporter, KEY, Page, USERNAME, assert_says, assert_silent, clean_command, credentials,
    secret_files, simulator, words,
};

#[tokio::test]
async fn the_page_says_what_is_going_on_in_every_state() {
    let browser = Browser::start().await;
    let simulator = simulator().await;
    let names = r#"[{"pbxId":"<script>alert(1)</script>","inboundTotal":50,"inboundAnswered":40,"inboundMissed":10,"inboundAbandoned":6,"totalAnswered":40,"avgTalkTime":95000},{"pbxId":"calm","inboundTotal":100,"inboundAnswered":98,"inboundMissed":2,"inboundAbandoned":1},{"pbxId":"storm","inboundTotal":10,"inboundAbandoned":3},{"pbxId":"idle","inboundTotal":0,"inboundAbandoned":0}]"#;
    let fixed = simulator.faults().add(Rule::compsum(Fault::json(names)));
    let options = "--collect.interval 1s --collect.max-staleness 3s --collect.window 1h \
        --api.max-requests-per-minute 1000";
    let exporter = Exporter::serve(&simulator, &words(options)).await;
    let read = async |expected: &[&str]| browser.open_and_read(&exporter.url, expected).await;

    read(&["Not collected yet"]).await;
    browser.look("empty").await;

    exporter.page().await;
    // A PBX's name is text.
    read(&["Collected ", " s ago", "<script>alert(1)</script>"]).await;
    let order = browser
        .run("return [...document.querySelectorAll('tbody th')].map((cell) => cell.innerText)")
        .await;
    let worst_first = json!(["storm", "<script>alert(1)</script>", "calm", "idle"]);
    assert_eq!(order, worst_first);
    let classes = browser.run("return [...document.querySelectorAll('td.rate span')].map((cell) => cell.className + ' ' + cell.innerText)").await;
    let coloured = json!(["critical 30.0 %", "bad 12.0 %", "fine 1.0 %"]);
    assert_eq!(classes, coloured);
    browser.look("fresh").await;

    simulator.faults().add(Rule::compsum(Fault::unavailable()));
    simulator.faults().remove(fixed);
    exporter.page_with("eightxeight_up", 0.0).await;
    read(&[
        "Failing: 8x8 returned an internal error (report, HTTP 503)",
        "What to do: ",
        "Last troubles",
    ])
    .await;
    browser.look("failing").await;
    let is_empty = |page: &Page| page.company().0.is_empty();
    exporter.page_where("no samples", is_empty).await;
    read(&["too old to show"]).await;
    browser.look("stale").await;

    simulator.faults().clear();
    let known = credentials(KEY, USERNAME, "changed");
    simulator.customer().set_credentials(known);
    simulator.tokens().revoke_all();
    let refused = "eightxeight_credentials_refused";
    exporter.page_with(refused, 1.0).await;
    read(&[
        "8x8 refused the credentials at ",
        "no login with the same ones before ",
        "--api.password-file",
    ])
    .await;
    browser.look("refused").await;

    let (complaints, asked) = browser.logs().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(asked.iter().any(|url| url.ends_with("/status.js")));
    let is_here = |url: &String| url.starts_with(&exporter.url);
    assert!(asked.iter().all(is_here), "{asked:#?}");
}

#[tokio::test]
async fn many_accounts_have_their_troubles_at_the_top() {
    let browser = Browser::start().await;
    let simulator = simulator().await;
    let files = secret_files();
    std::fs::write(files.path().join("wrong"), "wrong").unwrap();
    let text = "accounts:
  acme: {api: {key_file: key, username_file: user, password_file: password}}
  globex: {api: {key_file: key, username: nobody@example.org, password_file: wrong}}
";
    let path = files.path().join("accounts.yml");
    std::fs::write(&path, text).unwrap();
    let mut command = clean_command();
    command.args(["serve", "--api.url", &simulator.url()]);
    command.arg("--config.file").arg(path);
    let exporter = Exporter::start(&mut command, files).await;
    exporter.get("/probe?account=acme").await;
    let fine = "2 accounts, and none fails.";
    browser.open_and_read(&exporter.url, &[fine]).await;
    exporter.get("/probe?account=globex").await;
    let fails = "1 of 2 accounts fail: globex";
    browser.open_and_read(&exporter.url, &[fails]).await;
    let led = browser
        .run("const link = document.querySelector('main .note a'); return document.querySelector(link.hash).innerText")
        .await;
    assert_eq!(led, "globex");
    browser.look("accounts").await;
}

#[tokio::test]
async fn a_thousand_pbxs_show_the_worst_hundred() {
    let simulator = simulator().await;
    let rows: Value = (0..1000)
        .map(|n| json!({"pbxId": format!("pbx-{n:04}"), "inboundTotal": 1000, "inboundAbandoned": n}))
        .collect();
    let many = Fault::json(rows.to_string());
    simulator.faults().add(Rule::compsum(many));
    let exporter = Exporter::serve(&simulator, &["--collect.window", "1h"]).await;
    exporter.page().await;
    let html = exporter.text("/").await;
    assert_eq!(html.matches("<th scope=\"row\">").count(), 100);
    assert_says(&html, &["pbx-0999", "pbx-0900", "900 more are in the"]);
    assert_silent(&html, &["pbx-0899"]);
}

#[tokio::test]
async fn the_page_allows_nothing_inline_and_nothing_from_elsewhere() {
    let exporter = Exporter::demo(&[]).await;
    let response = exporter.get("/").await;
    let policy = response.headers()["content-security-policy"].clone();
    let policy = policy.to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_silent(policy, &["unsafe"]);
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let inline = ["<style", " style=", "onclick", "javascript:"];
    let html = response.text().await.unwrap();
    assert_silent(&html, &inline);
    assert_silent(&html, &["http://", "https://"]);
}

#[tokio::test]
async fn it_has_the_dashboards_of_its_version() {
    let browser = Browser::start().await;
    let exporter = Exporter::demo(&[]).await;
    browser.open(&exporter.url).await;
    let links = browser
        .run("return [...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href'))")
        .await;
    let expected = json!([
        "./metrics",
        "./-/healthy",
        "./config",
        "#dashboards",
        "./sd"
    ]);
    assert_eq!(links, expected);
    let found = browser
        .run("return [...document.querySelectorAll('footer li a')].map((link) => [link.innerText, link.getAttribute('href')])")
        .await;
    let found: Vec<(String, String)> = serde_json::from_value(found).unwrap();
    assert_eq!(found.len(), 3);
    for (title, path) in found {
        let answer = exporter.get(path.trim_start_matches('.')).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        let name = path.rsplit('/').next().unwrap();
        let saved = format!("attachment; filename=\"eightxeight-{name}\"");
        assert_eq!(answer.headers()["content-disposition"], saved);
        let dashboard: Value = answer.json().await.unwrap();
        assert_eq!(dashboard["title"], format!("8x8 / {title}"));
    }
}
