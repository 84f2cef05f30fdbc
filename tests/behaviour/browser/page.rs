//! What the page says and shows.

use eightxeight_exporter::simulator::{Credentials, Fault, Rule, Simulator};
use serde_json::{Value, json};

use super::Browser;
use crate::fixture::{Exporter, KEY, USERNAME, clean_command, secret_files, simulator};

fn wrong_password(simulator: &Simulator) {
    simulator.customer().set_credentials(Credentials {
        api_key: KEY.to_owned(),
        username: USERNAME.to_owned(),
        password: "changed".to_owned(),
    });
}

#[tokio::test]
async fn the_page_says_what_is_going_on_in_every_state() {
    let browser = Browser::start().await;
    let simulator = simulator().await;
    let names = r#"[{"pbxId":"<script>alert(1)</script>","inboundTotal":50,"inboundAnswered":40,"inboundMissed":10,"inboundAbandoned":6,"totalAnswered":40,"avgTalkTime":95000},{"pbxId":"calm","inboundTotal":100,"inboundAnswered":98,"inboundMissed":2,"inboundAbandoned":1},{"pbxId":"storm","inboundTotal":10,"inboundAbandoned":3},{"pbxId":"idle","inboundTotal":0,"inboundAbandoned":0}]"#;
    let fixed = simulator.faults().add(Rule::compsum(Fault::json(names)));
    let options = [
        "--collect.interval",
        "1s",
        "--collect.max-staleness",
        "3s",
        "--collect.window",
        "1h",
        "--api.max-requests-per-minute",
        "1000",
    ];
    let exporter = Exporter::serve(&simulator, &options).await;

    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("Not collected yet"));
    browser.look("empty").await;

    exporter.page().await;
    browser.open(&exporter.url).await;
    let text = browser.text().await;
    assert!(
        text.contains("Collected ") && text.contains(" s ago"),
        "{text}"
    );
    assert!(
        text.contains("<script>alert(1)</script>"),
        "a PBX's name is text: {text}"
    );
    let order = browser
        .run("return [...document.querySelectorAll('tbody th')].map((cell) => cell.innerText)")
        .await;
    assert_eq!(
        order,
        json!(["storm", "<script>alert(1)</script>", "calm", "idle"]),
        "worst first"
    );
    let classes = browser.run("return [...document.querySelectorAll('td.rate span')].map((cell) => cell.className + ' ' + cell.innerText)").await;
    assert_eq!(
        classes,
        json!(["critical 30.0 %", "bad 12.0 %", "fine 1.0 %"])
    );
    browser.look("fresh").await;

    simulator.faults().add(Rule::compsum(Fault::unavailable()));
    simulator.faults().remove(fixed);
    exporter
        .page_where("a failure", |page| page.value("eightxeight_up") == 0.0)
        .await;
    browser.open(&exporter.url).await;
    let text = browser.text().await;
    assert!(
        text.contains("Failing: 8x8 has an error of its own (report, HTTP 503)"),
        "{text}"
    );
    assert!(
        text.contains("What to do: ") && text.contains("Last troubles"),
        "{text}"
    );
    browser.look("failing").await;
    exporter
        .page_where("no samples", |page| page.company().0.is_empty())
        .await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("too old to show"));
    browser.look("stale").await;

    simulator.faults().clear();
    wrong_password(&simulator);
    simulator.tokens().revoke_all();
    let refused =
        |page: &crate::fixture::Page| page.value("eightxeight_credentials_refused") == 1.0;
    exporter.page_where("the refusal", refused).await;
    browser.open(&exporter.url).await;
    let text = browser.text().await;
    for says in [
        "8x8 refused the credentials at ",
        "no login with the same ones before ",
        "--api.password-file",
    ] {
        assert!(text.contains(says), "{says} in {text}");
    }
    browser.look("refused").await;

    let (complaints, asked) = browser.logs().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(asked.iter().any(|url| url.ends_with("/status.js")));
    let elsewhere: Vec<_> = asked
        .iter()
        .filter(|url| !url.starts_with(&exporter.url))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
}

#[tokio::test]
async fn many_accounts_have_their_troubles_at_the_top() {
    let browser = Browser::start().await;
    let simulator = simulator().await;
    let files = secret_files();
    std::fs::write(files.path().join("wrong"), "wrong").unwrap();
    let account = |name: &str, password: &str| {
        format!(
            "  {name}:\n    api: {{key_file: key, username_file: user, password_file: {password}}}\n"
        )
    };
    let accounts = [account("acme", "password"), account("globex", "wrong")].concat();
    let path = files.path().join("accounts.yml");
    std::fs::write(&path, format!("accounts:\n{accounts}")).unwrap();
    let mut command = clean_command();
    command
        .args(["serve", "--api.url", &simulator.url(), "--config.file"])
        .arg(path);
    let exporter = Exporter::start(&mut command, files).await;
    exporter.get("/probe?account=acme").await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("2 accounts, and none fails."));
    exporter.get("/probe?account=globex").await;
    browser.open(&exporter.url).await;
    let text = browser.text().await;
    assert!(text.contains("1 of 2 accounts fail: globex"), "{text}");
    let led = browser
        .run("const link = document.querySelector('main .note a'); return document.querySelector(link.hash).innerText")
        .await;
    assert_eq!(led, "globex");
    browser.look("accounts").await;
}

#[tokio::test]
async fn a_thousand_pbxs_show_the_worst_hundred() {
    let simulator = simulator().await;
    let rows: Vec<_> = (0..1000)
        .map(|n| json!({"pbxId": format!("pbx-{n:04}"), "inboundTotal": 1000, "inboundAbandoned": n}))
        .collect();
    simulator
        .faults()
        .add(Rule::compsum(Fault::json(json!(rows).to_string())));
    let exporter = Exporter::serve(&simulator, &["--collect.window", "1h"]).await;
    exporter.page().await;
    let html = exporter.get("/").await.text().await.unwrap();
    assert_eq!(html.matches("<th scope=\"row\">").count(), 100);
    assert!(html.contains("pbx-0999") && html.contains("pbx-0900") && !html.contains("pbx-0899"));
    assert!(html.contains("900 more are in the"));
}

#[tokio::test]
async fn the_page_allows_nothing_inline_and_nothing_from_elsewhere() {
    let exporter = Exporter::demo(&[]).await;
    let response = exporter.get("/").await;
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let html = response.text().await.unwrap();
    for inline in [
        "<style",
        " style=",
        "onclick",
        "javascript:",
        "http://",
        "https://",
    ] {
        assert!(!html.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn it_has_the_dashboards_of_its_version() {
    let browser = Browser::start().await;
    let exporter = Exporter::demo(&[]).await;
    browser.open(&exporter.url).await;
    let links = browser
        .run("return [...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href'))")
        .await;
    assert_eq!(
        links,
        json!(["/metrics", "/-/healthy", "/config", "#dashboards", "/sd"])
    );
    let found = browser
        .run("return [...document.querySelectorAll('footer li a')].map((link) => [link.innerText, link.getAttribute('href')])")
        .await;
    let found: Vec<(String, String)> = serde_json::from_value(found).unwrap();
    assert_eq!(found.len(), 3);
    for (title, path) in found {
        let answer = exporter.get(&path).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        let name = path.rsplit('/').next().unwrap();
        let saved = format!("attachment; filename=\"eightxeight-{name}\"");
        assert_eq!(answer.headers()["content-disposition"], saved);
        let dashboard: Value = answer.json().await.unwrap();
        assert_eq!(dashboard["title"], format!("8x8 / {title}"));
    }
}
