//! The status page in a real browser: Debian's chromium, driven through its `WebDriver` server.

use std::process::Command;

use base64::Engine;
use eightxeight_exporter::simulator::{Credentials, Fault, Rule, Simulator};
use serde_json::{Value, json};

use crate::fixture::{Exporter, KEY, Running, USERNAME, free_port, simulator, until};

/// A browser without a window.
struct Browser {
    _driver: Running,
    session: String,
    client: reqwest::Client,
}

impl Browser {
    async fn start() -> Browser {
        let port = free_port();
        let mut command = Command::new("chromedriver");
        // It says that it is ready on standard output.
        command.arg(format!("--port={port}"));
        let driver = Running::start(&mut command);
        let client = crate::fixture::client();
        let url = format!("http://127.0.0.1:{port}");
        until("chromedriver", async || {
            client.get(format!("{url}/status")).send().await.ok()
        })
        .await;
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
        ];
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let answer = send(client.post(format!("{url}/session")), &capabilities).await;
        let id = answer["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {answer}"));
        Browser {
            _driver: driver,
            session: format!("{url}/session/{id}"),
            client,
        }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        send(self.client.post(format!("{}/{path}", self.session)), &body).await
    }

    async fn open(&self, url: &str) {
        self.post("url", json!({"url": url})).await;
    }

    async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    async fn text(&self) -> String {
        self.run("return document.body.innerText")
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn resize(&self, width: u32, height: u32) {
        self.post("window/rect", json!({"width": width, "height": height}))
            .await;
    }

    async fn screenshot(&self, name: &str) {
        let url = format!("{}/screenshot", self.session);
        let answer = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let picture = base64::engine::general_purpose::STANDARD;
        let picture = picture.decode(answer["value"].as_str().unwrap()).unwrap();
        let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{name}.png")), picture).unwrap();
    }

    /// What the console complains of, and every address that the page asked for.
    async fn logs(&self) -> (Vec<String>, Vec<String>) {
        let console = self.post("se/log", json!({"type": "browser"})).await;
        let messages = console.as_array().unwrap().iter();
        let complaints = messages.map(|entry| entry["message"].to_string()).collect();
        let events = self.post("se/log", json!({"type": "performance"})).await;
        let events = events.as_array().unwrap().iter();
        let asked = events.filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &event["message"];
            (event["method"] == "Network.requestWillBeSent").then(|| {
                event["params"]["request"]["url"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
        });
        (complaints, asked.collect())
    }

    async fn close(self) {
        let _ = self.client.delete(&self.session).send().await;
    }
}

async fn send(request: reqwest::RequestBuilder, body: &Value) -> Value {
    let request = request
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.unwrap().text().await.unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert!(answer["value"]["error"].is_null(), "{answer}");
    answer["value"].clone()
}

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

    browser.resize(1200, 900).await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("Not collected yet"));
    browser.screenshot("empty").await;

    exporter.page().await;
    browser.open(&exporter.url).await;
    let text = browser.text().await;
    assert!(text.contains("Collected 0s ago"), "{text}");
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
    browser.screenshot("fresh-desktop").await;
    browser.resize(500, 900).await;
    browser.screenshot("fresh-phone").await;
    let fits = browser
        .run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        .await;
    assert_eq!(fits, true, "only the table scrolls sideways on a phone");
    browser.resize(1200, 900).await;

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
    exporter
        .page_where("no samples", |page| page.company().0.is_empty())
        .await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("too old to show"));
    browser.screenshot("stale").await;

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
    browser.screenshot("refused").await;

    let (complaints, asked) = browser.logs().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(asked.iter().any(|url| url.ends_with("/status.js")));
    let elsewhere: Vec<_> = asked
        .iter()
        .filter(|url| !url.starts_with(&exporter.url))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    browser.close().await;
}

#[tokio::test]
async fn it_refreshes_itself_and_keeps_the_place() {
    let browser = Browser::start().await;
    let exporter = Exporter::demo(&[]).await;
    browser.resize(600, 300).await;
    browser.open(&exporter.url).await;
    assert!(browser.text().await.contains("Not collected yet"));
    browser
        .run("window.same = true; window.scrollTo(0, 40)")
        .await;
    let before = browser.run("return window.scrollY").await;
    assert!(before.as_f64().unwrap() > 0.0);
    exporter.page().await;
    // What a period of 15 s or a tab that comes to the front does.
    browser
        .run("document.dispatchEvent(new Event('visibilitychange'))")
        .await;
    until("the page to refresh itself", async || {
        browser.text().await.contains("Collected").then_some(())
    })
    .await;
    until("the numbers", async || {
        browser.text().await.contains("acme-support").then_some(())
    })
    .await;
    assert_eq!(
        browser.run("return window.same").await,
        true,
        "it was not loaded anew"
    );
    assert_eq!(browser.run("return window.scrollY").await, before);
    browser.close().await;
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
