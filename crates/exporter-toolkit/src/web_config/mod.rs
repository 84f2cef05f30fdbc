//! The web configuration: TLS, users, headers and rate limit, in the format of Prometheus' exporter-toolkit
//! (<https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md>).
//!
//! [`parse`] reads the text alone; [`read`] and [`tls`] walk its tree, [`go_names`] knows what Go calls versions, suites and
//! curves, [`go_duration`] how it writes times. Files that the text names are read by [`crate::WebSecurity`].

mod go_duration;
mod go_names;
mod read;
mod reader;
mod tls;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use rustls::SupportedCipherSuite;
use rustls::crypto::SupportedKxGroup;
use secrecy::SecretString;

use crate::yaml;
use reader::Reader;

/// The settings of a web configuration.
#[derive(Debug, Default)]
pub struct Settings {
    /// `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// Headers that are added to each answer.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The users who may log in; no login is asked for when there are none.
    pub users: Users,
    /// The limit for the requests of all clients together.
    pub rate_limit: Option<RateLimit>,
    /// Settings that are valid but not fully supported.
    pub warnings: Vec<String>,
    /// Whether the text has no key at all.
    pub is_empty: bool,
}

/// Users and the bcrypt hashes of their passwords. `Debug` shows neither.
#[derive(Clone, Default)]
pub struct Users(pub(super) BTreeMap<String, String>);

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Users({})", self.0.len())
    }
}

/// A bucket of `burst` requests that gains one each `interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The average time between requests; more than zero.
    pub interval: Duration,
    /// The number of requests that may come at once; at least one.
    pub burst: u32,
}

/// The TLS settings.
#[derive(Debug)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: Material,
    /// Its private key, PEM.
    pub key: Material,
    /// The authorities that sign client certificates, PEM.
    pub client_ca: Option<Material>,
    /// The demand on client certificates.
    pub client_auth: ClientAuth,
    /// A client's certificate must have one of these names; any name will do when there are none.
    pub client_allowed_sans: Vec<String>,
    /// The versions, newest last.
    pub versions: Vec<&'static rustls::SupportedProtocolVersion>,
    /// The cipher suites, best first.
    pub suites: Vec<SupportedCipherSuite>,
    /// The key exchange groups, best first.
    pub groups: Vec<&'static dyn SupportedKxGroup>,
}

/// A PEM text or the name of its file.
#[derive(Debug)]
pub struct Material {
    /// Line and key, for messages.
    pub place: String,
    /// The source of the text.
    pub from: From,
}

/// The source of a PEM text. A name may be a secret, too: people paste them where paths belong.
#[derive(Clone, Debug)]
pub enum From {
    /// A file, relative to the web configuration's directory.
    File(SecretString),
    /// The web configuration itself.
    Inline(SecretString),
}

/// The demand on client certificates, by Go's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `NoClientCert`
    None,
    /// `RequestClientCert`: any certificate or none.
    Request,
    /// `RequireAnyClientCert`, also `RequireClientCert`: any certificate.
    RequireAny,
    /// `VerifyClientCertIfGiven`: none, or one of a known authority.
    VerifyIfGiven,
    /// `RequireAndVerifyClientCert`: one of a known authority.
    RequireAndVerify,
}

impl ClientAuth {
    /// Whether a client must have a certificate.
    pub(crate) fn requires(self) -> bool {
        use ClientAuth::{RequireAndVerify, RequireAny};
        matches!(self, RequireAny | RequireAndVerify)
    }

    /// Whether a client's certificate must be of a known authority.
    pub(crate) fn verifies(self) -> bool {
        use ClientAuth::{RequireAndVerify, VerifyIfGiven};
        matches!(self, VerifyIfGiven | RequireAndVerify)
    }
}

/// Reads a web configuration. Reads no files.
///
/// # Errors
///
/// All problems, each with its line and key and never a value, which may be a secret.
pub fn parse(text: &str) -> Result<Settings, Vec<String>> {
    let mut root = yaml::parse(text).map_err(|problem| vec![problem])?;
    let mut reader = Reader::default();
    let settings = reader.settings(&root);
    root.wipe();
    if reader.problems.is_empty() {
        Ok(settings)
    } else {
        Err(reader.problems)
    }
}

#[cfg(test)]
mod tests;
