//! The simulator from outside, over HTTP; its calls by themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calls;
mod faulty;
mod logins;
mod queries;
mod scenarios;

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use eightxeight::clock::Clock;
use eightxeight::fields::Field;

const NOW: &str = "2024-06-04T10:00:00.25Z";

fn credentials() -> Credentials {
    Credentials {
        api_key: "key-1".to_owned(),
        username: "ann@acme.example".to_owned(),
        password: "p&s+s%^=".to_owned(),
    }
}

fn settings() -> Settings {
    Settings {
        clock: Clock::starting_at(NOW.parse().unwrap()),
        ..Settings::new(credentials())
    }
}

async fn start() -> Simulator {
    Simulator::start(settings()).await.unwrap()
}

fn client() -> Client {
    // Another test may have installed it already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let builder = Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20));
    builder
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn log_in(url: &str, credentials: &Credentials) -> Response {
    let form = [
        ("username", &credentials.username),
        ("password", &credentials.password),
    ];
    let request = client().post(format!("{url}/v1/oauth/token"));
    let request = request
        .header("8x8-apikey", &credentials.api_key)
        .form(&form);
    request.send().await.unwrap()
}

async fn token(sim: &Simulator) -> String {
    let answer: Value = read(log_in(&sim.url(), &credentials()).await).await;
    answer["access_token"].as_str().unwrap().to_owned()
}

const HOUR_QUERY: [(&str, &str); 4] = [
    ("pbxId", "allpbxes"),
    ("startTime", "2024-06-04 09:00:00"),
    ("endTime", "2024-06-04 10:00:00"),
    ("timeZone", "UTC"),
];

async fn try_ask(
    sim: &Simulator,
    token: &str,
    query: &[(&str, &str)],
) -> reqwest::Result<Response> {
    let request = client()
        .get(format!("{}/v1/compsum", sim.url()))
        .query(query);
    let request = request.header("8x8-apikey", "key-1").bearer_auth(token);
    request.send().await
}

async fn ask(sim: &Simulator, token: &str, query: &[(&str, &str)]) -> Response {
    try_ask(sim, token, query).await.unwrap()
}

fn with(name: &str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let replaced = |(key, old)| (key, if key == name { value } else { old });
    HOUR_QUERY.into_iter().map(replaced).collect()
}

fn period(start: &str, end: &str) -> Period {
    Period {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
    }
}

async fn refused(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    (status, read(response).await)
}

async fn read<T: DeserializeOwned>(response: Response) -> T {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// A request as rules see it.
fn request(endpoint: Endpoint, number: u64) -> Logged {
    Logged {
        number,
        at: Clock::System.now(),
        endpoint,
        account: None,
        query: String::new(),
        status: None,
    }
}
