//! The way to 8x8 over HTTP: bounded in time, never redirected, and without a word of the libraries in the errors, since
//! those hold URLs.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use reqwest::{Certificate, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

use crate::files;
use crate::proxy::{self, ProxyError};
use crate::settings::Settings;

/// An idle connection is closed after this time, before balancers and firewalls cut it without a word.
const LONGEST_IDLE: Duration = Duration::from_secs(15);

/// Some proxies add dozens.
const MOST_HEADERS: usize = 1000;

/// More roots than any system has.
const LONGEST_ROOTS: u64 = 16 * 1024 * 1024;

/// A connection that takes longer isn't coming.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// An HTTP client for one base URL.
#[derive(Debug)]
pub(crate) struct Transport {
    client: Arc<reqwest::Client>,
    base: Url,
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The file of extra roots can't be read.
    #[error("can't read the file of extra roots: {0}")]
    CaUnreadable(#[source] std::io::Error),
    /// The file of extra roots holds none.
    #[error("no PEM certificates in the file of extra roots")]
    CaUnusable,
    /// The proxy that was asked for can't be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// TLS can't be set up, for example without any CA certificates on the machine.
    #[error(
        "TLS can't be set up; are CA certificates installed (Debian: the package ca-certificates)?"
    )]
    Tls,
}

impl Transport {
    /// A client for the base URL. A proxy from the environment is used unless that is on this machine.
    pub(crate) fn new(settings: &Settings) -> Result<Transport, TransportError> {
        let base = settings.url.clone();
        let key = ClientKey {
            timeout: settings.timeout,
            user_agent: settings.user_agent.clone(),
            proxy: proxy::find(&base)?,
            pem: read_roots(settings.ca_file.as_deref())?,
        };
        let client = key.client()?;
        Ok(Transport { client, base })
    }

    /// `POST` to a path below the base URL.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(below(&self.base, path))
    }

    /// `GET` of a path below the base URL.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(below(&self.base, path))
    }
}

/// The same connections to the same place.
impl PartialEq for Transport {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.client, &other.client) && self.base == other.base
    }
}

/// Sees whether the extra roots and the environment's proxy for `base` can be used.
///
/// # Errors
///
/// When they can't.
pub fn check(base: &Url, ca_file: Option<&Path>) -> Result<(), TransportError> {
    proxy::find(base)?;
    let pem = read_roots(ca_file)?;
    pem.map_or(Ok(()), |pem| roots(&pem).map(drop))
}

fn read_roots(file: Option<&Path>) -> Result<Option<Vec<u8>>, TransportError> {
    let read = |path| files::read(path, LONGEST_ROOTS).map(|pem| pem.to_vec());
    let pem = file.map(read).transpose();
    pem.map_err(TransportError::CaUnreadable)
}

fn roots(pem: &[u8]) -> Result<Vec<Certificate>, TransportError> {
    let roots = Certificate::from_pem_bundle(pem).map_err(|_| TransportError::CaUnusable)?;
    let some = Some(roots).filter(|roots| !roots.is_empty());
    some.ok_or(TransportError::CaUnusable)
}

/// A path below a base URL, which may end in a slash.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// All that tells one client of the HTTP library from another.
#[derive(Clone, PartialEq, Eq)]
struct ClientKey {
    timeout: Duration,
    user_agent: String,
    proxy: Option<Url>,
    /// Of the extra roots.
    pem: Option<Vec<u8>>,
}

/// The clients in use. Accounts share them, for each holds all roots that the system trusts: 500 accounts with a
/// client each took 254 KiB an account, 109 with one for all.
static CLIENTS: Mutex<Vec<(ClientKey, Weak<reqwest::Client>)>> = Mutex::new(Vec::new());

impl ClientKey {
    fn client(self) -> Result<Arc<reqwest::Client>, TransportError> {
        let mut clients = CLIENTS.lock();
        clients.retain(|(_, client)| client.strong_count() > 0);
        let known = clients.iter().find(|(key, _)| *key == self);
        if let Some(client) = known.and_then(|(_, client)| client.upgrade()) {
            return Ok(client);
        }
        let client = Arc::new(self.build()?);
        clients.push((self, Arc::downgrade(&client)));
        Ok(client)
    }

    fn build(&self) -> Result<reqwest::Client, TransportError> {
        let timeout = self.timeout;
        let gzip = HeaderValue::from_static("gzip");
        let accept_gzip = HeaderMap::from_iter([(ACCEPT_ENCODING, gzip)]);
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .unwrap_or_else(|_| HeaderValue::from_static("eightxeight"));
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            // Some proxies write heads that no standard allows.
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_max_headers(MOST_HEADERS)
            .pool_idle_timeout(LONGEST_IDLE)
            // After a connection that died while idle the next one is fresh.
            .pool_max_idle_per_host(1)
            // Unpacked here, whatever the headers say.
            .no_gzip()
            .default_headers(accept_gzip)
            .timeout(timeout)
            .read_timeout(timeout)
            .connect_timeout(timeout.min(LONGEST_CONNECT));
        builder = builder.no_proxy();
        if let Some(proxy) = &self.proxy {
            let proxy = reqwest::Proxy::all(proxy.clone());
            builder = builder.proxy(proxy.map_err(|_| TransportError::Tls)?);
        }
        if let Some(pem) = &self.pem {
            builder = builder.tls_certs_merge(roots(pem)?);
        }
        builder.build().map_err(|_| TransportError::Tls)
    }
}

/// Where the connection for a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether that is a proxy, which then connects to 8x8.
    pub is_proxy: bool,
}

impl Route {
    /// The way to `base`: straight, or to the proxy that the environment names for it.
    ///
    /// `None` for a URL without host or port, and for a proxy that can't be used: with them there is no [`Client`](crate::Client).
    #[must_use]
    pub fn to(base: &Url) -> Option<Route> {
        let proxy = proxy::find(base).ok()?;
        let url = proxy.as_ref().unwrap_or(base);
        Some(Route {
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default()?,
            is_proxy: proxy.is_some(),
        })
    }
}

/// A header that the HTTP library shows in none of its logs.
pub(crate) fn sensitive(prefix: &str, secret: &SecretString) -> HeaderValue {
    let text = Zeroizing::new(format!("{prefix}{}", secret.expose_secret()));
    // Secrets are checked for characters that a header can't hold when they are read.
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_below_the_base_url() {
        for base in [
            "https://api.8x8.com/analytics/work",
            "https://api.8x8.com/analytics/work/",
        ] {
            let url = below(&base.parse().unwrap(), "v1/compsum");
            let expected = "https://api.8x8.com/analytics/work/v1/compsum";
            assert_eq!(url.as_str(), expected);
        }
    }
}
