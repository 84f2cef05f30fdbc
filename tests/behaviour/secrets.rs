//! Canaries: no key, password, token or user name is found in anything that the program says, whatever
//! happens and however it is encoded.

use std::ffi::CString;
use std::path::Path;
use std::process::Command;

use eightxeight_exporter::simulator::{Endpoint, Fault, RetryAfter, Rule, Simulator};
use eightxeight_exporter::telemetry::{log, panics};

use secrecy::SecretString;

use crate::fixture::{
    Exporter, KEY, PASSWORD, USERNAME, clean_command, command, run, secret_files, simulator,
};

/// Bytes as base64 has them, without the end that depends on what follows.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let threes = bytes.chunks_exact(3);
    let letters = threes.flat_map(|three| {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift & 63) as usize]))
    });
    letters.collect()
}

/// All forms in which a secret could be seen.
fn forms(secret: &str) -> Vec<String> {
    let percent = |keep: fn(u8) -> bool| -> String {
        let byte = |byte: u8| {
            if keep(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        };
        secret.bytes().map(byte).collect()
    };
    let unicode: String = secret
        .chars()
        .map(|c| match c {
            '&' | '<' | '>' | '\'' | '+' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    let html = secret.replace('&', "&amp;");
    let html_in_numbers = secret.replace('&', "&#38;");
    let mut all = vec![
        secret.to_owned(),
        percent(|_| false),
        percent(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
        percent(|byte| byte.is_ascii_alphanumeric() || b"*-._".contains(&byte)).to_lowercase(),
        serde_json::to_string(secret)
            .unwrap()
            .trim_matches('"')
            .to_owned(),
        unicode,
        html,
        html_in_numbers,
        format!("{:?}", secret.as_bytes())
            .trim_matches(['[', ']'])
            .to_owned(),
    ];
    // In base64 a text looks different at each of three offsets.
    all.extend((0..3).map(|skip| base64(&secret.as_bytes()[skip..])));
    all
}

/// Finds none of the canaries in what was said.
fn clean(what: &str, said: &str) {
    for secret in [
        KEY,
        USERNAME,
        PASSWORD,
        "canary-user",
        "canary-key",
        "eyJ",
        "hunter2",
    ] {
        for form in forms(secret) {
            assert!(
                form.len() < 3 || !said.contains(&form),
                "{what}: {form} in {said}"
            );
        }
    }
}

/// Error texts of 8x8's that echo all it was sent.
fn echoes() -> Vec<Fault> {
    let json = "application/json";
    let all = format!("user({USERNAME}) key {KEY} password {PASSWORD} token eyJhbGciOiJub25lIn0");
    let text = serde_json::to_string(&all).unwrap();
    [
        (400, format!(r#"{{"status":400,"message":{text},"code":"SHA001","details":[{text}]}}"#)),
        (400, format!(r#"{{"error":"invalid_grant","error_description":{text}}}"#)),
        (400, format!(r#"{{"code":"105-400-038","message":{text}}}"#)),
        (401, format!(r#"{{"error":"invalid_token","error_description":{text}}}"#)),
        (403, format!(r#"{{"status":403,"error":"Access Denied","message":{text},"path":{text}}}"#)),
        (418, format!("<html>{all}</html>")),
        (429, text.clone()),
        (500, format!(r#"{{"fault":{{"faultstring":{text},"detail":{{"errorcode":"policies.ratelimit.{KEY}"}}}}}}"#)),
        (503, all.clone()),
    ]
    .into_iter()
    .map(|(status, body)| Fault::status(status, json, body).header("x-echo", KEY))
    .chain([
        Fault::json(format!(r#"{{"access_token":5,"echo":{text}}}"#)),
        Fault::json(format!(r#"[{text}, {{"pbxId":null,{text}:1}}"#)),
        Fault::status(302, "text/plain", "").header("location", format!("/?k={KEY}")),
        Fault::too_many_requests(Some(RetryAfter::Text(KEY.to_owned()))),
    ])
    .collect()
}

/// What else can happen.
fn others() -> Vec<Fault> {
    vec![
        Fault::none(),
        Fault::unavailable(),
        Fault::apigee_quota(),
        Fault::token_expired(),
        Fault::drop_connection(),
        Fault::hang(),
        Fault::none().truncated(20),
        Fault::json(""),
    ]
}

/// All pages, and everything in the log.
async fn everything(exporter: &Exporter) -> String {
    let mut said = String::new();
    for path in [
        "/metrics",
        "/",
        "/config",
        "/sd",
        "/probe",
        "/-/healthy",
        "/-/ready",
        "/none",
    ] {
        let answer = exporter.get(path).await;
        let headers = answer.headers().values();
        said.extend(headers.filter_map(|value| value.to_str().ok()));
        said += &answer.text().await.unwrap();
    }
    let reload = exporter.request("POST", "/-/reload").send().await.unwrap();
    said += &reload.text().await.unwrap();
    said + &exporter.running.log().join("\n")
}

async fn with(simulator: &Simulator, format: &str) -> Exporter {
    let options = [
        "--collect.window",
        "1h",
        "--collect.interval",
        "100ms",
        "--collect.max-staleness",
        "1s",
        "--api.timeout",
        "300ms",
        "--api.max-requests-per-minute",
        "100000",
        "--web.enable-lifecycle",
        "--log.level",
        "trace",
        "--log.format",
        format,
    ];
    let files = secret_files();
    let mut command = command("serve", &simulator.url(), files.path());
    Exporter::start(command.args(options), files).await
}

#[tokio::test]
async fn no_secret_whatever_8x8_answers_to_a_report() {
    let simulator = simulator().await;
    let exporter = with(&simulator, "json").await;
    for fault in others().into_iter().chain(echoes()) {
        let what = format!("{fault:.300?}");
        let rule = simulator.faults().add(Rule::compsum(fault));
        let seen = simulator.requests().count(Endpoint::Compsum);
        exporter
            .page_where(&what, |_| {
                simulator.requests().count(Endpoint::Compsum) > seen
            })
            .await;
        clean(&what, &everything(&exporter).await);
        simulator.faults().remove(rule);
        if exporter
            .page()
            .await
            .get("eightxeight_api_backoff_until_timestamp_seconds")
            .is_some()
        {
            exporter
                .page_where("the hold's end", |page| page.value("eightxeight_up") == 1.0)
                .await;
        }
    }
}

#[tokio::test]
async fn no_secret_whatever_8x8_answers_to_a_login() {
    let tests = tokio::task::LocalSet::new();
    for fault in others().into_iter().chain(echoes()) {
        tests.spawn_local(async move {
            let what = format!("{fault:.300?}");
            let simulator = simulator().await;
            simulator.faults().add(Rule::token(fault));
            let exporter = with(&simulator, "logfmt").await;
            exporter.page().await;
            assert!(simulator.requests().count(Endpoint::Token) > 0);
            clean(&what, &everything(&exporter).await);
        });
    }
    tests.await;
}

/// Each command that ends by itself, to be run with the canaries as its credentials. One that asks 8x8 finds
/// nobody at home.
const COMMANDS: &[&[&str]] = &[
    &["serve", "--config.check"],
    &["serve", "--web.listen-address", "256.0.0.1:1"],
    &["health", "--web.listen-address", "127.0.0.1:1"],
    &["fields"],
    &["--version"],
    &["serve", "--help"],
    &["check", "--api.url", "http://127.0.0.1:1"],
    &[
        "check",
        "--format",
        "json",
        "--api.url",
        "http://127.0.0.1:1",
    ],
    &["backfill", "--help"],
    &["backfill", "--api.url", "http://127.0.0.1:1"],
    &["fields", "--format", "hunter2"],
    &["check", "--format=hunter2"],
    &["serve", "--collect.mode", "hunter2"],
    &["serve", "--log.level", "hunter2"],
    &["serve", "--log.format", "hunter2"],
    &["serve", "--web.enable-lifecycle=hunter2"],
    &["serve", "--config.check=hunter2"],
    &["demo", "--demo.scenario", "hunter2"],
    &["serve", "--api.passwort", "hunter2"],
    &["serve", "--api.password=hunter2"],
    &["hunter2"],
];

fn said_by(command: &mut Command) -> String {
    run(command, "").1
}

#[test]
fn no_secret_in_what_a_command_says() {
    let files = secret_files();
    let path = |name: &str| files.path().join(name);
    for arguments in COMMANDS {
        let mut command = clean_command();
        let with_credentials = command
            .args(*arguments)
            .env("EIGHTXEIGHT_API_KEY", KEY)
            .env("EIGHTXEIGHT_API_USERNAME", USERNAME)
            .env("EIGHTXEIGHT_API_PASSWORD", PASSWORD)
            .env("EIGHTXEIGHT_LOG_LEVEL", "trace");
        let said = said_by(with_credentials);
        assert!(!said.is_empty(), "{arguments:?}");
        // Help and tables hold no letters by chance.
        clean(&format!("{arguments:?}"), &said);
    }
    // A secret where a path, a number or a URL belongs.
    for option in [
        "--api.key-file",
        "--api.username-file",
        "--api.password-file",
        "--api.ca-file",
        "--config.file",
        "--web.config.file",
    ] {
        let mut command = command("serve", "http://127.0.0.1:1", Path::new("/nowhere"));
        let said = said_by(command.args([option, PASSWORD]));
        assert!(said.contains("error"), "{option}: {said}");
        clean(option, &said);
    }
    for url in [
        format!("https://{USERNAME}:hunter2@127.0.0.1:1"),
        "https://127.0.0.1:1/?key=hunter2".to_owned(),
        "http://hunter2.example".to_owned(),
    ] {
        let said = said_by(&mut command("serve", &url, files.path()));
        assert!(said.contains("--api.url"), "{said}");
        assert!(
            !said.contains(":hunter2") && !said.contains("=hunter2"),
            "{said}"
        );
    }
    // As the value of a key that nobody knows, and in a document that is none.
    for text in [
        format!("api: {{pasword: {PASSWORD:?}}}\n"),
        format!("password: {PASSWORD:?}\n"),
        format!("accounts: {{acme: {{api: {{key: {KEY:?}}}}}}}\n"),
        format!("api: {{key_file: [{KEY:?}, }}\n"),
        format!("{PASSWORD}\n"),
        format!("- {KEY:?}\n"),
    ] {
        let file = path("config.yml");
        std::fs::write(&file, &text).unwrap();
        let mut command = clean_command();
        let said = said_by(command.arg("serve").arg("--config.file").arg(&file));
        assert!(said.contains("error"), "{said}");
        clean(&text, &said);
    }
}

#[tokio::test]
async fn no_secret_of_a_proxy() {
    let files = secret_files();
    let mut command = command("serve", "https://api.example.org/work", files.path());
    command.args(["--log.level", "trace"]);
    for name in ["HTTPS_PROXY", "https_proxy"] {
        command.env(name, "http://canary-user:hunter2@127.0.0.1:1");
    }
    let exporter = Exporter::start(&mut command, files).await;
    let page = exporter.page().await;
    assert_eq!(page.failures("token", "connect"), 1.0);
    clean("a proxy", &everything(&exporter).await);
}

/// Panics with secrets at hand, as no part of the program is known to. Another process's part of the test
/// below: a hook is for all threads.
#[test]
#[ignore = "a part of another test"]
fn panics_with_secrets() {
    let log = std::env::var("CANARY_LOG").ok();
    let format = match log.as_deref() {
        Some("json") => Some(log::Format::Json),
        Some(_) => Some(log::Format::Logfmt),
        None => None,
    };
    panics::install();
    if let Some(format) = format {
        let level = log::Level::TRACE;
        log::install(log::Settings { level, format });
    }
    let ways: [fn(); 5] = [
        // The standard library quotes the text.
        || {
            let _ = PASSWORD.to_owned().split_at(1000);
        },
        || drop(CString::new(format!("{KEY}\0")).unwrap()),
        || panic!("{USERNAME} {:?}", SecretString::from(PASSWORD)),
        || std::panic::panic_any(PASSWORD.to_owned()),
        || panic!("words of the source"),
    ];
    for way in ways {
        std::thread::spawn(way).join().unwrap_err();
    }
}

#[test]
fn no_secret_in_what_a_panic_says() {
    for log in [None, Some("logfmt"), Some("json")] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["secrets::panics_with_secrets", "--exact", "--ignored"]);
        command.args(["--nocapture", "--test-threads=1"]);
        command
            .env("RUST_BACKTRACE", "1")
            .envs(log.map(|log| ("CANARY_LOG", log)));
        let (good, said) = run(&mut command, "");
        assert!(good, "{said}");
        assert_eq!(said.matches("panicked").count(), 5, "{said}");
        assert_eq!(said.matches("kept back").count(), 4, "{said}");
        assert_eq!(said.matches("words of the source").count(), 1, "{said}");
        clean("a panic", &said);
    }
}

#[tokio::test]
async fn no_secret_in_the_demo() {
    let exporter = Exporter::demo(&["--log.level", "trace"]).await;
    exporter.page().await;
    let said = everything(&exporter).await;
    clean("the demo", &said);
    // Its user's name is made up anew each time, but always of this form.
    assert!(!said.contains("@example.com"), "{said}");
}
