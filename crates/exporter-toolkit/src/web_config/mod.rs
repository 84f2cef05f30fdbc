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
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use rustls::SupportedCipherSuite;
use rustls::crypto::SupportedKxGroup;
use secrecy::SecretString;

/// What a web configuration says.
#[derive(Debug, Default)]
pub struct Settings {
    /// How TLS is spoken; `None` is plain HTTP.
    pub tls: Option<Tls>,
    /// What each answer gets besides.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who may ask; everybody when it is empty.
    pub users: Users,
    /// How often may be asked, by all clients together.
    pub rate_limit: Option<RateLimit>,
    /// What a user should know although it isn't wrong.
    pub warnings: Vec<String>,
    /// Whether the text says nothing at all.
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
    /// From one request to the next in the long run; more than zero.
    pub interval: Duration,
    /// As many may come at once; at least one.
    pub burst: u32,
}

/// How TLS is spoken.
#[derive(Debug)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: Material,
    /// Its private key, PEM.
    pub key: Material,
    /// The authorities whose client certificates are good, PEM.
    pub client_ca: Option<Material>,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
    /// Names of which a client's certificate must have one; any when it is empty.
    pub client_allowed_sans: Vec<String>,
    /// The versions, newest last.
    pub versions: Vec<&'static rustls::SupportedProtocolVersion>,
    /// The cipher suites, best first.
    pub suites: Vec<SupportedCipherSuite>,
    /// The key exchange groups, best first.
    pub groups: Vec<&'static dyn SupportedKxGroup>,
}

/// A PEM text and where the configuration speaks of it.
#[derive(Debug)]
pub struct Material {
    /// Line and key, for messages.
    pub place: String,
    /// Where the text is.
    pub from: From,
}

/// Where a PEM text is. `Debug` doesn't show it.
#[derive(Clone)]
pub enum From {
    /// In a file, as the configuration names it: relative to its own place.
    File(PathBuf),
    /// In the configuration itself.
    Inline(SecretString),
}

impl fmt::Debug for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            From::File(_) => "File",
            From::Inline(_) => "Inline",
        })
    }
}

/// What is asked of clients, by Go's names.
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

/// Reads a web configuration. Reads no files.
///
/// # Errors
///
/// All that is wrong, each with its line and key and never a value, which may be a secret.
pub fn parse(text: &str) -> Result<Settings, Vec<String>> {
    read::settings(text)
}

#[cfg(test)]
mod tests;
