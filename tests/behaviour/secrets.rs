//! Canaries: no key, password, token or user name is found in anything that the program says, whatever
//! happens and however it is encoded.

use std::ffi::CString;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eightxeight_exporter::telemetry::{log, panics};
use eightxeight_simulator::{Endpoint, Fault, Rule, Simulator};
use secrecy::SecretString;
use url::form_urlencoded::byte_serialize;

use crate::fixture::{
    Exporter, KEY, PASSWORD, USERNAME, assert_says, assert_silent, clean_command, command, finish,
    run, secret_files, simulator, simulator_with, words,
};

/// All forms in which a secret could be seen.
fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let percent: Vec<_> = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let url: String = byte_serialize(bytes).collect();
    let unicode = |c: char| match c {
        '&' | '<' | '>' | '\'' | '+' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    let json = serde_json::to_string(secret).unwrap();
    // In base64 a text looks different at each of three offsets, and its end depends on what follows.
    let base64 = (0..3).map(|skip| {
        let threes = (bytes.len() - skip) / 3 * 3;
        STANDARD.encode(&bytes[skip..skip + threes])
    });
    let mut all: Vec<String> = base64.collect();
    all.extend([
        secret.to_owned(),
        percent.concat(),
        url.to_lowercase(),
        url,
        json.trim_matches('"').to_owned(),
        secret.chars().map(unicode).collect(),
        secret.replace('&', "&amp;"),
        secret.replace('&', "&#38;"),
        format!("{bytes:?}").trim_matches(['[', ']']).to_owned(),
    ]);
    all
}

const CANARIES: [&str; 7] = [
    KEY,
    USERNAME,
    PASSWORD,
    "canary-user",
    "canary-key",
    "eyJ",
    "hunter2",
];

/// Finds none of the canaries in what was said.
fn clean(what: &str, said: &str) {
    for form in CANARIES.into_iter().flat_map(forms) {
        let found = form.len() >= 3 && said.contains(&form);
        assert!(!found, "{what}: {form} in {said}");
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
        Fault::too_many_requests(Some(KEY)),
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
    for path in words("/metrics / /config /sd /probe /-/healthy /-/ready /none") {
        let answer = exporter.get(path).await;
        let headers = answer.headers().values();
        said.extend(headers.filter_map(|value| value.to_str().ok()));
        said += &answer.text().await.unwrap();
    }
    said += &exporter.reload().await.1;
    said + &exporter.running.log().join("\n")
}

async fn with(simulator: &Simulator, format: &str) -> Exporter {
    let options = "--collect.window 1h --collect.interval 100ms --collect.max-staleness 1s \
        --api.timeout 300ms --api.max-requests-per-minute 100000 \
        --web.enable-lifecycle --log.level trace --log.format";
    let options = [&words(options)[..], &[format]].concat();
    Exporter::serve(simulator, &options).await
}

#[tokio::test]
async fn no_secret_whatever_8x8_answers_to_a_report() {
    let simulator = simulator().await;
    let exporter = with(&simulator, "json").await;
    for fault in others().into_iter().chain(echoes()) {
        let what = format!("{fault:.300?}");
        let rule = simulator.faults().add(Rule::compsum(fault));
        let reports = || simulator.requests().count(Endpoint::Compsum);
        let seen = reports();
        exporter.page_where(&what, |_| reports() > seen).await;
        clean(&what, &everything(&exporter).await);
        simulator.faults().remove(rule);
        let backoff = "eightxeight_api_backoff_until_timestamp_seconds";
        if exporter.page().await.get(backoff).is_some() {
            exporter.page_with("eightxeight_up", 1.0).await;
        }
    }
}

#[tokio::test]
async fn no_secret_whatever_8x8_answers_to_a_login() {
    let tests = tokio::task::LocalSet::new();
    for fault in others().into_iter().chain(echoes()) {
        tests.spawn_local(async move {
            let what = format!("{fault:.300?}");
            let simulator = simulator_with(Rule::token(fault)).await;
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
const COMMANDS: &[&str] = &[
    "serve --config.check",
    "serve --web.listen-address 256.0.0.1:1",
    "health --web.listen-address 127.0.0.1:1",
    "fields",
    "--version",
    "serve --help",
    "check --api.url http://127.0.0.1:1",
    "check --format json --api.url http://127.0.0.1:1",
    "backfill --help",
    "backfill --api.url http://127.0.0.1:1",
    "fields --format hunter2",
    "check --format=hunter2",
    "serve --collect.mode hunter2",
    "serve --log.level hunter2",
    "serve --log.format hunter2",
    "serve --web.enable-lifecycle=hunter2",
    "serve --config.check=hunter2",
    "demo --demo.scenario hunter2",
    "serve --api.passwort hunter2",
    "serve --api.password=hunter2",
    "hunter2",
];

#[test]
fn no_secret_in_what_a_command_says() {
    let files = secret_files();
    for arguments in COMMANDS {
        let mut command = clean_command();
        command.args(words(arguments)).envs([
            ("EIGHTXEIGHT_API_KEY", KEY),
            ("EIGHTXEIGHT_API_USERNAME", USERNAME),
            ("EIGHTXEIGHT_API_PASSWORD", PASSWORD),
            ("EIGHTXEIGHT_LOG_LEVEL", "trace"),
        ]);
        let said = finish(&mut command).said();
        assert!(!said.is_empty(), "{arguments}");
        clean(arguments, &said);
    }
    // A secret where a path or a URL belongs.
    let paths = "--api.key-file --api.username-file --api.password-file --api.ca-file \
        --config.file --web.config.file";
    for option in words(paths) {
        let mut command = command("serve", "http://127.0.0.1:1", Path::new("/nowhere"));
        let said = finish(command.args([option, PASSWORD])).said();
        assert_says(&said, &["error"]);
        clean(option, &said);
    }
    for url in [
        format!("https://{USERNAME}:hunter2@127.0.0.1:1"),
        "https://127.0.0.1:1/?key=hunter2".to_owned(),
        "http://hunter2.example".to_owned(),
    ] {
        let said = finish(&mut command("serve", &url, files.path())).said();
        assert_says(&said, &["--api.url"]);
        assert_silent(&said, &[":hunter2", "=hunter2"]);
    }
    // As the value of a key that nobody knows, and in a document that is none.
    for text in [
        format!("api: {{pasword: {PASSWORD:?}}}\n"),
        format!("password: {PASSWORD:?}\n"),
        format!("accounts: {{acme: {{api: {{key: {KEY:?}}}}}}}\n"),
        format!("api: {{key_file: [{KEY:?}, }}\n"),
        format!("{PASSWORD}\n"),
        format!("- {KEY:?}\n"),
        // A blank is missing, or a key.
        "api: {key_file: k, password:hunter2}\n".to_owned(),
        "api: {key_file: k, password hunter2}\n".to_owned(),
        "api: {key_file: k, password=hunter2}\n".to_owned(),
        "api: {hunter2}\n".to_owned(),
        "api: {hunter2=}\n".to_owned(),
        "api: {hunter2 password}\n".to_owned(),
        "api: {canary-user}\n".to_owned(),
        "accounts: {acme: {api: {password:hunter2, password:hunter2}}}\n".to_owned(),
    ] {
        let file = files.path().join("config.yml");
        std::fs::write(&file, &text).unwrap();
        let said = finish(clean_command().arg("--config.file").arg(&file)).said();
        assert_says(&said, &["error"]);
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
    panics::install();
    if let Ok(format) = std::env::var("CANARY_LOG") {
        let format = match &*format {
            "json" => log::Format::Json,
            _ => log::Format::Logfmt,
        };
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
    // Its user name is random, but always of this form.
    assert_silent(&said, &["@example.com"]);
}
