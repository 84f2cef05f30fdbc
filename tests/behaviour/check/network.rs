//! Trouble on the way to 8x8: names, connections, proxies, certificates.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use eightxeight_simulator::{Fault, Rule, Simulator};
use rcgen::SanType;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{check, says_of, snapshot};
use crate::certificates::{Authority, dns, ip};
use crate::fixture::{DOCUMENTED, assert_silent, free_port, run, simulator, simulator_with, words};

/// A server that treats each connection so.
async fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection));
        }
    });
    address
}

async fn pass_on(mut client: impl AsyncRead + AsyncWrite + Unpin, upstream: SocketAddr) {
    let mut server = TcpStream::connect(upstream).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// A certificate authority and a server with a certificate of it, in front of a simulator.
struct Secured {
    address: SocketAddr,
    files: TempDir,
    _simulator: Simulator,
}

impl Secured {
    async fn with(name: SanType, years: (i32, i32)) -> Secured {
        let simulator = simulator_with(Rule::compsum(Fault::json(DOCUMENTED))).await;
        let authority = Authority::new("The tests");
        let server = authority.issue_for(&[name], years).server();
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("ca.pem"), authority.pem()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let upstream = simulator.address();
        let address = listen(move |connection| {
            let handshake = acceptor.accept(connection);
            async move {
                if let Ok(client) = handshake.await {
                    pass_on(client, upstream).await;
                }
            }
        });
        Secured {
            address: address.await,
            files,
            _simulator: simulator,
        }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}/analytics/work", self.address.port())
    }

    fn authority(&self) -> String {
        self.files.path().join("ca.pem").display().to_string()
    }
}

const NOW: (i32, i32) = (2000, 2100);

fn host() -> SanType {
    ip("127.0.0.1")
}

async fn snapshot_failure(case: &str, url: &str, options: &[&str]) {
    let (said, worked) = says_of(url, options, &[]).await;
    assert!(!worked, "{case}: {said}");
    snapshot(case, &said);
}

#[tokio::test]
async fn tls_with_a_certificate_that_is_trusted() {
    let server = Secured::with(host(), NOW).await;
    let options = ["--api.ca-file", &server.authority()];
    let (said, worked) = says_of(&server.url(), &options, &[]).await;
    assert!(worked, "{said}");
    snapshot("tls", &said);
}

#[tokio::test]
async fn certificates_that_are_not_trusted() {
    for (case, name, years, known) in [
        ("tls_unknown_issuer", host(), NOW, false),
        ("tls_expired", host(), (2000, 2001), true),
        ("tls_not_yet_valid", host(), (2099, 2100), true),
        ("tls_wrong_name", dns("example.org"), NOW, true),
    ] {
        let server = Secured::with(name, years).await;
        let authority = server.authority();
        let trusting = ["--api.ca-file", &authority];
        let options = if known { &trusting[..] } else { &[] };
        snapshot_failure(case, &server.url(), options).await;
    }
}

#[tokio::test]
async fn what_answers_speaks_no_tls() {
    let simulator = simulator().await;
    let url = format!("https://{}/", simulator.address());
    snapshot_failure("no_tls", &url, &[]).await;
}

#[tokio::test]
async fn a_connection_that_is_cut_during_the_handshake() {
    let address = listen(|connection| async { drop(connection) }).await;
    snapshot_failure("cut_handshake", &format!("https://{address}/"), &[]).await;
}

#[tokio::test]
async fn of_a_handshake_that_nobody_answers_nothing_good_is_said() {
    let address = listen(|connection| async move {
        let _held = connection;
        std::future::pending::<()>().await;
    });
    let address = address.await;
    let url = format!("https://{address}/");
    let (said, worked) = says_of(&url, &["--api.timeout", "2s"], &[]).await;
    assert!(!worked, "{said}");
    assert_silent(&said, &["is trusted"]);
}

#[tokio::test]
async fn no_address_and_nobody_there() {
    snapshot_failure("unknown_name", "https://no-such-host.invalid/", &[]).await;
    let url = format!("http://127.0.0.1:{}/", free_port());
    snapshot_failure("refused_connection", &url, &[]).await;
}

/// A proxy that answers all wishes to connect alike, or connects to `upstream`.
async fn proxy(status: u16, upstream: Option<SocketAddr>) -> SocketAddr {
    listen(move |mut connection| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = connection.read_u8().await else {
                return;
            };
            head.push(byte);
        }
        let length = upstream.map_or("content-length: 0\r\n", |_| "");
        let answer = format!("HTTP/1.1 {status} x\r\n{length}\r\n");
        connection.write_all(answer.as_bytes()).await.unwrap();
        if let Some(upstream) = upstream {
            pass_on(connection, upstream).await;
        }
    })
    .await
}

#[tokio::test]
async fn through_a_proxy() {
    // The name is one that only the proxy knows.
    let server = Secured::with(dns("api.invalid"), NOW).await;
    let url = "https://api.invalid/analytics/work";
    let authority = server.authority();
    let trusting = ["--api.ca-file", authority.as_str()];
    let open = proxy(200, Some(server.address)).await;
    let (refuses, wants) = (proxy(403, None).await, proxy(407, None).await);
    let unreachable = ([127, 0, 0, 1], free_port()).into();
    for (case, proxy, options, works) in [
        ("proxy", open, &trusting[..], true),
        ("proxy_inspects", open, &[], false),
        ("proxy_refuses", refuses, &trusting, false),
        ("proxy_wants_credentials", wants, &trusting, false),
        ("proxy_unreachable", unreachable, &trusting, false),
    ] {
        let proxy = format!("http://proxy-user:hunter2@{proxy}");
        let (said, worked) = says_of(url, options, &[("HTTPS_PROXY", &proxy)]).await;
        assert_eq!(worked, works, "{case}: {said}");
        assert_silent(&said, &["hunter2", "proxy-user"]);
        snapshot(case, &said);
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used_is_never_passed_by() {
    let server = Secured::with(dns("api.invalid"), NOW).await;
    let open = proxy(200, Some(server.address)).await;
    let quoted = format!("\"http://{open}\"");
    for (variable, value, said) in [
        ("HTTPS_PROXY", &*quoted, "leave the quotes out"),
        (
            "https_proxy",
            "http://CORP\\svc:hunter2@proxy:3128",
            "percent-encode",
        ),
        (
            "HTTPS_PROXY",
            "http://svc:x@hunter2/9@127.0.0.1:3128",
            "percent-encode",
        ),
        (
            "HTTPS_PROXY",
            "http://svc:hunter2 x@127.0.0.1:3128",
            "percent-encode",
        ),
        (
            "ALL_PROXY",
            "socks5://svc:hunter2@127.0.0.1:1080",
            "only http:// and https://",
        ),
    ] {
        let ended = check("https://api.invalid/", &[], &[(variable, value)]).await;
        assert_eq!(ended.code, Some(2), "{value}");
        let all = format!("{}{}", ended.said(), ended.errors);
        assert!(all.contains(variable) && all.contains(said), "{all}");
        assert_silent(&all, &["hunter2", "svc", "CORP"]);
    }
    let authority = server.authority();
    let trusting = ["--api.ca-file", authority.as_str()];
    let padded = format!(" http://{open}\n");
    let variables = [("HTTPS_PROXY", &*padded)];
    let (said, worked) = says_of("https://api.invalid/analytics/work", &trusting, &variables).await;
    assert!(worked, "{said}");
}

#[tokio::test]
async fn hosts_that_need_no_proxy_are_read_as_curl_and_go_read_them() {
    let server = Secured::with(host(), NOW).await;
    let authority = server.authority();
    let trusting = ["--api.ca-file", authority.as_str()];
    let unreachable = format!("http://127.0.0.1:{}", free_port());
    let port = server.address.port();
    for exempt in [
        "localhost 127.0.0.1",
        &format!("127.0.0.1:{port}"),
        "127.0.0.0/8",
    ] {
        let variables = [("HTTPS_PROXY", &*unreachable), ("NO_PROXY", exempt)];
        let (said, worked) = says_of(&server.url(), &trusting, &variables).await;
        assert!(worked, "{exempt}: {said}");
    }
    for (exempt, is_exempt) in [
        ("*.invalid", true),
        ("api.invalid:443", true),
        ("api.invalid:80", false),
    ] {
        let variables = [("HTTPS_PROXY", &*unreachable), ("NO_PROXY", exempt)];
        let (said, _) = says_of("https://api.invalid/", &[], &variables).await;
        let is_direct = said.contains("has no address");
        assert_eq!(is_direct, is_exempt, "{exempt}: {said}");
    }
}

/// OpenSSL's server, for what a modern TLS library refuses to be.
struct OpenSsl {
    address: String,
    process: Child,
}

fn openssl(folder: &TempDir, arguments: &str) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(folder.path()).args(words(arguments));
    command
}

impl OpenSsl {
    fn with(folder: &TempDir, arguments: &str) -> OpenSsl {
        let mut process = openssl(folder, "s_server -www -accept 127.0.0.1:0")
            .args(words(arguments))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.strip_prefix("ACCEPT ")?.to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        OpenSsl {
            address: address.unwrap(),
            process,
        }
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn certificates_that_are_weak_or_not_for_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let make = |arguments: &str| {
        let (good, said) = run(&mut openssl(&folder, arguments), "");
        assert!(good, "{arguments}: {said}");
    };
    write("server.cnf", "subjectAltName=IP:127.0.0.1\n");
    write(
        "client.cnf",
        "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=clientAuth\n",
    );
    make(
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca -addext subjectAltName=IP:127.0.0.1",
    );
    for (name, bits, how) in [
        ("good", 2048, "-sha256 -extfile server.cnf"),
        ("sha1", 2048, "-sha1 -extfile server.cnf"),
        ("rsa1024", 1024, "-sha256 -extfile server.cnf"),
        ("v1", 2048, "-sha256"),
        ("client", 2048, "-sha256 -extfile client.cnf"),
    ] {
        make(&format!(
            "req -newkey rsa:{bits} -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        make(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out {name}.pem {how}"
        ));
    }
    let authority = folder.path().join("ca.pem").display().to_string();
    for (name, more, expected) in [
        (
            "sha1",
            "-cipher ALL:@SECLEVEL=0",
            "signed in a way that is no longer trusted",
        ),
        (
            "rsa1024",
            "-cipher ALL:@SECLEVEL=0",
            "signature can't be verified",
        ),
        ("v1", "", "isn't one for a server"),
        ("client", "", "isn't one for a server"),
        ("ca", "", "isn't one for a server"),
        (
            "good",
            "-tls1_1 -cipher ALL:@SECLEVEL=0",
            "no TLS version or cipher in common",
        ),
        (
            "good",
            "-tls1_2 -cipher AES128-SHA",
            "no TLS version or cipher in common",
        ),
    ] {
        let shown = format!("-cert {name}.pem -key {name}.key {more}");
        let server = OpenSsl::with(&folder, &shown);
        let url = format!("https://{}/", server.address);
        let (said, worked) = says_of(&url, &["--api.ca-file", &authority], &[]).await;
        assert!(!worked && said.contains(expected), "{shown}: {said}");
    }
}
