use std::fs;

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
