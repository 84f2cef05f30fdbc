//! The password is changed at 8x8, and the file that holds it is in turn wrong, touched, empty, gone and right. At each
//! step metrics, log and status page show the state, the old numbers stay, and nobody logs in without a new password.

use std::path::PathBuf;

use eightxeight_simulator::{Endpoint, Simulator};

use crate::fixture::{
    Exporter, KEY, PASSWORD, Page, USERNAME, assert_says, assert_silent, command, credentials, put,
    secret_files, simulator, words,
};

const NEW: &str = "canary-new-password-4b1d";

/// The exporter, and how far it has been followed.
struct Followed {
    exporter: Exporter,
    simulator: Simulator,
    password: PathBuf,
}

impl Followed {
    async fn start() -> Followed {
        let simulator = simulator().await;
        let files = secret_files();
        let password = files.path().join("password");
        let mut command = command("serve", &simulator.url(), files.path());
        let options = "--collect.window 1h --collect.interval 200ms \
            --api.max-requests-per-minute 1000";
        let exporter = Exporter::start(command.args(words(options)), files).await;
        Followed {
            exporter,
            simulator,
            password,
        }
    }

    fn logins(&self) -> u64 {
        self.simulator.requests().count(Endpoint::Token)
    }

    /// A page after two collections that began after this call: the first may have read the file as it was.
    async fn two_collections_later(&self) -> Page {
        let collections = |page: &Page| {
            let requests = page.value("eightxeight_cache_requests_total");
            requests - page.value("eightxeight_cache_hits_total")
        };
        let before = collections(&self.exporter.page().await);
        let later = |page: &Page| collections(page) >= before + 2.0;
        self.exporter.page_where("two collections", later).await
    }

    /// The status page says this.
    async fn status_says(&self, expected: &[&str]) {
        assert_says(&self.exporter.text("/").await, expected);
    }

    /// The log's lines about failures and recoveries.
    fn said(&self) -> Vec<String> {
        let mut log = self.exporter.running.log();
        log.retain(|line| line.contains("collection failed") || line.contains("answers again"));
        log
    }
}

/// Refused, and what there was is served.
fn is_refused(page: &Page, good: &Page) {
    assert_eq!(page.value("eightxeight_up"), 0.0);
    assert_eq!(page.value("eightxeight_credentials_refused"), 1.0);
    assert_eq!(page.failures("token", "bad_credentials"), 1.0);
    let until = page.value("eightxeight_api_next_login_timestamp_seconds");
    let quarter = until - page.value(r#"eightxeight_window_end_timestamp_seconds{window="1h"}"#);
    assert!((800.0..1000.0).contains(&quarter), "{quarter}");
    assert_eq!(page.company(), good.company(), "the old page is served");
}

#[tokio::test]
async fn a_rotation_step_by_step() {
    let mut followed = Followed::start().await;
    let working = followed.exporter.page().await;
    assert_eq!(working.value("eightxeight_up"), 1.0);

    // 8x8 knows a new password and takes the token back: the file's is wrong now.
    let known = credentials(KEY, USERNAME, NEW);
    followed.simulator.customer().set_credentials(known);
    followed.simulator.tokens().revoke_all();
    let refused = "eightxeight_credentials_refused";
    let wrong = followed.exporter.page_with(refused, 1.0).await;
    // The last good answer may be newer than the first page.
    let good = wrong.clone();
    assert_eq!(good.company().0.len(), working.company().0.len());
    is_refused(&wrong, &good);
    assert_eq!(followed.logins(), 2);
    let expected = [
        "8x8 refused the credentials at",
        "--api.password-file",
        "Shown is the last good answer",
    ];
    followed.status_says(&expected).await;
    let failed = followed.exporter.running.line_with("reason=refused").await;
    assert_says(&failed, &["refused the user name or the password"]);
    let said = followed.said();

    // Touched: the same content, written again.
    for text in [&format!("{PASSWORD}\n"), PASSWORD] {
        put(&followed.password, text);
        is_refused(&followed.two_collections_later().await, &good);
        assert_eq!(followed.logins(), 2, "touched");
        assert_eq!(followed.said(), said, "nothing new to say");
        let expected = "no login with the same ones before";
        followed.status_says(&[expected]).await;
    }

    // Emptied: what is read isn't sent, and 8x8's last word stands.
    put(&followed.password, "");
    is_refused(&followed.two_collections_later().await, &good);
    assert_eq!(followed.logins(), 2, "emptied");
    let is_empty = "--api.password-file: the secret is empty";
    followed.status_says(&[is_empty]).await;
    let empty = followed.exporter.running.line_with("reason=secret").await;
    assert_says(&empty, &[is_empty, "it is read again at the next try"]);
    let said = followed.said();

    // Vanished.
    std::fs::remove_file(&followed.password).unwrap();
    is_refused(&followed.two_collections_later().await, &good);
    assert_eq!(followed.logins(), 2, "vanished");
    followed.status_says(&["there is no such file"]).await;
    assert_eq!(followed.said(), said, "that it is missing was said");

    // Right: it heals with the next collection.
    put(&followed.password, NEW);
    let healed = followed.two_collections_later().await;
    assert_eq!(healed.value("eightxeight_up"), 1.0);
    assert_eq!(healed.value(refused), 0.0);
    let next_login = healed.get("eightxeight_api_next_login_timestamp_seconds");
    assert_eq!(next_login, None);
    assert_eq!(healed.failures("token", "bad_credentials"), 1.0);
    let end = r#"eightxeight_window_end_timestamp_seconds{window="1h"}"#;
    assert!(healed.value(end) >= good.value(end));
    assert_eq!(followed.logins(), 3);
    assert_eq!(followed.simulator.customer().logins().refused, 1);
    let running = &mut followed.exporter.running;
    running.line_with("8x8 answers again").await;
    let status = followed.exporter.text("/").await;
    assert_silent(&status, &["8x8 refused the credentials at"]);
    assert_says(&status, &["Collected "]);
    let all = status + &followed.exporter.running.log().join("\n");
    assert_silent(&all, &[NEW, PASSWORD]);
}
