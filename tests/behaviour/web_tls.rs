//! TLS and client certificates, as the web configuration asks for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, NamedGroup};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::certificates::{Authority, Pair, dns, email, hash, ip, uri};
use crate::fixture::{
    Exporter, Prometheus, SCRAPED, assert_says, assert_silent, clean_command, client, finish,
    free_port, put, until_true,
};

const SERVER: &str = "cert_file: server.crt, key_file: server.key";

/// An exporter behind a web configuration.
pub(crate) struct Site {
    pub(crate) exporter: Exporter,
    authority: Authority,
    files: TempDir,
}

impl Site {
    pub(crate) async fn new(config: &str) -> Site {
        Site::with(config, &[]).await
    }

    async fn with(config: &str, options: &[&str]) -> Site {
        let authority = Authority::new("The tests");
        let files = tempfile::tempdir().unwrap();
        let mut command = clean_command();
        command.args(["demo", "--log.level", "trace", "--web.enable-lifecycle"]);
        command
            .arg("--web.config.file")
            .arg(files.path().join("web.yml"));
        let put = |name: &str, text: &str| put(&files.path().join(name), text);
        put("ca.crt", &authority.pem());
        put("web.yml", config);
        install(files.path(), &authority.server());
        let exporter = Exporter::start(command.args(options), tempfile::tempdir().unwrap()).await;
        Site {
            exporter,
            authority,
            files,
        }
    }

    /// Replaces one of its files.
    pub(crate) fn put(&self, name: &str, text: &str) {
        put(&self.path(name), text);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn install(&self, pair: &Pair) {
        install(self.files.path(), pair);
    }

    /// The certificate that is shown now.
    async fn shown(&self) -> CertificateDer<'static> {
        self.authority.shown(self.exporter.address()).await
    }

    fn url(&self) -> String {
        format!("https://{}/metrics", self.exporter.address())
    }

    /// Whether a client with this certificate gets the page.
    async fn lets_in(&self, identity: Option<&Pair>) -> bool {
        let sent = self.authority.client(identity).get(self.url()).send().await;
        sent.is_ok_and(|answer| answer.status() == 200)
    }

    async fn up(&self, job: &str) {
        let directory = self.files.path().display();
        let address = self.exporter.address();
        let job = format!(
            "scheme: https, {}, static_configs: [{{targets: ['{address}']}}]",
            job.replace("DIR", &directory.to_string())
        );
        let prometheus = Prometheus::with(&job).await;
        prometheus.query_until(SCRAPED, 1).await;
    }
}

fn install(files: &Path, pair: &Pair) {
    put(&files.join("server.crt"), &pair.certificate);
    put(&files.join("server.key"), &pair.key);
}

#[tokio::test]
async fn a_real_prometheus_scrapes_over_tls_with_basic_auth() {
    let hash = hash("open sesame");
    let site = Site::new(&format!(
        "tls_server_config: {{{SERVER}}}\nbasic_auth_users: {{prometheus: '{hash}'}}\n"
    ))
    .await;
    assert!(!site.lets_in(None).await, "nobody without a password");
    site.up("tls_config: {ca_file: DIR/ca.crt}, basic_auth: {username: prometheus, password: open sesame}")
        .await;
}

#[tokio::test]
async fn a_real_prometheus_scrapes_over_mutual_tls() {
    let site = Site::new(&format!(
        "tls_server_config: {{{SERVER}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert}}"
    ))
    .await;
    assert!(!site.lets_in(None).await, "nobody without a certificate");
    let Pair { certificate, key } = site.authority.issue(&[dns("prometheus")]);
    site.put("client.crt", &certificate);
    site.put("client.key", &key);
    site.up(
        "tls_config: {ca_file: DIR/ca.crt, cert_file: DIR/client.crt, key_file: DIR/client.key}",
    )
    .await;
}

#[tokio::test]
async fn each_demand_on_clients_lets_in_whom_it_should() {
    for (demand, nobody, stranger) in [
        ("NoClientCert", true, true),
        ("RequestClientCert", true, true),
        ("RequireAnyClientCert", false, true),
        ("RequireClientCert", false, true),
        ("VerifyClientCertIfGiven", true, false),
        ("RequireAndVerifyClientCert", false, false),
    ] {
        let ca = match demand {
            "NoClientCert" => "",
            _ => ", client_ca_file: ca.crt",
        };
        let config = format!("tls_server_config: {{{SERVER}, client_auth_type: {demand}{ca}}}");
        let site = Site::new(&config).await;
        let known = site.authority.issue(&[dns("prometheus")]);
        let foreign = Authority::new("Somebody else").issue(&[dns("prometheus")]);
        assert!(site.lets_in(Some(&known)).await, "{demand}, known");
        assert_eq!(site.lets_in(None).await, nobody, "{demand}, none");
        // rustls' client shows no certificate of an authority that the server doesn't name.
        let lets_in = site.lets_in(Some(&foreign)).await;
        assert_eq!(lets_in, stranger, "{demand}, foreign");
    }
}

#[tokio::test]
async fn a_client_needs_one_of_the_allowed_names() {
    let site = Site::new(&format!(
        "tls_server_config: {{{SERVER}, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert, \
         client_allowed_sans: [prometheus.example.org, ops@example.org, 192.0.2.7, '2001:db8::7', 'spiffe://example.org/prometheus']}}"
    ))
    .await;
    for good in [
        vec![dns("prometheus.example.org")],
        vec![email("ops@example.org")],
        vec![ip("192.0.2.7")],
        vec![ip("2001:db8::7")],
        vec![uri("spiffe://example.org/prometheus")],
        vec![dns("other.example.org"), email("ops@example.org")],
    ] {
        let pair = site.authority.issue(&good);
        assert!(site.lets_in(Some(&pair)).await, "{good:?}");
    }
    for bad in [
        vec![],
        vec![dns("example.org")],
        vec![dns("*.example.org")],
        vec![dns("prometheus.example.org.evil.example")],
        vec![email("ops@example.com")],
        vec![ip("192.0.2.70")],
        vec![uri("spiffe://example.org/prometheus/2")],
    ] {
        let pair = site.authority.issue(&bad);
        assert!(!site.lets_in(Some(&pair)).await, "{bad:?}");
    }
    assert!(!site.lets_in(None).await);
    let foreign = Authority::new("Somebody else").issue(&[dns("prometheus.example.org")]);
    assert!(!site.lets_in(Some(&foreign)).await);
}

#[tokio::test]
async fn versions_suites_and_curves_are_those_that_are_configured() {
    let site = Site::new(&format!(
        "tls_server_config: {{{SERVER}, max_version: TLS12, curve_preferences: [CurveP384], \
         cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}}"
    ))
    .await;
    let handshake = async |site: &Site, versions: &[_]| {
        let address = site.exporter.address();
        let protocols = ["h2", "http/1.1"];
        site.authority
            .handshake(address, versions, &protocols)
            .await
    };
    let stream = handshake(&site, &[&TLS12, &TLS13]).await.unwrap();
    let session = stream.get_ref().1;
    let negotiated = session.negotiated_cipher_suite().unwrap().suite();
    let expected = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    assert_eq!(negotiated, expected);
    let group = session.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, NamedGroup::secp384r1);
    let spoken = session.alpn_protocol();
    assert_eq!(spoken, Some(&b"http/1.1"[..]), "http2 is only accepted");
    assert!(handshake(&site, &[&TLS13]).await.is_err());
    let log = site.exporter.running.log();
    let warning = log.iter().find(|line| line.contains("level=warn"));
    let unavailable = "TLS_RSA_WITH_AES_128_CBC_SHA is not available";
    assert_says(warning.unwrap(), &[unavailable]);

    let site = Site::new(&format!(
        "tls_server_config: {{{SERVER}, min_version: TLS13}}\nhttp_server_config: {{http2: true}}"
    ))
    .await;
    assert!(handshake(&site, &[&TLS12]).await.is_err());
    assert!(handshake(&site, &[&TLS13]).await.is_ok());
}

#[tokio::test]
async fn a_new_certificate_is_shown_at_once_and_a_broken_pair_keeps_the_last_good_one() {
    let mut site = Site::new(&format!("tls_server_config: {{{SERVER}}}")).await;
    let kept = site.authority.client(None);
    assert_eq!(kept.get(site.url()).send().await.unwrap().status(), 200);

    let second = site.authority.server();
    site.install(&second);
    assert_eq!(site.shown().await, second.der());
    assert_eq!(kept.get(site.url()).send().await.unwrap().status(), 200);

    // Half of a rotation: the new certificate with the old key.
    let third = site.authority.server();
    site.put("server.crt", &third.certificate);
    assert_eq!(site.shown().await, second.der());
    let mismatch = "the key and the certificate do not match";
    let line = site.exporter.running.line_with(mismatch).await;
    let all_else = "TLS stays as it was; all else of the new web configuration is in force";
    assert_says(&line, &["tls_server_config.key_file", all_else]);
    assert_silent(&site.exporter.running.log().concat(), &["stays in force"]);
    site.put("server.key", &third.key);
    assert_eq!(site.shown().await, third.der());

    for broken in ["", "-----BEGIN CERTIFICATE-----\nAAAA", "hunter2"] {
        site.put("server.crt", broken);
        assert_eq!(site.shown().await, third.der(), "{broken}");
    }
    fs::remove_file(site.path("server.key")).unwrap();
    assert_eq!(site.shown().await, third.der());
    site.install(&second);
    assert_eq!(site.shown().await, second.der());
    let log = site.exporter.running.log().concat();
    assert_silent(&log, &["hunter2", "--BEGIN"]);
}

#[tokio::test]
async fn tls_is_not_turned_off_by_a_file_that_loses_it() {
    let mut site = Site::new(&format!("tls_server_config: {{{SERVER}}}")).await;
    for text in ["", "http_server_config: {headers: {X-Frame-Options: deny}}"] {
        site.put("web.yml", text);
        assert!(site.lets_in(None).await, "{text}");
    }
    let why = "turning TLS on or off needs a restart";
    site.exporter.running.line_with(why).await;
}

#[tokio::test]
async fn client_certificates_are_not_waived_by_a_file_that_loses_them() {
    let demand = "client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert";
    let names = "client_allowed_sans: [prometheus]";
    let config = format!("tls_server_config: {{{SERVER}, {demand}, {names}}}");
    let mut site = Site::new(&config).await;
    let [good, other] = ["prometheus", "other"].map(|name| site.authority.issue(&[dns(name)]));
    for (rest, why) in [
        ("", "asks less of client certificates"),
        (", client_auth_type: RequestClientCert", "asks less"),
        (", client_auth_type: RequireAnyClientCert", "asks less"),
        (
            &*format!(", {demand}"),
            "client_allowed_sans has no names any more",
        ),
    ] {
        site.put("web.yml", &format!("tls_server_config: {{{SERVER}{rest}}}"));
        assert!(!site.lets_in(None).await, "{rest}");
        assert!(!site.lets_in(Some(&other)).await, "{rest}");
        assert!(site.lets_in(Some(&good)).await, "{rest}");
        site.exporter.running.line_with(why).await;
    }
}

#[tokio::test]
async fn certificate_and_key_can_stand_in_the_file_itself() {
    let authority = Authority::new("Another");
    let Pair { certificate, key } = authority.server();
    let [certificate, key] = [certificate, key].map(|pem| pem.replace('\n', "\n    "));
    let config = format!("tls_server_config:\n  cert: |\n    {certificate}\n  key: |\n    {key}\n");
    let site = Site::new(&config).await;
    let answer = authority.client(None).get(site.url()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn half_a_handshake_is_ended_and_starves_nobody() {
    let site = Site::new(&format!("tls_server_config: {{{SERVER}}}")).await;
    let mut half_open = Vec::new();
    for begun in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"\x16"] {
        let mut stream = TcpStream::connect(site.exporter.address()).await.unwrap();
        stream.write_all(begun).await.unwrap();
        half_open.push(stream);
    }
    assert!(site.lets_in(None).await);
    for mut stream in half_open {
        // An idle connection has two minutes; this is given one.
        until_true("the end of half a handshake", async || {
            let mut rest = [0; 64];
            let read = timeout(Duration::from_millis(100), stream.read(&mut rest));
            matches!(read.await, Ok(Ok(0) | Err(_)))
        })
        .await;
    }
}

#[tokio::test]
async fn who_speaks_http_to_the_port_is_told_and_probes_stay_plain() {
    let probes = format!("127.0.0.1:{}", free_port());
    let hash = hash("x");
    let config = format!(
        "tls_server_config: {{{SERVER}}}\nbasic_auth_users: {{a: '{hash}'}}\nrate_limit: {{interval: 1h, burst: 1}}\n"
    );
    let site = Site::with(&config, &["--web.health-listen-address", &probes]).await;
    let get = async |url: String| client().get(url).send().await.unwrap();
    let answer = get(format!("http://{}/", site.exporter.address())).await;
    assert_eq!(answer.status(), 400);
    assert_says(&answer.text().await.unwrap(), &["HTTPS"]);
    for _ in 0..5 {
        let answer = get(format!("http://{probes}/-/healthy")).await;
        assert_eq!(answer.status(), 200);
    }
    let health = |option: &str, address: &str| {
        let mut health = clean_command();
        health.args(["health", option, address]);
        finish(health.env("EIGHTXEIGHT_WEB_CONFIG_FILE", site.path("web.yml")))
    };
    let own = health("--web.listen-address", site.exporter.address());
    assert_eq!(own.code, Some(1));
    assert_says(&own.errors, &["--web.health-listen-address"]);
    let other = health("--web.health-listen-address", &probes);
    assert_eq!(other.code, Some(0));
}
