//! What a reload, a rename or a file that hangs must not freeze, forget or double.

use std::process::Command;
use std::time::{Duration, Instant};

use eightxeight_simulator::{Endpoint, Fault, Rule};

use crate::accounts::Provider;
use crate::fixture::{Exporter, Page, assert_says, assert_silent, pause, until_true};

const LIFECYCLE: &[&str] = &["--web.enable-lifecycle"];

/// A configuration of accounts by name, all with the secrets of the first customer.
fn of_one_user(provider: &Provider, names: &[String], top_level: &str) {
    let accounts = names.iter().map(|name| format!("  {name}: {{}}\n"));
    let text = format!(
        "api: {{url: '{}', key_file: account-0001.key, username_file: account-0001.user, \
         password_file: account-0001.password{top_level}}}\n\
         collect: {{interval: 1s, max_staleness: 1m, window: [1h]}}\naccounts:\n",
        provider.simulator.url()
    );
    provider.write("config.yml", &(text + &accounts.collect::<String>()));
}

async fn probe_all(exporter: &Exporter, names: &[String]) {
    for name in names {
        exporter.page_at(&format!("/probe?account={name}")).await;
    }
}

fn names(prefix: &str) -> Vec<String> {
    (0..10).map(|n| format!("{prefix}{n}")).collect()
}

fn pipe(provider: &Provider, name: &str) {
    let path = provider.path(name);
    std::fs::remove_file(&path).unwrap();
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
}

#[tokio::test]
async fn a_pipe_in_place_of_a_file_holds_up_nothing() {
    for file in ["config.yml", "account-0001.password"] {
        let provider = Provider::with(1).await;
        provider.configure(&[1]);
        let mut exporter = provider.serve(&[]).await;
        exporter.page_with("eightxeight_up", 1.0).await;
        pipe(&provider, file);
        exporter.running.signal("HUP");
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            let start = Instant::now();
            assert_eq!(exporter.get("/-/healthy").await.status(), 200);
            exporter.page().await;
            assert!(start.elapsed() < Duration::from_secs(5), "{file}");
            pause().await;
        }
        let start = Instant::now();
        exporter.running.signal("TERM");
        assert!(exporter.running.ended().await.success());
        assert!(start.elapsed() < Duration::from_secs(5), "{file}");
    }
}

#[tokio::test]
async fn a_pipe_at_a_tokens_renewal_is_a_failed_collection_that_heals() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    let exporter = provider.serve(&[]).await;
    exporter.page_with("eightxeight_up", 1.0).await;
    let password = std::fs::read_to_string(provider.path("account-0001.password")).unwrap();
    pipe(&provider, "account-0001.password");
    // The key that goes with the token is refused, so the next collection logs in.
    let refused = Rule::compsum(Fault::status(
        400,
        "application/json",
        r#"{"status":400,"message":"Invalid 8x8-apikey","code":"SHA001"}"#,
    ))
    .times(1);
    provider.simulator.faults().add(refused);
    until_true("the pipe to be seen", async || {
        exporter.page_with("eightxeight_up", 0.0).await;
        let said = exporter.text("/").await;
        said.contains("no regular file")
    })
    .await;
    std::fs::remove_file(provider.path("account-0001.password")).unwrap();
    provider.write("account-0001.password", &password);
    exporter.page_with("eightxeight_up", 1.0).await;
}

#[tokio::test]
async fn eight_reloads_during_a_login_with_a_wrong_password_are_one_login() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    provider.write("account-0001.password", "wrong");
    let slow = Fault::none().delayed(Duration::from_secs(2));
    provider.simulator.faults().add(Rule::token(slow));
    let exporter = provider.serve(LIFECYCLE).await;
    let scrape = tokio::spawn(exporter.request("GET", "/metrics").send());
    let requests = provider.simulator.requests();
    requests.until(|log| !log.is_empty()).await;
    for timeout in 10..18 {
        provider.configure(&[1]);
        provider.change("api: {url", &format!("api: {{timeout: {timeout}s, url"));
        assert_eq!(exporter.reload().await.0, 200);
        exporter.request("GET", "/metrics").send().await.unwrap();
    }
    scrape.await.unwrap().unwrap();
    let refused = exporter.page_with("eightxeight_credentials_refused", 1.0);
    refused.await;
    assert_eq!(requests.count(Endpoint::Token), 1);
}

#[tokio::test]
async fn ten_accounts_of_one_user_are_one_login_whatever_they_are_called() {
    let provider = Provider::with(1).await;
    provider.write("account-0001.password", "wrong");
    let logins = || provider.simulator.requests().count(Endpoint::Token);
    of_one_user(&provider, &names("a"), "");
    let exporter = provider.serve(LIFECYCLE).await;
    probe_all(&exporter, &names("a")).await;
    assert_eq!(logins(), 1);
    of_one_user(&provider, &names("b"), "");
    assert_eq!(exporter.reload().await.0, 200);
    probe_all(&exporter, &names("b")).await;
    of_one_user(&provider, &names("b")[..1], "");
    assert_eq!(exporter.reload().await.0, 200);
    of_one_user(&provider, &names("a"), "");
    assert_eq!(exporter.reload().await.0, 200);
    probe_all(&exporter, &names("a")).await;
    assert_eq!(logins(), 1);
    // The right password is a change, and one login for all ten.
    let right = provider.simulator.credentials().password;
    provider.write("account-0001.password", &right);
    for name in names("a") {
        let path = format!("/probe?account={name}");
        until_true("the account to be up", async || {
            let page = exporter.page_at(&path).await;
            page.value("eightxeight_up") == 1.0
        })
        .await;
    }
    assert_eq!(logins(), 2);
}

#[tokio::test]
async fn a_dozen_reloads_spend_no_more_than_the_budget() {
    let provider = Provider::with(1).await;
    let account = ["acme".to_owned()];
    of_one_user(&provider, &account, ", max_requests_per_minute: 4");
    let exporter = provider.serve(LIFECYCLE).await;
    let text = std::fs::read_to_string(provider.path("config.yml")).unwrap();
    for n in 1..=12 {
        let windows: Vec<_> = (0..6).map(|w| format!("{}m", 6 * n + w)).collect();
        let changed = text.replace("[1h]", &format!("[{}]", windows.join(", ")));
        provider.write("config.yml", &changed);
        assert_eq!(exporter.reload().await.0, 200);
        let impatient = exporter.scrape("/probe?account=acme", "0.7").await;
        assert_eq!(impatient.unwrap().status(), 200);
    }
    let requests = provider.simulator.requests();
    requests.until(|log| log.len() >= 4).await;
    assert_eq!(requests.all().len(), 4);
}

#[tokio::test]
async fn a_changed_retry_interval_holds_after_a_reload() {
    let provider = Provider::with(1).await;
    provider.write("account-0001.password", "wrong");
    let account = ["acme".to_owned()];
    of_one_user(&provider, &account, ", login_retry_interval: 2h");
    let exporter = provider.serve(LIFECYCLE).await;
    probe_all(&exporter, &account).await;
    of_one_user(&provider, &account, ", login_retry_interval: 1s");
    assert_eq!(exporter.reload().await.0, 200);
    until_true("another login", async || {
        probe_all(&exporter, &account).await;
        provider.simulator.requests().count(Endpoint::Token) > 1
    })
    .await;
}

#[tokio::test]
async fn a_label_changed_while_8x8_is_down_costs_nothing() {
    let provider = Provider::with(1).await;
    let account = ["acme".to_owned()];
    of_one_user(&provider, &account, "");
    let exporter = provider.serve(LIFECYCLE).await;
    let up = exporter.page_at("/probe?account=acme").await;
    assert_eq!(up.value("eightxeight_up"), 1.0);
    provider
        .simulator
        .faults()
        .add(Rule::any(Fault::unavailable()));
    provider.change("{}", "{labels: {customer: acme}}");
    assert_eq!(exporter.reload().await.0, 200);
    assert_says(&exporter.text("/sd").await, &["\"customer\":\"acme\""]);
    let page = exporter.page_at("/probe?account=acme").await;
    assert_eq!(page.company(), up.company());
    let asked = |page: &Page| page.value(r#"eightxeight_api_requests_total{endpoint="token"}"#);
    assert_eq!((asked(&up), asked(&page)), (1.0, 1.0));
}

#[tokio::test]
async fn other_pbxes_are_no_loss_to_tell_of() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    let exporter = provider.serve(LIFECYCLE).await;
    exporter.page_with("eightxeight_up", 1.0).await;
    provider.change("api: {key_file", "api: {pbx_id: pbx-0001, key_file");
    assert_eq!(exporter.reload().await.0, 200);
    exporter.page_with("eightxeight_up", 1.0).await;
    assert_silent(&exporter.running.log().concat(), &["no longer serving"]);
}

#[tokio::test]
async fn the_log_level_follows_a_reload() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    let exporter = provider.serve(LIFECYCLE).await;
    exporter.page_with("eightxeight_up", 1.0).await;
    assert_silent(&exporter.running.log().concat(), &["level=debug"]);
    provider.change("api: {url", "log: {level: debug}\napi: {url");
    assert_eq!(exporter.reload().await.0, 200);
    until_true("a collection", async || {
        exporter.page().await;
        exporter.running.log().concat().contains("asked 8x8")
    })
    .await;
}

#[tokio::test]
async fn who_finds_no_place_to_wait_gets_the_last_page() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    provider.change("max_staleness: 5s", "max_staleness: 1m");
    let exporter = provider.serve(&["--web.max-requests", "2"]).await;
    let good = exporter.page_with("eightxeight_up", 1.0).await;
    provider.simulator.faults().add(Rule::any(Fault::hang()));
    let requests = provider.simulator.requests();
    let before = requests.all().len();
    until_true("a collection to be under way", async || {
        exporter.scrape("/metrics", "0.6").await.unwrap();
        requests.all().len() > before
    })
    .await;
    let start = Instant::now();
    let scrapes = [(); 3].map(|()| {
        let scrape = exporter.scrape("/metrics", "5");
        tokio::spawn(async move {
            let text = scrape.await.unwrap().text().await.unwrap();
            (Page::parse(&text), start.elapsed())
        })
    });
    let mut waited = 0;
    for scrape in scrapes {
        let (page, after) = scrape.await.unwrap();
        assert_eq!(page.company(), good.company());
        waited += u32::from(after > Duration::from_secs(4));
    }
    assert_eq!(waited, 2);
}

#[tokio::test]
async fn what_is_shown_is_what_runs_and_has_the_shape_of_the_file() {
    let provider = Provider::with(2).await;
    provider.configure(&[1, 2]);
    let mut exporter = provider.serve(LIFECYCLE).await;
    provider.change("interval: 1s, max", "interval: 2s, max");
    provider.change(
        "collect:",
        "web: {max_requests: 7}\nlog: {level: warn, format: json}\ncollect:",
    );
    assert_eq!(exporter.reload().await.0, 200);
    let later = exporter
        .running
        .line_with("take effect at the next start")
        .await;
    assert_says(&later, &["web.max-requests", "log.format"]);
    let shown = exporter.text("/config").await;
    let in_force = [
        "max_requests: \"40\"",
        "format: \"logfmt\"",
        "level: \"warn\"",
        "interval: \"2s\"",
    ];
    assert_says(&shown, &in_force);
    // With the secrets' places put back it is a file for the same configuration.
    let mut again = String::new();
    for line in shown.lines() {
        let hidden = line.strip_suffix(": <hidden>");
        let line = hidden.map_or(line.to_owned(), |key| {
            let name = key
                .trim()
                .trim_end_matches("_file")
                .replace("username", "user");
            format!("{key}: account-0001.{name}")
        });
        again += &(line + "\n");
    }
    provider.write("config.yml", &again);
    let (status, said) = exporter.reload().await;
    assert_eq!((status, &*said), (200, "reloaded\n"), "{again}");
    assert_eq!(exporter.text("/config").await, shown);
}

#[tokio::test]
async fn a_page_of_another_site_reloads_nothing() {
    let provider = Provider::with(1).await;
    provider.configure(&[1]);
    let external = "--web.external-url=https://exporter.example/eight/";
    let exporter = provider.serve(&[LIFECYCLE[0], external]).await;
    let own = exporter.address();
    let own_page = &*format!("http://{own}");
    for (status, host, headers) in [
        (200, own, vec![]),
        (200, "anything.example", vec![("user-agent", "curl/8")]),
        (
            200,
            own,
            vec![("sec-fetch-site", "same-origin"), ("origin", own_page)],
        ),
        (200, own, vec![("origin", own_page)]),
        (
            200,
            "exporter.example",
            vec![("sec-fetch-site", "same-origin")],
        ),
        (403, own, vec![("sec-fetch-site", "cross-site")]),
        (403, own, vec![("sec-fetch-site", "same-site")]),
        (403, own, vec![("origin", "http://evil.example")]),
        (403, own, vec![("origin", "http://127.0.0.1:1")]),
        (403, own, vec![("origin", "null")]),
        // A name that leads here and whose page it is.
        (403, "evil.example", vec![("origin", "http://evil.example")]),
        (403, "evil.example", vec![("sec-fetch-site", "same-origin")]),
    ] {
        let mut request = exporter.request("POST", "/-/reload").header("host", host);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap().status();
        assert_eq!(answer, status, "{host} {headers:?}");
    }
}
