//! Users, headers and the rate limit of the web configuration.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::StatusCode;

use crate::certificates::hash;
use crate::fixture::{assert_says, assert_silent, client, until_true};
use crate::web_tls::Site;

impl Site {
    async fn ask(&self, user: &str, password: &str) -> StatusCode {
        let request = self.exporter.request("GET", "/-/healthy");
        let request = request.basic_auth(user, Some(password));
        request.send().await.unwrap().status()
    }

    fn configure(&self, text: &str) {
        self.put("web.yml", text);
    }
}

fn users(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter();
    let lines = pairs.map(|(user, password)| format!("  '{user}': '{}'\n", hash(password)));
    format!("basic_auth_users:\n{}", lines.collect::<String>())
}

#[tokio::test]
async fn every_path_asks_for_a_password() {
    let site = Site::new(&users(&[("alice", "wonder")])).await;
    for (method, path) in [
        ("GET", "/metrics"),
        ("HEAD", "/metrics"),
        ("GET", "/"),
        ("GET", "/style.css"),
        ("GET", "/probe?account=x"),
        ("GET", "/sd"),
        ("GET", "/config"),
        ("GET", "/dashboards/overview.json"),
        ("GET", "/-/healthy"),
        ("GET", "/-/ready"),
        ("POST", "/-/reload"),
        ("DELETE", "/metrics"),
        ("GET", "/no/such/path"),
    ] {
        for login in [None, Some("wrong"), Some("")] {
            let mut request = site.exporter.request(method, path);
            if let Some(password) = login {
                request = request.basic_auth("alice", Some(password));
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401, "{method} {path} {login:?}");
            assert_eq!(answer.headers()["www-authenticate"], "Basic");
        }
        let request = site.exporter.request(method, path);
        let request = request.basic_auth("alice", Some("wonder"));
        let status = request.send().await.unwrap().status();
        assert_ne!(status, 401, "{method} {path}");
    }
    let log = site.exporter.running.log().concat();
    assert_silent(&log, &["alice", "wonder", "wrong", "$2b$", "Basic"]);
}

#[tokio::test]
async fn a_good_login_lets_no_other_in_that_spells_the_same() {
    let site = Site::new(&users(&[("ab", "c"), ("a", "x")])).await;
    for _ in 0..2 {
        assert_eq!(site.ask("ab", "c").await, 200);
        assert_eq!(site.ask("a", "bc").await, 401);
        assert_eq!(site.ask("abc", "").await, 401);
        assert_eq!(site.ask("a", "x").await, 200);
        assert_eq!(site.ask("nobody", "c").await, 401);
    }
}

#[tokio::test]
async fn users_follow_the_file_and_a_bad_file_changes_nothing() {
    let site = Site::new(&users(&[("alice", "wonder")])).await;
    assert_eq!(site.ask("alice", "wonder").await, 200);
    site.configure(&users(&[("bob", "builder")]));
    assert_eq!(site.ask("alice", "wonder").await, 401);
    assert_eq!(site.ask("bob", "builder").await, 200);
    site.configure(&users(&[("bob", "other"), ("alice", "wonder")]));
    assert_eq!(site.ask("bob", "builder").await, 401);
    assert_eq!(site.ask("alice", "wonder").await, 200);
    for bad in [
        "",
        "# nothing\n",
        "basic_auth_users: {alice: hunter2}",
        "basic_auth_users: {",
        "hunter2: x",
        "{}",
        "basic_auth_users:",
        "basic_auth_users: {}",
        "http_server_config: {headers: {X-Frame-Options: deny}}",
    ] {
        site.configure(bad);
        assert_eq!(site.ask("alice", "wonder").await, 200, "{bad}");
        assert_eq!(site.ask("nobody", "").await, 401, "{bad}");
    }
    fs::remove_file(site.path("web.yml")).unwrap();
    assert_eq!(site.ask("nobody", "").await, 401);
    let mut errors = site.exporter.running.log();
    errors.retain(|line| line.contains("is rejected"));
    assert_eq!(errors.len(), 10, "each bad content once: {errors:#?}");
    assert_silent(&errors.concat(), &["hunter2\""]);
    assert_says(
        &errors.concat(),
        &["basic_auth_users has no users any more"],
    );
}

#[tokio::test]
async fn headers_stand_on_every_answer_and_follow_the_file() {
    let headers = |policy: &str| {
        format!(
            "http_server_config:\n  headers:\n    Content-Security-Policy: \"{policy}\"\n    X-Frame-Options: deny\n    \
             X-Content-Type-Options: nosniff\n    X-XSS-Protection: '0'\n    Strict-Transport-Security: max-age=31536000\n"
        )
    };
    let site = Site::new(&(headers("default-src 'self'") + &users(&[("alice", "wonder")]))).await;
    let policy = async |path: &str, login: bool| {
        let mut request = site.exporter.request("GET", path);
        if login {
            request = request.basic_auth("alice", Some("wonder"));
        }
        let answer = request.send().await.unwrap();
        let headers = answer.headers();
        assert_eq!(headers["x-frame-options"], "deny");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-xss-protection"], "0");
        assert_eq!(headers["strict-transport-security"], "max-age=31536000");
        let policies = headers.get_all("content-security-policy").iter();
        policies.cloned().collect::<Vec<_>>()
    };
    for (path, login) in [
        ("/metrics", true),
        ("/", true),
        ("/none", true),
        ("/", false),
    ] {
        assert_eq!(policy(path, login).await, ["default-src 'self'"], "{path}");
    }
    site.configure(&(headers("default-src 'none'") + &users(&[("alice", "wonder")])));
    assert_eq!(policy("/metrics", false).await, ["default-src 'none'"]);
}

#[tokio::test]
async fn the_rate_limit_comes_before_the_password() {
    let limit = |burst| format!("rate_limit: {{interval: 1h, burst: {burst}}}\n");
    let users = users(&[("alice", "wonder")]);
    let site = Site::new(&(limit(3) + &users)).await;
    assert_eq!(site.exporter.get("/metrics").await.status(), 401);
    assert_eq!(site.ask("alice", "wrong").await, 401);
    assert_eq!(site.ask("alice", "wonder").await, 200);
    for _ in 0..3 {
        assert_eq!(site.ask("alice", "wonder").await, 429);
        let answer = site.exporter.get("/metrics").await;
        assert_eq!(answer.status(), 429);
        assert!(answer.headers().get("www-authenticate").is_none());
    }
    // Another file with the same limit doesn't fill the bucket; another limit does.
    site.configure(&(limit(3) + "http_server_config: {}\n" + &users));
    assert_eq!(site.ask("alice", "wonder").await, 429);
    site.configure(&(limit(2) + &users));
    assert_eq!(site.ask("alice", "wonder").await, 200);
    assert_eq!(site.ask("alice", "wonder").await, 200);
    assert_eq!(site.ask("alice", "wonder").await, 429);
    site.configure(&users);
    assert_eq!(site.ask("alice", "wonder").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_guesses_passwords_does_not_keep_an_honest_client_out() {
    // 16 times as fast as the usual cost: this machine may be busy.
    let hash = bcrypt::hash("wonder", 8).unwrap();
    let site = Site::new(&format!("basic_auth_users: {{alice: '{hash}'}}\n")).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let crowd: Vec<_> = (0..40)
        .map(|number| {
            let request = site.exporter.request("GET", "/-/healthy");
            let answered = answered.clone();
            tokio::spawn(async move {
                for guess in 0.. {
                    let request = request.try_clone().unwrap();
                    let guess = format!("{number} {guess}");
                    let _ = request.basic_auth("alice", Some(guess)).send().await;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    until_true("some to be refused", async || {
        answered.load(Ordering::Relaxed) > 2
    })
    .await;
    let honest = client().get(format!("{}/-/healthy", site.exporter.url));
    let honest = honest.basic_auth("alice", Some("wonder"));
    let answer = honest.timeout(Duration::from_secs(10)).send().await;
    assert_eq!(answer.unwrap().status(), 200);
    for client in crowd {
        client.abort();
    }
}
