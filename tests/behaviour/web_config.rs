//! The web configuration's file: which ones are accepted, and what is said of the others.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::certificates::{Authority, hash};
use crate::fixture::{Ended, assert_says, assert_silent, clean_command, finish, run};

const PAIR: &str = "cert_file: server.crt, key_file: server.key";

/// A directory with a certificate, its key, and an authority.
fn directory() -> TempDir {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new("The tests");
    let pair = authority.server();
    let put = |name: &str, text: &str| fs::write(files.path().join(name), text).unwrap();
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\naHVudGVyMg==\n-----END {kind}-----\n");
    put("server.crt", &pair.certificate);
    put("server.key", &pair.key);
    put("other.key", &authority.server().key);
    put("ca.crt", &authority.pem());
    put("empty", "");
    put("text", "hunter2");
    put("encrypted.key", &pem("ENCRYPTED PRIVATE KEY"));
    put("torn.crt", "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n");
    put("junk.crt", &pem("CERTIFICATE"));
    files
}

/// The exporter with a web configuration.
fn with(path: &Path, arguments: &[&str]) -> Ended {
    let mut demo = clean_command();
    demo.args(["demo", "--web.config.file"]).arg(path);
    finish(demo.args(arguments))
}

/// What the exporter says of a web configuration: its exit code and all lines.
fn check(files: &Path, text: &str, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
    let path = files.join("web.yml");
    fs::write(&path, text).unwrap();
    let ended = with(&path, arguments);
    let said = ended.said().replace(path.to_str().unwrap(), "FILE");
    (ended.code, said.lines().map(str::to_owned).collect())
}

/// Whether a real promtool takes it.
fn promtool(files: &Path, text: &str) -> (bool, String) {
    let path = files.join("promtool.yml");
    fs::write(&path, text).unwrap();
    let mut promtool = Command::new("promtool");
    run(promtool.args(["check", "web-config"]).arg(path), "")
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
        // Some files are good and have something to be warned of.
        assert_eq!(said[0], "the configuration is good");
        let (good, said) = promtool(files.path(), &text);
        assert!(good, "{text}: {said}");
    }
}

#[test]
fn files_that_only_newer_tools_know() {
    let files = directory();
    let [certificate, key] = ["server.crt", "server.key"].map(|name| {
        let pem = fs::read_to_string(files.path().join(name)).unwrap();
        pem.replace('\n', "\n    ")
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
    let text = "rate_limit: {interval: 1, burst: 10}\n";
    let (code, said) = check(files.path(), text, &["--config.check"]);
    assert_eq!(code, Some(0), "{said:#?}");
    assert_says(
        &said.concat(),
        &["warning", "rate_limit.interval: 1ns limits nothing"],
    );
}

/// Keys under `tls_server_config`, and what is said of them.
const BAD: &str = "
cert_file: hunter2, key_file: server.key => .cert_file: can't read the file: No such file
cert_file: server.crt, key_file: hunter2 => .key_file: can't read the file: No such file
cert_file: ., key_file: server.key => .cert_file: can't read the file: it isn't a regular file
cert_file: empty, key_file: server.key => .cert_file: there is no certificate in it
cert_file: text, key_file: server.key => .cert_file: there is no certificate in it
cert_file: server.key, key_file: server.key => .cert_file: there is no certificate in it
cert_file: torn.crt, key_file: server.key => .cert_file: invalid PEM
cert_file: junk.crt, key_file: server.key => .key_file: the certificate and this key can't be used
cert_file: server.crt, key_file: empty => .key_file: there is no key in it
cert_file: server.crt, key_file: encrypted.key => not an encrypted one
cert_file: server.crt, key_file: other.key => .key_file: the key and the certificate do not match
cert_file: server.crt, key: hunter2 => .key: there is no key in it
cert: hunter2, key_file: server.key => .cert: there is no certificate in it
PAIR, VERIFY, client_ca_file: hunter2 => .client_ca_file: can't read the file
PAIR, VERIFY, client_ca_file: empty => .client_ca_file: there is no certificate in it
PAIR, VERIFY, client_ca_file: junk.crt => .client_ca_file: a certificate in it can't be used
min_version: TLS13 => : there is no certificate
PAIR, max_version: TLS11 => allowed is TLS12 or TLS13
PAIR, other: hunter2 => .other: no such key; there are cert_file
PAIR, hunter2 => .(hidden: it may be a secret): no such key; there are cert_file
PAIR, key:hunter2 => .key: put a space after the `:`
";

#[test]
fn files_that_are_not_good_are_told_with_line_and_key_and_without_a_value() {
    const VERIFY: &str = "client_auth_type: RequireAndVerifyClientCert";
    let files = directory();
    let bad = BAD.replace("PAIR", PAIR).replace("VERIFY", VERIFY);
    for (keys, expected) in bad.lines().filter_map(|line| line.split_once(" => ")) {
        let text = format!("\n\ntls_server_config: {{{keys}}}\n");
        let (code, said) = check(files.path(), &text, &["--config.check"]);
        assert_eq!((code, said.len()), (Some(2), 1), "{text}: {said:#?}");
        let start = "error: --web.config.file: FILE: line 3, tls_server_config";
        let rest = said[0].strip_prefix(start);
        let rest = rest.unwrap_or_else(|| panic!("{said:#?}"));
        assert!(
            !expected.starts_with(['.', ':']) || rest.starts_with(expected),
            "{keys}: {rest}"
        );
        assert_says(rest, &[expected]);
        assert_silent(rest, &["hunter2"]);
    }
}

#[test]
fn a_bad_one_stops_the_start_and_is_told_with_all_else_that_is_wrong() {
    let files = directory();
    let text = "tls_server_config: {cert_file: no.crt, key_file: no.key}\nbasic_auth_users: {}\n";
    for check_only in [&[][..], &["--config.check"]] {
        let bad = [check_only, &["--collect.interval", "soon"]].concat();
        let (code, said) = check(files.path(), text, &bad);
        assert_eq!((code, said.len()), (Some(2), 3), "{said:#?}");
        let expected = ["cert_file", "key_file", "--collect.interval: `soon`"];
        assert_says(&said.concat(), &expected);
    }
    let text = "basic_auth_users: {a: x}\nrate_limit: {interval: 1s}\nhttp_server_config: {headers: {Server: x}}\n";
    let (code, said) = check(files.path(), text, &[]);
    assert_eq!((code, said.len()), (Some(2), 3), "{said:#?}");

    let missing = with(&files.path().join("none.yml"), &[]);
    assert_eq!(missing.code, Some(2));
    let expected = "--web.config.file: can't read the file: No such file";
    assert_says(&missing.errors, &[expected]);
    assert_silent(&missing.errors, &["none.yml"]);
}

#[test]
fn the_configuration_file_can_name_it() {
    let files = directory();
    fs::write(files.path().join("web.yml"), "rate_limit: {interval: 1s}").unwrap();
    let config = files.path().join("config.yml");
    fs::write(&config, "web: {config: {file: web.yml}}\naccounts: {}\n").unwrap();
    let options = ["--config.check", "--config.file"];
    let check = || finish(clean_command().args(options).arg(&config));
    let bad = check();
    assert_eq!(bad.code, Some(2));
    assert_says(&bad.errors, &["web.yml: line 1, rate_limit: "]);
    fs::write(files.path().join("web.yml"), "").unwrap();
    let good = check();
    assert_eq!(good.code, Some(0));
    assert_silent(&good.errors, &["web.yml"]);
}

#[test]
fn the_documented_hash_is_of_the_documented_password() {
    let document = include_str!("../../docs/web-config.md");
    let hash = document.split("  prometheus: $").nth(1).unwrap();
    let hash = format!("${}", hash.lines().next().unwrap());
    assert!(bcrypt::verify("change me", &hash).unwrap());
}
