use proptest::prelude::*;
use rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};

use rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES;

use super::*;

/// The hash of `secret`, at the least cost.
const HASH: &str = "$2y$04$.BAtMc6C5.xUUo1BuFBcYucyvpufkwavyTGhTIZyZrLk3TVII/vwC";

const PAIR: &str = "cert_file: a.crt, key_file: a.key";

fn tls(inside: &str) -> Tls {
    let text = format!("tls_server_config: {{{PAIR}, {inside}}}");
    parse(&text).unwrap().tls.unwrap()
}

fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Err(problems) => problems,
        Ok(_) => panic!("good: {text}"),
    }
}

fn suites(tls: &Tls) -> Vec<String> {
    let name = |suite: &SupportedCipherSuite| format!("{:?}", suite.suite());
    tls.suites.iter().map(name).collect()
}

#[test]
fn nothing_is_plain_http() {
    for text in [
        "",
        "\n# only words\n",
        "tls_server_config:\n",
        "tls_server_config: {}",
        "tls_server_config: {cert_file: '', key_file:}",
        "http_server_config: {http2: false}",
        "basic_auth_users: {}",
        "rate_limit: {interval: 0s, burst: 0}",
        "rate_limit: {burst: 5}",
    ] {
        let settings = parse(text).unwrap();
        assert!(
            settings.tls.is_none() && settings.users.0.is_empty(),
            "{text}"
        );
        assert!(
            settings.rate_limit.is_none() && settings.headers.is_empty(),
            "{text}"
        );
    }
    assert!(parse("").unwrap().is_empty);
    assert!(!parse("basic_auth_users: {}").unwrap().is_empty);
}

#[test]
fn without_a_certificate_settings_of_tls_are_a_mistake() {
    for key in [
        "min_version: TLS12",
        "max_version: TLS13",
        "cipher_suites: [TLS_AES_128_GCM_SHA256]",
        "curve_preferences: [X25519]",
        "prefer_server_cipher_suites: true",
    ] {
        let problems = problems(&format!("\ntls_server_config: {{{key}}}"));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].contains("line 2, tls_server_config: there is no certificate"),
            "{problems:?}"
        );
    }
    for (text, missing) in [
        ("cert_file: x", "key_file or key"),
        ("key: x", "cert_file or cert"),
        ("client_auth_type: NoClientCert", "cert_file or cert"),
        ("client_ca_file: x", "cert_file or cert"),
    ] {
        let problems = problems(&format!("tls_server_config: {{{text}}}"));
        assert!(
            problems.iter().any(|problem| problem.contains(missing)),
            "{problems:?}"
        );
    }
}

#[test]
fn versions() {
    let spoken = |inside: &str| -> Vec<_> {
        tls(inside)
            .versions
            .iter()
            .map(|version| version.version)
            .collect()
    };
    assert_eq!(spoken(""), [TLSv1_2, TLSv1_3]);
    assert_eq!(spoken("min_version: TLS13"), [TLSv1_3]);
    assert_eq!(spoken("max_version: TLS12"), [TLSv1_2]);
    assert_eq!(spoken("min_version: TLS10"), [TLSv1_2, TLSv1_3]);
    let old = parse(&format!(
        "tls_server_config: {{{PAIR}, min_version: TLS11}}"
    ))
    .unwrap();
    assert!(old.warnings[0].contains("tls_server_config.min_version"));
    for (bad, expected) in [
        (
            "max_version: TLS11",
            "max_version: TLS 1.0 and 1.1 are broken",
        ),
        (
            "max_version: TLS10, min_version: TLS10",
            "allowed is TLS12 or TLS13",
        ),
        (
            "min_version: TLS13, max_version: TLS12",
            "below min_version",
        ),
        ("min_version: TLS14", "there are TLS10, TLS11, TLS12, TLS13"),
        ("min_version: SSL30", "min_version: no such name"),
    ] {
        let problems = problems(&format!("tls_server_config: {{{PAIR}, {bad}}}"));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{problems:?}");
    }
}

#[test]
fn cipher_suites_by_gos_names() {
    assert_eq!(tls("").suites.len(), 9);
    assert_eq!(tls("cipher_suites: []").suites.len(), 9);
    assert_eq!(tls("max_version: TLS12").suites.len(), 6);
    let one = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    assert_eq!(
        suites(&tls(&format!("max_version: TLS12, cipher_suites: [{one}]"))),
        [one]
    );
    let with_new = suites(&tls(&format!("cipher_suites: [{one}]")));
    assert_eq!(
        with_new.len(),
        4,
        "a list of old suites says nothing of TLS 1.3"
    );
    assert_eq!(
        suites(&tls("cipher_suites: [TLS_AES_256_GCM_SHA384]")),
        ["TLS13_AES_256_GCM_SHA384"]
    );
    for (name, suite) in go_names::suites() {
        let text = format!("tls_server_config: {{{PAIR}, cipher_suites: [{name}, {one}]}}");
        let settings = parse(&text).unwrap();
        assert_eq!(
            settings.warnings.len(),
            usize::from(suite.is_none()),
            "{name}"
        );
    }
    let known = go_names::suites()
        .into_iter()
        .filter_map(|(_, suite)| suite);
    assert_eq!(known.count(), ALL_CIPHER_SUITES.len());
    for (bad, expected) in [
        (
            "cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]",
            "none of them is available",
        ),
        (
            "cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]",
            "no such name; there are TLS_AES",
        ),
        (
            "cipher_suites: [hunter2]",
            "no such name; there are TLS_AES",
        ),
        (
            "cipher_suites: hunter2",
            "this is a single value, not a list",
        ),
        (
            "cipher_suites: [[hunter2]]",
            "this is a list, not a single value",
        ),
        (
            "max_version: TLS12, cipher_suites: [TLS_AES_128_GCM_SHA256]",
            "none of them fits",
        ),
    ] {
        let problems = problems(&format!("tls_server_config: {{{PAIR}, {bad}}}"));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].contains("line 1, tls_server_config.cipher_suites: "),
            "{problems:?}"
        );
        assert!(problems[0].contains(expected), "{problems:?}");
    }
}

#[test]
fn curves_by_gos_names() {
    let groups = |inside: &str| -> Vec<_> {
        tls(inside)
            .groups
            .iter()
            .map(|group| format!("{:?}", group.name()))
            .collect()
    };
    assert_eq!(
        groups("curve_preferences: [CurveP384, X25519]"),
        ["secp384r1", "X25519"]
    );
    assert_eq!(
        groups("curve_preferences: [CurveP521, CurveP256]"),
        ["secp256r1"]
    );
    assert!(groups("").len() >= 3);
    let problems = problems(&format!(
        "tls_server_config: {{{PAIR}, curve_preferences: [CurveP521]}}"
    ));
    assert!(problems[0].contains("curve_preferences: none of them is available"));
}

#[test]
fn what_is_asked_of_clients() {
    for (name, auth) in go_names::CLIENT_AUTH {
        let ca = if auth == ClientAuth::None {
            ""
        } else {
            ", client_ca_file: ca"
        };
        assert_eq!(
            tls(&format!("client_auth_type: {name}{ca}")).client_auth,
            auth
        );
    }
    assert_eq!(
        tls("client_auth_type: RequestClientCert").client_auth,
        ClientAuth::Request
    );
    for (bad, expected) in [
        (
            "client_auth_type: Always",
            "client_auth_type: no such name; there are NoClientCert",
        ),
        ("client_ca_file: ca", "there is a client CA"),
        (
            "client_ca_file: ca, client_auth_type: NoClientCert",
            "there is a client CA",
        ),
        (
            "client_auth_type: RequireAndVerifyClientCert",
            "needs client_ca_file",
        ),
        (
            "client_auth_type: VerifyClientCertIfGiven",
            "needs client_ca_file",
        ),
        (
            "client_allowed_sans: [a]",
            "it needs client_auth_type: RequireAndVerify",
        ),
        (
            "client_ca: x, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]",
            "it needs client_auth_type: RequireAndVerify",
        ),
    ] {
        let problems = problems(&format!("tls_server_config: {{{PAIR}, {bad}}}"));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{problems:?}");
    }
}

#[test]
fn a_file_beats_the_text_beside_it() {
    let tls = tls("cert: hunter2, key: hunter2");
    assert!(matches!(tls.certificate.from, From::File(_)));
    assert!(matches!(tls.key.from, From::File(_)));
    let tls = parse("tls_server_config: {cert: hunter2, key: hunter2}").unwrap();
    assert!(!format!("{tls:?}").contains("hunter2"));
}

#[test]
fn headers_users_and_the_rate_limit() {
    let text = format!(
        "http_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: 0\n\
         basic_auth_users:\n  alice: {HASH}\n  'b c': {HASH}\nrate_limit: {{interval: 1m30s, burst: 10}}\n"
    );
    let settings = parse(&text).unwrap();
    assert_eq!(settings.headers.len(), 2);
    assert_eq!(settings.headers[1].1, "0");
    assert_eq!(settings.users.0.len(), 2);
    let limit = settings.rate_limit.unwrap();
    assert_eq!((limit.interval.as_secs(), limit.burst), (90, 10));
    assert!(!format!("{settings:?}").contains("alice") && !format!("{settings:?}").contains("$2y"));

    for (bad, expected) in [
        (
            "http_server_config: {headers: {Server: x}}",
            "line 1, http_server_config.headers.Server: no such key",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: hunter2}}",
            "headers.X-Frame-Options: allowed is deny and sameorigin",
        ),
        (
            "http_server_config: {headers: {X-Content-Type-Options: ''}}",
            "allowed is nosniff",
        ),
        (
            "http_server_config: {headers: {Content-Security-Policy: \"a\\nhunter2\"}}",
            "can't hold these characters",
        ),
        (
            "http_server_config: {http2: hunter2}",
            "http_server_config.http2: allowed is true and false",
        ),
        (
            "basic_auth_users: {alice: hunter2}",
            "line 1, basic_auth_users: a user's value is not a bcrypt hash",
        ),
        ("basic_auth_users: {alice: }", "not a bcrypt hash"),
        ("basic_auth_users: {alice: [hunter2]}", "this is a list"),
        (
            "basic_auth_users: {alice: $2b$03$.BAtMc6C5.xUUo1BuFBcYucyvpufkwavyTGhTIZyZrLk3TVII/vwC}",
            "not a bcrypt hash",
        ),
        ("basic_auth_users: [hunter2]", "this is a list, not a map"),
        (
            "rate_limit: {interval: 1s}",
            "rate_limit: with an interval and a burst of 0",
        ),
        (
            "rate_limit: {interval: 1s, burst: 0}",
            "everything would be refused",
        ),
        (
            "rate_limit: {interval: hunter2, burst: 1}",
            "rate_limit.interval: not a duration",
        ),
        (
            "rate_limit: {interval: -1s, burst: 1}",
            "rate_limit.interval: not a duration",
        ),
        (
            "rate_limit: {interval: 1s, burst: -1}",
            "rate_limit.burst: not a whole number",
        ),
    ] {
        let problems = problems(bad);
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{expected}: {problems:?}"
        );
        let all = problems.concat();
        assert!(
            !all.contains("hunter2") && !all.contains("alice"),
            "{problems:?}"
        );
    }
}

#[test]
fn all_at_once_with_lines_and_keys() {
    let text = "tls_server_config:\n  cert_file: hunter2\n  cert_flie: hunter2\n  cert_file: hunter2\n\
                basic_auth: {hunter2: hunter2}\nbasic_auth_users:\n  alice: hunter2\n  alice: hunter2\n";
    let problems = problems(text);
    for expected in [
        "line 3, tls_server_config.cert_flie: no such key; there are cert_file, cert, key_file",
        "line 4, tls_server_config: the same key twice",
        "tls_server_config: TLS needs key_file or key",
        "line 5, basic_auth: no such key; there are tls_server_config, http_server_config, basic_auth_users, rate_limit",
        "line 7, basic_auth_users: a user's value is not a bcrypt hash",
        "line 8, basic_auth_users: the same key twice",
    ] {
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{expected}: {problems:#?}"
        );
    }
    assert!(!problems.concat().contains("hunter2"), "{problems:#?}");
    for text in [
        "tls_server_config: {",
        "- a\n",
        "just text",
        "a: b: c",
        "a: *b",
        "\t\n x",
    ] {
        assert!(problems_of(text), "{text}");
    }
}

fn problems_of(text: &str) -> bool {
    parse(text).is_err_and(|problems| problems[0].contains("line ") || problems[0].contains("YAML"))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(tls_server_config|basic_auth_users|rate_limit|http_server_config|headers|interval|burst|cert_file|[a-z{}:\\[\\],'\"|>&*!#$%\n -]){0,40}") {
        if let Err(problems) = parse(&text) {
            prop_assert!(!problems.is_empty());
        }
    }
}
