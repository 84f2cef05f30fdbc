//! Certificates for the tests, and what a TLS client sees.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType,
    date_time_ymd,
};
use reqwest::{Certificate, Identity};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// An authority that signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, PEM.
pub(crate) struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these names.
    pub(crate) fn issue(&self, names: &[SanType]) -> Pair {
        self.issue_for(names, (2000, 2100))
    }

    /// One that is valid between these years.
    pub(crate) fn issue_for(&self, names: &[SanType], years: (i32, i32)) -> Pair {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.to_vec();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// A certificate for this machine.
    pub(crate) fn server(&self) -> Pair {
        self.issue(&[dns("localhost"), ip("127.0.0.1")])
    }

    /// A client that trusts this authority, and no other, and shows a certificate if it has one.
    pub(crate) fn client(&self, identity: Option<&Pair>) -> reqwest::Client {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root = Certificate::from_pem(self.pem().as_bytes()).unwrap();
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .tls_certs_only([root]);
        if let Some(Pair { certificate, key }) = identity {
            let both = format!("{certificate}{key}");
            builder = builder.identity(Identity::from_pem(both.as_bytes()).unwrap());
        }
        builder.build().unwrap()
    }

    /// A handshake with a server of this authority that offers these versions and protocols.
    pub(crate) async fn handshake(
        &self,
        address: &str,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_protocol_versions(versions)
            .with_root_certificates(roots)
            .with_no_client_auth();
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        config.alpn_protocols = protocols.collect();
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await
    }

    /// The certificate that a server shows in a new handshake.
    pub(crate) async fn shown(&self, address: &str) -> CertificateDer<'static> {
        let versions = rustls::ALL_VERSIONS;
        let stream = self.handshake(address, versions, &[]).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    }
}

impl Pair {
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    /// A server that shows this certificate.
    pub(crate) fn server(&self) -> ServerConfig {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![self.der()], key)
            .unwrap()
    }
}

pub(crate) fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

pub(crate) fn ip(address: &str) -> SanType {
    SanType::IpAddress(address.parse::<IpAddr>().unwrap())
}

pub(crate) fn email(address: &str) -> SanType {
    SanType::Rfc822Name(address.try_into().unwrap())
}

pub(crate) fn uri(uri: &str) -> SanType {
    SanType::URI(uri.try_into().unwrap())
}

/// The hash of a password, as cheap as bcrypt allows.
pub(crate) fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).unwrap()
}
