//! What Go calls versions, cipher suites, curves and demands on clients, and what rustls has for them.

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, kx_group};
use rustls::{ProtocolVersion, SupportedCipherSuite};

use super::ClientAuth;

/// Versions, oldest first. rustls speaks the last two.
pub(super) const VERSIONS: [(&str, ProtocolVersion); 4] = [
    ("TLS10", ProtocolVersion::TLSv1_0),
    ("TLS11", ProtocolVersion::TLSv1_1),
    ("TLS12", ProtocolVersion::TLSv1_2),
    ("TLS13", ProtocolVersion::TLSv1_3),
];

pub(super) const CLIENT_AUTH: [(&str, ClientAuth); 6] = [
    ("NoClientCert", ClientAuth::None),
    ("RequestClientCert", ClientAuth::Request),
    ("RequireAnyClientCert", ClientAuth::RequireAny),
    ("RequireClientCert", ClientAuth::RequireAny),
    ("VerifyClientCertIfGiven", ClientAuth::VerifyIfGiven),
    ("RequireAndVerifyClientCert", ClientAuth::RequireAndVerify),
];

/// The names of Go's `tls.CipherSuites()`, up to Go 1.21, which had more than today.
const SUITES: [&str; 17] = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
];

/// Go's suites by name. rustls has no CBC and no key exchange by RSA.
pub(super) fn suites() -> [(&'static str, Option<SupportedCipherSuite>); SUITES.len()] {
    // rustls names those of TLS 1.3 apart, `TLS13_AES_128_GCM_SHA256`.
    let own = |suite: &SupportedCipherSuite| suite.suite().as_str()?.split_once('_');
    SUITES.map(|name| {
        let is_it = |suite: &&SupportedCipherSuite| {
            own(suite).map(|(_, rest)| rest) == name.strip_prefix("TLS_")
        };
        (name, ALL_CIPHER_SUITES.iter().find(is_it).copied())
    })
}

/// rustls has no P-521.
pub(super) const CURVES: [(&str, Option<&'static dyn SupportedKxGroup>); 5] = [
    ("CurveP256", Some(kx_group::SECP256R1)),
    ("CurveP384", Some(kx_group::SECP384R1)),
    ("CurveP521", None),
    ("X25519", Some(kx_group::X25519)),
    ("X25519MLKEM768", Some(kx_group::X25519MLKEM768)),
];

/// The headers that may be configured, each with the values that it may have; any when there are none.
pub(super) const HEADERS: [(&str, &[&str]); 5] = [
    ("Content-Security-Policy", &[]),
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
];
