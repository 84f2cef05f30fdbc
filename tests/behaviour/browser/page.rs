//! What the page says and shows.

use eightxeight_simulator::{Fault, Rule};
use serde_json::{Value, json};

use super::Browser;
use crate::fixture::{
    Exporter, KEY, Page, USERNAME, assert_says, assert_silent, clean_command, client, credentials,
    secret_files, simulator, simulator_with, until_true, words,
};

#[tokio::test]
async fn the_page_says_what_is_going_on_in_every_state() {
    let browser = Browser::start().await;
    let simulator = simulator().await;
    let names = r#"[{"pbxId":"<script>alert(1)</script>","inboundTotal":50,"inboundAnswered":40,"inboundMissed":10,"inboundAbandoned":6,"totalAnswered":40,"avgTalkTime":95000},{"pbxId":"calm","inboundTotal":1100,"inboundAnswered":98,"inboundMissed":2,"inboundAbandoned":66},{"pbxId":"storm","inboundTotal":10,"inboundAbandoned":3},{"pbxId":"idle","inboundTotal":0,"inboundAbandoned":0}]"#;
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
    let rows = browser.run("return [...document.querySelectorAll('tbody tr')].map((row) => row.innerText.split('\\t').join(' ') + ' ' + (row.querySelector('span')?.className ?? ''))").await;
    let worst_first = json!([
        "All 4 PBXs 6.5 % 75 1,160 – – – fair",
        "<script>alert(1)</script> 12.0 % 6 50 40 10 1:35 bad",
        "calm 6.0 % 66 1,100 98 2 – fair",
        "storm 30.0 % 3 10 – – – few",
        "idle – 0 0 – – – ",
    ]);
    assert_eq!(rows, worst_first);
    browser.look("fresh").await;

    simulator.faults().add(Rule::compsum(Fault::unavailable()));
    simulator.faults().remove(fixed);
    exporter.page_with("eightxeight_up", 0.0).await;
    read(&[
        "Failing: 8x8 returned an internal error (report, HTTP 503)",
        "What to do: ",
        "Recent failures",
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

fn pbxes(count: usize) -> Rule {
    let row =
        |n| json!({"pbxId": format!("pbx-{n:04}"), "inboundTotal": 1000, "inboundAbandoned": n});
    let rows: Value = (0..count).map(row).collect();
    Rule::compsum(Fault::json(rows.to_string()))
}

#[tokio::test]
async fn a_thousand_pbxs_show_the_worst_and_fold_more() {
    let simulator = simulator_with(pbxes(1000)).await;
    let exporter = Exporter::serve(&simulator, &["--collect.window", "1h"]).await;
    exporter.page().await;
    let html = exporter.text("/").await;
    let (seen, folded) = html.split_once("<details").unwrap();
    let rows = |html: &str| html.matches("<th scope=\"row\">").count();
    assert_eq!((rows(seen), rows(folded)), (1 + 10, 90));
    assert_says(seen, &["All 1000 PBXs", "pbx-0999", "pbx-0990"]);
    assert_says(
        folded,
        &[
            "90 more PBXs",
            "pbx-0989",
            "pbx-0900",
            "900 more PBXs are in the",
        ],
    );
    assert_silent(&html, &["pbx-0899"]);
}

#[tokio::test]
async fn sixty_pbxs_can_be_unfolded_and_stay_so() {
    let browser = Browser::start().await;
    let simulator = simulator_with(pbxes(60)).await;
    let options = [
        "--collect.window",
        "1h",
        "--web.grafana-url",
        "https://grafana.example/g/",
    ];
    let exporter = Exporter::serve(&simulator, &options).await;
    exporter.page().await;
    browser
        .open_and_read(&exporter.url, &["50 more PBXs"])
        .await;
    browser.look("sixty").await;
    assert_silent(&browser.text().await, &["pbx-0049"]);
    browser
        .run("document.querySelector('summary').click()")
        .await;
    browser.until_it_says("pbx-0049").await;
    browser.look("sixty-unfolded").await;
    browser
        .run("document.querySelector('main').firstChild.old = true")
        .await;
    browser.run(super::REFRESH).await;
    until_true("another page in its place", async || {
        let old = browser
            .run("return document.querySelector('main').firstChild.old ?? false")
            .await;
        old == false
    })
    .await;
    assert_says(&browser.text().await, &["pbx-0049"]);
    let grafana = browser
        .run("return document.querySelector('nav a:nth-child(4)').href")
        .await;
    assert_eq!(grafana, "https://grafana.example/g/d/eightxeight-overview");
}

#[tokio::test]
async fn times_are_those_of_the_configured_zone() {
    let simulator = simulator().await;
    let options = [
        "--collect.time-zone",
        "Asia/Tokyo",
        "--collect.window",
        "today",
    ];
    let exporter = Exporter::serve(&simulator, &options).await;
    exporter.page().await;
    let html = exporter.text("/").await;
    assert_says(&html, &["Covers 00:00:00 to ", " Asia/Tokyo."]);
    assert_silent(&html, &["UTC"]);
}

#[tokio::test]
async fn the_demo_says_that_it_is_one() {
    let browser = Browser::start().await;
    let exporter = Exporter::demo(&[]).await;
    let demo = ["This is a demo", "--demo.scenario abandon-spike"];
    browser.open_and_read(&exporter.url, &demo).await;
    // Nobody has scraped it.
    browser.until_it_says("acme-support").await;
    browser.look("demo").await;
    let text = browser.text().await;
    let (_, command) = text.split_once("curl -X PUT -d abandon-spike ").unwrap();
    let control = command
        .split(['\n', ' '])
        .next()
        .unwrap()
        .trim_end_matches('.');
    let answer = client().put(control).body("outage").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let page = exporter.page().await;
    assert_eq!(page.value("eightxeight_exporter_demo"), 1.0);

    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    assert_eq!(exporter.page().await.get("eightxeight_exporter_demo"), None);
    assert_silent(&exporter.text("/").await, &["demo"]);
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
    // But for the command that changes a demo's scenario.
    let linked = html.matches("://").count();
    assert_eq!(linked, 1);
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
