//! Users, headers and the rate limit of the web configuration.

use std::fs;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use tempfile::TempDir;

use crate::certificates::hash;
use crate::fixture::{Exporter, clean_command};

struct Site {
    exporter: Exporter,
    files: TempDir,
}

impl Site {
    async fn new(config: &str) -> Site {
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join("web.yml");
        fs::write(&path, config).unwrap();
        let mut command = clean_command();
        command
            .args(["demo", "--log.level", "trace", "--web.enable-lifecycle"])
            .arg("--web.config.file")
            .arg(&path);
        let exporter = Exporter::start(&mut command, tempfile::tempdir().unwrap()).await;
        Site { exporter, files }
    }

    fn path(&self) -> PathBuf {
        self.files.path().join("web.yml")
    }

    async fn ask(&self, user: &str, password: &str) -> StatusCode {
        let request = self.exporter.request("GET", "/-/healthy");
        request
            .basic_auth(user, Some(password))
            .send()
            .await
            .unwrap()
            .status()
    }
}

fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

fn users(pairs: &[(&str, &str)]) -> String {
    let mut text = "basic_auth_users:\n".to_owned();
    for (user, password) in pairs {
        text = format!("{text}  '{user}': '{}'\n", hash(password));
    }
    text
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
        let answer = request
            .basic_auth("alice", Some("wonder"))
            .send()
            .await
            .unwrap();
        assert_ne!(answer.status(), 401, "{method} {path}");
    }
    let log = site.exporter.running.log().concat();
    for secret in ["alice", "wonder", "wrong", "$2b$", "Basic"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
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
    put(&site.path(), &users(&[("bob", "builder")]));
    assert_eq!(site.ask("alice", "wonder").await, 401);
    assert_eq!(site.ask("bob", "builder").await, 200);
    put(
        &site.path(),
        &users(&[("bob", "other"), ("alice", "wonder")]),
    );
    assert_eq!(site.ask("bob", "builder").await, 401);
    assert_eq!(site.ask("alice", "wonder").await, 200);
    for bad in [
        "",
        "# nothing\n",
        "basic_auth_users: {alice: hunter2}",
        "basic_auth_users: {",
        "hunter2: x",
    ] {
        put(&site.path(), bad);
        assert_eq!(site.ask("alice", "wonder").await, 200, "{bad}");
        assert_eq!(site.ask("nobody", "").await, 401, "{bad}");
    }
    fs::remove_file(site.path()).unwrap();
    assert_eq!(site.ask("nobody", "").await, 401);
    let errors: Vec<_> = site
        .exporter
        .running
        .log()
        .into_iter()
        .filter(|line| line.contains("is not good"))
        .collect();
    assert_eq!(errors.len(), 6, "each bad content once: {errors:#?}");
    assert!(!errors.concat().contains("hunter2\""), "{errors:#?}");

    put(&site.path(), "http_server_config: {}");
    assert_eq!(
        site.exporter.get("/-/healthy").await.status(),
        200,
        "a file that has no users wants none"
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
        assert_eq!(answer.headers()["x-frame-options"], "deny");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["x-xss-protection"], "0");
        assert_eq!(
            answer.headers()["strict-transport-security"],
            "max-age=31536000"
        );
        let policies: Vec<_> = answer
            .headers()
            .get_all("content-security-policy")
            .iter()
            .collect();
        assert_eq!(policies.len(), 1);
        policies[0].to_str().unwrap().to_owned()
    };
    for (path, login) in [
        ("/metrics", true),
        ("/", true),
        ("/none", true),
        ("/", false),
    ] {
        assert_eq!(policy(path, login).await, "default-src 'self'", "{path}");
    }
    put(&site.path(), &headers("default-src 'none'"));
    assert_eq!(policy("/metrics", false).await, "default-src 'none'");
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
    put(
        &site.path(),
        &(limit(3) + "http_server_config: {}\n" + &users),
    );
    assert_eq!(site.ask("alice", "wonder").await, 429);
    put(&site.path(), &(limit(2) + &users));
    assert_eq!(site.ask("alice", "wonder").await, 200);
    assert_eq!(site.ask("alice", "wonder").await, 200);
    assert_eq!(site.ask("alice", "wonder").await, 429);
    put(&site.path(), &users);
    assert_eq!(site.ask("alice", "wonder").await, 200);
}
