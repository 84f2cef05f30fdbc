//! Trouble on the way to 8x8: names, connections, proxies, certificates.

use std::net::SocketAddr;
use std::sync::Arc;

use eightxeight_exporter::simulator::{Fault, Rule, Simulator};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{says_of, snapshot};
use crate::fixture::{DOCUMENTED, free_port, simulator};

/// A certificate authority and a server with a certificate of it, in front of a simulator.
struct Secured {
    address: SocketAddr,
    files: TempDir,
    _simulator: Simulator,
}

impl Secured {
    async fn with(name: &str, years: (i32, i32)) -> Secured {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let simulator = simulator().await;
        simulator
            .faults()
            .add(Rule::compsum(Fault::json(DOCUMENTED)));
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.not_before = date_time_ymd(years.0, 1, 1);
        leaf.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.signed_by(&key, &authority).unwrap();
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("ca.pem"), authority.pem()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = simulator.address();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(connection).await else {
                        return;
                    };
                    let mut server = TcpStream::connect(upstream).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Secured {
            address,
            files,
            _simulator: simulator,
        }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}/analytics/work", self.address.port())
    }

    fn authority(&self) -> String {
        self.files
            .path()
            .join("ca.pem")
            .to_str()
            .unwrap()
            .to_owned()
    }
}

const NOW: (i32, i32) = (2000, 2100);
const HOST: &str = "127.0.0.1";

#[tokio::test]
async fn tls_with_a_certificate_that_is_trusted() {
    let server = Secured::with(HOST, NOW).await;
    let options = ["--api.ca-file", &server.authority()];
    let (said, worked) = says_of(&server.url(), &options, &[]).await;
    assert!(worked, "{said}");
    snapshot("tls", &said);
}

#[tokio::test]
async fn certificates_that_are_not_trusted() {
    for (case, name, years, known) in [
        ("tls_unknown_issuer", HOST, NOW, false),
        ("tls_expired", HOST, (2000, 2001), true),
        ("tls_not_yet_valid", HOST, (2099, 2100), true),
        ("tls_wrong_name", "example.org", NOW, true),
    ] {
        let server = Secured::with(name, years).await;
        let authority = server.authority();
        let options = if known {
            vec!["--api.ca-file", authority.as_str()]
        } else {
            Vec::new()
        };
        let (said, worked) = says_of(&server.url(), &options, &[]).await;
        assert!(!worked, "{said}");
        snapshot(case, &said);
    }
}

#[tokio::test]
async fn what_answers_speaks_no_tls() {
    let simulator = simulator().await;
    let url = format!("https://{}/", simulator.address());
    let (said, worked) = says_of(&url, &[], &[]).await;
    assert!(!worked);
    snapshot("no_tls", &said);
}

#[tokio::test]
async fn a_connection_that_is_cut_during_the_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            drop(connection);
        }
    });
    let (said, worked) = says_of(&format!("https://{address}/"), &[], &[]).await;
    assert!(!worked);
    snapshot("cut_handshake", &said);
}

#[tokio::test]
async fn no_address_and_nobody_there() {
    let (said, worked) = says_of("https://no-such-host.invalid/", &[], &[]).await;
    assert!(!worked);
    snapshot("unknown_name", &said);
    let url = format!("http://127.0.0.1:{}/", free_port());
    let (said, worked) = says_of(&url, &[], &[]).await;
    assert!(!worked);
    snapshot("refused_connection", &said);
}

/// A proxy that answers all wishes to connect alike, or connects to `upstream`.
async fn proxy(status: u16, upstream: Option<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match connection.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => return,
                    }
                }
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                let answer = match upstream {
                    Some(_) => "HTTP/1.1 200 x\r\n\r\n",
                    None => answer.as_str(),
                };
                connection.write_all(answer.as_bytes()).await.unwrap();
                if let Some(upstream) = upstream {
                    let mut server = TcpStream::connect(upstream).await.unwrap();
                    let _ = copy_bidirectional(&mut connection, &mut server).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn through_a_proxy() {
    // The name is one that only the proxy knows.
    let server = Secured::with("api.invalid", NOW).await;
    let url = "https://api.invalid/analytics/work";
    let authority = server.authority();
    let trusting = ["--api.ca-file", authority.as_str()];
    let open = proxy(200, Some(server.address)).await;
    for (case, proxy, options, works) in [
        ("proxy", open, &trusting[..], true),
        ("proxy_inspects", open, &[], false),
        ("proxy_refuses", proxy(403, None).await, &trusting, false),
        (
            "proxy_wants_credentials",
            proxy(407, None).await,
            &trusting,
            false,
        ),
        (
            "proxy_unreachable",
            ([127, 0, 0, 1], free_port()).into(),
            &trusting,
            false,
        ),
    ] {
        let proxy = format!("http://proxy-user:hunter2@{proxy}");
        let (said, worked) = says_of(url, options, &[("HTTPS_PROXY", &proxy)]).await;
        assert_eq!(worked, works, "{case}: {said}");
        assert!(
            !said.contains("hunter2") && !said.contains("proxy-user"),
            "{said}"
        );
        snapshot(case, &said);
    }
}
