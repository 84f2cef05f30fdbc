//! The web configuration's file: what is good, what isn't, and how one is told.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::certificates::{Authority, hash};
use crate::fixture::{clean_command, run};

const DOCUMENT: &str = include_str!("../../docs/web-config.md");

const PAIR: &str = "cert_file: server.crt, key_file: server.key";

/// A directory with a certificate, its key, and an authority.
fn directory() -> TempDir {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new("The tests");
    let pair = authority.server();
    let put = |name: &str, text: &str| fs::write(files.path().join(name), text).unwrap();
    put("server.crt", &pair.certificate);
    put("server.key", &pair.key);
    put("other.key", &authority.server().key);
    put("ca.crt", &authority.pem());
    put("empty", "");
    put("text", "hunter2");
    put(
        "encrypted.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyMg==\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    put("torn.crt", "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n");
    put(
        "junk.crt",
        "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n",
    );
    files
}

/// What the exporter says of a web configuration: its exit code and all lines.
fn check(files: &Path, text: &str, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
    let path = files.join("web.yml");
    fs::write(&path, text).unwrap();
    let output = clean_command()
        .arg("demo")
        .arg("--web.config.file")
        .arg(&path)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let lines = said
        .lines()
        .map(|line| line.replace(path.to_str().unwrap(), "FILE"));
    (output.status.code(), lines.collect())
}

/// Whether a real promtool takes it.
fn promtool(files: &Path, text: &str) -> (bool, String) {
    let path = files.join("promtool.yml");
    fs::write(&path, text).unwrap();
    run(
        Command::new("promtool")
            .args(["check", "web-config"])
            .arg(path),
        "",
    )
}

#[test]
fn good_files_are_good_for_promtool_too() {
    let files = directory();
    let hash = hash("x");
    for text in [
        String::new(),
        "# nothing\n".to_owned(),
        "tls_server_config:\n".to_owned(),
        "http_server_config: {http2: false}\n".to_owned(),
        format!("tls_server_config: {{{PAIR}}}\n"),
        format!("tls_server_config: {{cert_file: {0}/server.crt, key_file: {0}/server.key}}\n", files.path().display()),
        format!("tls_server_config: {{{PAIR}, client_auth_type: NoClientCert}}\n"),
        format!("tls_server_config: {{{PAIR}, client_auth_type: RequestClientCert}}\n"),
        format!("tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert, client_ca_file: ca.crt}}\n"),
        format!("tls_server_config: {{{PAIR}, client_auth_type: RequireClientCert}}\n"),
        format!("tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.crt}}\n"),
        format!("tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}}\n"),
        format!("tls_server_config: {{{PAIR}, min_version: TLS10, max_version: TLS12}}\n"),
        format!("tls_server_config: {{{PAIR}, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], prefer_server_cipher_suites: false, curve_preferences: [CurveP521, CurveP256, CurveP384, X25519]}}\n"),
        "http_server_config: {headers: {X-Frame-Options: sameorigin, X-Content-Type-Options: nosniff, X-XSS-Protection: '1; mode=block', Strict-Transport-Security: '', Content-Security-Policy: x}}\n".to_owned(),
        format!("basic_auth_users: {{alice: '{hash}', 'bob smith': '{}'}}\n", hash.replace("$2b$", "$2y$")),
        "basic_auth_users: {}\n".to_owned(),
    ] {
        let (code, said) = check(files.path(), &text, &["--config.check"]);
        assert_eq!(code, Some(0), "{text}: {said:#?}");
        assert_eq!(said, ["the configuration is good"]);
        let (good, said) = promtool(files.path(), &text);
        assert!(good, "{text}: {said}");
    }
}

#[test]
fn files_that_only_newer_tools_know() {
    let files = directory();
    let [certificate, key] = ["server.crt", "server.key"].map(|name| {
        fs::read_to_string(files.path().join(name))
            .unwrap()
            .replace('\n', "\n    ")
    });
    for text in [
        format!("tls_server_config:\n  cert: |\n    {certificate}\n  key: |\n    {key}\n"),
        format!(
            "tls_server_config:\n  cert: |\n    {certificate}\n  key_file: server.key\n  key: hunter2\n"
        ),
        format!(
            "tls_server_config: {{{PAIR}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [a]}}"
        ),
        format!("tls_server_config: {{{PAIR}, curve_preferences: [X25519MLKEM768]}}"),
        "rate_limit: {interval: 1s, burst: 10}\n".to_owned(),
    ] {
        let (code, said) = check(files.path(), &text, &["--config.check"]);
        assert_eq!(code, Some(0), "{text}: {said:#?}");
    }
}

#[test]
fn files_that_are_not_good_are_told_with_line_and_key_and_without_a_value() {
    let files = directory();
    for (text, expected) in [
        (
            "{cert_file: hunter2, key_file: server.key}",
            "tls_server_config.cert_file: can't read the file: No such file",
        ),
        (
            "{cert_file: server.crt, key_file: hunter2}",
            "tls_server_config.key_file: can't read the file: No such file",
        ),
        (
            "{cert_file: ., key_file: server.key}",
            "tls_server_config.cert_file: can't read the file: it is no regular file",
        ),
        (
            "{cert_file: empty, key_file: server.key}",
            "tls_server_config.cert_file: there is no certificate in it",
        ),
        (
            "{cert_file: text, key_file: server.key}",
            "tls_server_config.cert_file: there is no certificate in it",
        ),
        (
            "{cert_file: server.key, key_file: server.key}",
            "tls_server_config.cert_file: there is no certificate in it",
        ),
        (
            "{cert_file: torn.crt, key_file: server.key}",
            "tls_server_config.cert_file: this is no PEM that can be read",
        ),
        (
            "{cert_file: junk.crt, key_file: server.key}",
            "tls_server_config.key_file: the certificate and this key can't be used",
        ),
        (
            "{cert_file: server.crt, key_file: empty}",
            "tls_server_config.key_file: there is no key in it",
        ),
        (
            "{cert_file: server.crt, key_file: encrypted.key}",
            "not an encrypted one",
        ),
        (
            "{cert_file: server.crt, key_file: other.key}",
            "tls_server_config.key_file: the key is not that of the certificate",
        ),
        (
            "{cert_file: server.crt, key: hunter2}",
            "tls_server_config.key: there is no key in it",
        ),
        (
            "{cert: hunter2, key_file: server.key}",
            "tls_server_config.cert: there is no certificate in it",
        ),
        (
            "{cert_file: server.crt, key_file: server.key, client_ca_file: hunter2, client_auth_type: RequireAndVerifyClientCert}",
            "tls_server_config.client_ca_file: can't read the file",
        ),
        (
            "{cert_file: server.crt, key_file: server.key, client_ca_file: empty, client_auth_type: RequireAndVerifyClientCert}",
            "tls_server_config.client_ca_file: there is no certificate in it",
        ),
        (
            "{cert_file: server.crt, key_file: server.key, client_ca_file: junk.crt, client_auth_type: RequireAndVerifyClientCert}",
            "tls_server_config.client_ca_file: a certificate in it can't be used",
        ),
        (
            "{min_version: TLS13}",
            "tls_server_config: there is no certificate",
        ),
        (
            "{cert_file: server.crt, key_file: server.key, max_version: TLS11}",
            "allowed is TLS12 or TLS13",
        ),
        (
            "{cert_file: server.crt, key_file: server.key, hunter3: hunter2}",
            "tls_server_config.hunter3: no such key; there are cert_file",
        ),
    ] {
        let text = format!("\n\ntls_server_config: {text}\n");
        let (code, said) = check(files.path(), &text, &["--config.check"]);
        assert_eq!(code, Some(2), "{text}");
        assert_eq!(said.len(), 1, "{text}: {said:#?}");
        assert!(
            said[0].starts_with("error: --web.config.file: FILE: line 3, tls_server_config"),
            "{said:#?}"
        );
        assert!(said[0].contains(expected), "{expected}: {said:#?}");
        assert!(!said[0].contains("hunter2"), "{said:#?}");
    }
}

#[test]
fn a_bad_one_stops_the_start_and_is_told_with_all_else_that_is_wrong() {
    let files = directory();
    let text = "tls_server_config: {cert_file: no.crt, key_file: no.key}\nbasic_auth_users: {}\n";
    for check_only in [&[][..], &["--config.check"]] {
        let bad = [check_only, &["--collect.interval", "soon"]].concat();
        let (code, said) = check(files.path(), text, &bad);
        assert_eq!(code, Some(2));
        assert_eq!(said.len(), 3, "{said:#?}");
        for expected in ["cert_file", "key_file", "--collect.interval: `soon`"] {
            assert!(said.iter().any(|line| line.contains(expected)), "{said:#?}");
        }
    }
    let text = "basic_auth_users: {a: x}\nrate_limit: {interval: 1s}\nhttp_server_config: {headers: {Server: x}}\n";
    let (code, said) = check(files.path(), text, &[]);
    assert_eq!((code, said.len()), (Some(2), 3), "{said:#?}");

    let missing = files.path().join("none.yml");
    let output = clean_command()
        .arg("demo")
        .arg("--web.config.file")
        .arg(&missing)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("--web.config.file: can't read the file: No such file")
            && !said.contains("none.yml"),
        "{said}"
    );
}

#[test]
fn the_configuration_file_can_name_it() {
    let files = directory();
    fs::write(files.path().join("web.yml"), "rate_limit: {interval: 1s}").unwrap();
    let config = files.path().join("config.yml");
    fs::write(&config, "web: {config: {file: web.yml}}\naccounts: {}\n").unwrap();
    let check = || {
        let output = clean_command()
            .arg("--config.file")
            .arg(&config)
            .arg("--config.check")
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, said) = check();
    assert_eq!(code, Some(2));
    assert!(said.contains("web.yml: line 1, rate_limit: "), "{said}");
    fs::write(files.path().join("web.yml"), "").unwrap();
    assert_eq!(check(), (Some(0), String::new()));
}

#[test]
fn the_documents_examples_are_good() {
    let files = directory();
    let blocks: Vec<&str> = DOCUMENT
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [everything, newer, prometheus] = blocks[..] else {
        panic!("{} examples", blocks.len());
    };
    for text in [everything, newer] {
        let (code, said) = check(files.path(), text, &["--config.check"]);
        assert_eq!(code, Some(0), "{said:#?}");
    }
    let (good, said) = promtool(files.path(), everything);
    assert!(good, "{said}");
    let hash = everything.split("prometheus: ").last().unwrap().trim();
    assert!(bcrypt::verify("change me", hash).unwrap());

    for name in ["client.crt", "client.key", "password"] {
        fs::copy(
            files
                .path()
                .join(name.replace("client", "server").replace("password", "text")),
            files.path().join(name),
        )
        .unwrap();
    }
    let path = files.path().join("prometheus.yml");
    fs::write(&path, prometheus).unwrap();
    let (good, said) = run(
        Command::new("promtool").args(["check", "config"]).arg(path),
        "",
    );
    assert!(good, "{said}");
}
