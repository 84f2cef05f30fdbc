use std::fs;
use std::time::Duration;

use tokio::time::timeout;

use super::*;

/// Puts texts into force one after the other, starting with `first`; says which were rejected.
async fn rejected(first: &str, then: &[&str]) -> Vec<bool> {
    let directory = tempfile::tempdir().unwrap();
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(directory.path().join("a.crt"), cert.pem()).unwrap();
    fs::write(directory.path().join("a.key"), signing_key.serialize_pem()).unwrap();
    let path = directory.path().join("web.yml");
    fs::write(&path, first).unwrap();
    let security = WebSecurity::open(&path).unwrap();
    let mut before = security.rules().await;
    let mut rejected = Vec::new();
    for text in then {
        fs::write(&path, text).unwrap();
        let now = security.rules().await;
        rejected.push(Arc::ptr_eq(&before, &now));
        before = now;
    }
    rejected
}

#[tokio::test]
async fn a_file_that_loses_its_users_changes_nothing() {
    let hash = bcrypt::hash("wonder", 4).unwrap();
    let users = format!("basic_auth_users: {{alice: '{hash}'}}\n");
    let others = format!("basic_auth_users: {{bob: '{hash}'}}\n");
    let then = ["", "{}", "basic_auth_users:", "http_server_config: {}"];
    assert_eq!(rejected(&users, &then).await, [true; 4]);
    assert_eq!(rejected(&users, &[&others, "{}"]).await, [false, true]);
    let limit = "rate_limit: {interval: 1s, burst: 1}";
    assert_eq!(rejected(limit, &["http_server_config: {}"]).await, [false]);
}

#[tokio::test]
async fn a_file_that_loses_its_client_certificates_changes_nothing() {
    let tls =
        |rest: &str| format!("tls_server_config: {{cert_file: a.crt, key_file: a.key{rest}}}");
    let demand = |name| format!(", client_ca_file: a.crt, client_auth_type: {name}");
    let strict = demand("RequireAndVerifyClientCert");
    let first = tls(&format!("{strict}, client_allowed_sans: [a]"));
    for (lax, is_rejected) in [
        (tls(""), true),
        (tls(", client_auth_type: RequestClientCert"), true),
        (tls(", client_auth_type: RequireAnyClientCert"), true),
        (tls(&demand("VerifyClientCertIfGiven")), true),
        (tls(&strict), true),
        ("http_server_config: {}".to_owned(), true),
        (tls(&format!("{strict}, client_allowed_sans: [b]")), false),
    ] {
        assert_eq!(rejected(&first, &[&lax]).await, [is_rejected], "{lax}");
    }
}

#[tokio::test]
async fn tls_that_waits_for_a_restart_can_be_taken_back() {
    let tls = "tls_server_config: {cert_file: a.crt, key_file: a.key}";
    let plain = "http_server_config: {headers: {X-Frame-Options: deny}}";
    assert_eq!(rejected(plain, &[tls, plain]).await, [false, false]);
}

#[test]
fn files_that_hang_hold_one_thread_and_leave_the_rules_in_force() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.yml");
    fs::write(&path, "rate_limit: {interval: 1s, burst: 1}").unwrap();
    let security = WebSecurity::open(&path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        // While the only thread is taken, no file can be read.
        let (release, hanging) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || hanging.recv());
        let before = security.current.load_full();
        for _ in 0..3 {
            let hangs_up = Duration::from_millis(10);
            assert!(timeout(hangs_up, security.rules()).await.is_err());
        }
        let files = security.reading.lock().await.files.clone();
        assert_eq!(Arc::strong_count(&files), 3, "one reading was begun");
        for _ in 0..3 {
            let now = timeout(Duration::from_secs(30), security.rules()).await;
            assert!(Arc::ptr_eq(&before, &now.expect("it waits for the files")));
        }
        assert_eq!(Arc::strong_count(&files), 3, "and none after it");
        drop(release);
        let is_late = |reading: &Reading| !reading.next.as_ref().unwrap().1.is_finished();
        while is_late(&*security.reading.lock().await) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        fs::write(&path, "http_server_config: {}").unwrap();
        let now = security.rules().await;
        assert!(
            now.bucket.is_none(),
            "a late reading is followed by another"
        );
    });
}
