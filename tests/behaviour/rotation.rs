//! The password is changed at 8x8, and the file that holds it goes the long way: wrong, touched, emptied, gone,
//! right. At each step metrics, log and status page say how things stand, the old numbers stay, and nobody logs
//! in without a new password.

use std::path::{Path, PathBuf};

use eightxeight_exporter::simulator::{Credentials, Endpoint, Simulator};

use crate::fixture::{Exporter, Page, command, secret_files, simulator};

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
        command.args(["--collect.window", "1h", "--collect.interval", "200ms"]);
        command.args(["--api.max-requests-per-minute", "1000"]);
        let exporter = Exporter::start(&mut command, files).await;
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
            page.value("eightxeight_cache_requests_total")
                - page.value("eightxeight_cache_hits_total")
        };
        let before = collections(&self.exporter.page().await);
        self.exporter
            .page_where("two collections", |page| collections(page) >= before + 2.0)
            .await
    }

    async fn status(&self) -> String {
        self.exporter.get("/").await.text().await.unwrap()
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

fn put(path: &Path, text: &str) {
    // As a rotation should: nobody sees half of it.
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn a_rotation_step_by_step() {
    let mut followed = Followed::start().await;
    let old = std::fs::read_to_string(&followed.password).unwrap();
    let working = followed.exporter.page().await;
    assert_eq!(working.value("eightxeight_up"), 1.0);

    // 8x8 knows a new password and takes the token back: the file's is wrong now.
    followed.simulator.customer().set_credentials(Credentials {
        password: NEW.to_owned(),
        ..followed.simulator.credentials()
    });
    followed.simulator.tokens().revoke_all();
    let wrong = followed
        .exporter
        .page_where("the refusal", |page| {
            page.value("eightxeight_credentials_refused") == 1.0
        })
        .await;
    // The last good answer may be newer than the first page.
    let good = wrong.clone();
    assert_eq!(good.company().0.len(), working.company().0.len());
    is_refused(&wrong, &good);
    assert_eq!(followed.logins(), 2);
    let status = followed.status().await;
    assert!(
        status.contains("8x8 refused the credentials at"),
        "{status}"
    );
    assert!(status.contains("--api.password-file"), "{status}");
    assert!(status.contains("Shown is the last good answer"), "{status}");
    let failed = followed.exporter.running.line_with("reason=refused").await;
    assert!(
        failed.contains("refused the user name or the password"),
        "{failed}"
    );
    let said = followed.said();

    // Touched: the same content, written anew.
    for text in [old.as_str(), old.trim_end()] {
        put(&followed.password, text);
        is_refused(&followed.two_collections_later().await, &good);
        assert_eq!(followed.logins(), 2, "touched");
        assert_eq!(followed.said(), said, "nothing new to say");
        let status = followed.status().await;
        assert!(
            status.contains("no login with the same ones before"),
            "{status}"
        );
    }

    // Emptied: what is read isn't sent, and 8x8's last word stands.
    put(&followed.password, "");
    is_refused(&followed.two_collections_later().await, &good);
    assert_eq!(followed.logins(), 2, "emptied");
    let status = followed.status().await;
    assert!(
        status.contains("--api.password-file: the secret is empty"),
        "{status}"
    );
    let empty = followed.exporter.running.line_with("reason=secret").await;
    assert!(
        empty.contains("--api.password-file: the secret is empty"),
        "{empty}"
    );
    assert!(
        empty.contains("it is read again at the next try"),
        "{empty}"
    );
    let said = followed.said();

    // Vanished.
    std::fs::remove_file(&followed.password).unwrap();
    is_refused(&followed.two_collections_later().await, &good);
    assert_eq!(followed.logins(), 2, "vanished");
    let status = followed.status().await;
    assert!(status.contains("there is no such file"), "{status}");
    assert_eq!(
        followed.said(),
        said,
        "the log has said that the secret is missing"
    );

    // Right: it heals with the next collection.
    put(&followed.password, NEW);
    let healed = followed.two_collections_later().await;
    assert_eq!(healed.value("eightxeight_up"), 1.0);
    assert_eq!(healed.value("eightxeight_credentials_refused"), 0.0);
    assert_eq!(
        healed.get("eightxeight_api_next_login_timestamp_seconds"),
        None
    );
    assert_eq!(healed.failures("token", "bad_credentials"), 1.0);
    let end = r#"eightxeight_window_end_timestamp_seconds{window="1h"}"#;
    assert!(healed.value(end) >= good.value(end));
    assert_eq!(followed.logins(), 3);
    assert_eq!(followed.simulator.customer().logins().refused, 1);
    followed
        .exporter
        .running
        .line_with("8x8 answers again")
        .await;
    let status = followed.status().await;
    assert!(
        !status.contains("8x8 refused the credentials at"),
        "{status}"
    );
    assert!(status.contains("Collected "), "{status}");
    let all = status + &followed.exporter.running.log().join("\n");
    assert!(!all.contains(NEW) && !all.contains(old.trim_end()), "{all}");
}
