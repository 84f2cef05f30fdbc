//! The status page in a real browser: Debian's chromium, driven through its `WebDriver` server.

mod page;
mod refresh;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};

use crate::fixture::{Running, assert_says, free_port, until, until_true, words};

/// What a period of 15 s or a tab that comes to the front does.
const REFRESH: &str = "document.dispatchEvent(new Event('visibilitychange'))";

/// A browser without a window.
struct Browser {
    _driver: Running,
    session: String,
    client: reqwest::Client,
}

impl Browser {
    async fn start() -> Browser {
        Browser::start_with(json!({})).await
    }

    /// With these preferences of the browser's user.
    async fn start_with(preferences: Value) -> Browser {
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
        let arguments = words(
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --no-proxy-server \
             --disable-background-networking --disable-component-update --disable-sync",
        );
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments, "prefs": preferences},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let answer = send(client.post(format!("{url}/session")), &capabilities).await;
        let id = answer["sessionId"].as_str().unwrap();
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

    /// Opens a page, which says all this.
    async fn open_and_read(&self, url: &str, expected: &[&str]) {
        self.open(url).await;
        assert_says(&self.text().await, expected);
    }

    async fn until_it_says(&self, expected: &str) {
        until_true(expected, async || self.text().await.contains(expected)).await;
    }

    async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({"script": script, "args": []}))
            .await
    }

    async fn text(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap().to_owned()
    }

    /// Shows pages on a screen of this size, by day or by night.
    async fn show(&self, width: u32, height: u32, dark: bool) {
        let screen =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.tell("Emulation.setDeviceMetricsOverride", screen)
            .await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tell("Emulation.setEmulatedMedia", media).await;
    }

    async fn tell(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.post("goog/cdp/execute", body).await
    }

    /// The whole page as a picture.
    async fn picture(&self, name: &str) {
        let whole = json!({"captureBeyondViewport": true});
        let answer = self.tell("Page.captureScreenshot", whole).await;
        let base64 = base64::engine::general_purpose::STANDARD;
        let picture = base64.decode(answer["data"].as_str().unwrap()).unwrap();
        let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{name}.png")), picture).unwrap();
    }

    /// Looks at the page on a phone and on a desk, by day and by night: nothing but a table is wider than the screen,
    /// and everybody can read it.
    async fn look(&self, name: &str) {
        for (width, height) in [(390, 844), (1280, 900)] {
            for dark in [false, true] {
                self.show(width, height, dark).await;
                let faults = self.run(include_str!("faults.js")).await;
                assert_eq!(faults, json!([]), "{name}, {width} px, dark: {dark}");
                let scheme = if dark { "dark" } else { "light" };
                self.picture(&format!("{name}-{width}-{scheme}")).await;
            }
        }
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
            let is_request = event["method"] == "Network.requestWillBeSent";
            let url = &event["params"]["request"]["url"];
            is_request.then(|| url.as_str().unwrap().to_owned())
        });
        (complaints, asked.collect())
    }
}

impl Drop for Browser {
    /// Ends the session, also when a test fails: a browser outlives its driver.
    fn drop(&mut self) {
        let (address, path) = self.session["http://".len()..].split_once('/').unwrap();
        if let Ok(mut stream) = TcpStream::connect(address) {
            let request =
                format!("DELETE /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(request.as_bytes());
            // The answer comes when the browser has ended.
            let _ = stream.read(&mut [0; 1]);
        }
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
