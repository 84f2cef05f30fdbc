//! One request over HTTP: bounded in time and size, never redirected, and without a word of its own in
//! the errors, since those of the libraries hold URLs.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;
use zeroize::Zeroizing;

use crate::cause::Cause;
use crate::failure::{Endpoint, Failure};
use crate::files;
use crate::network;
use crate::settings::Settings;

/// The largest answer that is taken, after decompression.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// As much is taken of an answer that isn't a report. A token has some kilobytes, and an error's first ones
/// are enough to recognise it.
const LARGEST_OTHER: usize = 64 * 1024;

/// A report that is longer is read and decoded while no other of that length is: the memory of the process doesn't grow
/// with the number of accounts whose answers are huge.
const LONG_ANSWER: usize = 256 * 1024;

static LONG_ANSWERS: Semaphore = Semaphore::const_new(1);

/// More roots than any system has.
const LONGEST_ROOTS: u64 = 16 * 1024 * 1024;

/// A connection that takes longer isn't coming.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// An HTTP client for one base URL.
#[derive(Debug)]
pub struct Transport {
    client: Arc<reqwest::Client>,
    base: Url,
}

/// An answer with a status of 2xx.
#[derive(Debug)]
pub struct Success {
    /// The answer's body, decompressed.
    pub body: Zeroizing<Vec<u8>>,
    /// The answer's status.
    pub status: u16,
    /// To be kept until a long body is decoded.
    pub(crate) turn: Option<SemaphorePermit<'static>>,
}

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The file of extra roots can't be read.
    #[error("can't read the file: {0}")]
    CaUnreadable(#[source] std::io::Error),
    /// The file of extra roots holds none.
    #[error("no PEM certificates in it")]
    CaUnusable,
    /// TLS can't be set up, for example without any CA certificates on the machine.
    #[error(
        "TLS can't be set up; are CA certificates installed (Debian: the package ca-certificates)?"
    )]
    Tls,
}

impl Transport {
    /// A client for `base`. A proxy from the environment is used unless `base` is on this machine.
    ///
    /// # Errors
    ///
    /// When the extra roots can't be read or TLS can't be set up.
    pub fn new(settings: &Settings) -> Result<Transport, TransportError> {
        let base = settings.url.clone();
        let read = |path: &PathBuf| files::read(path, LONGEST_ROOTS).map(|pem| pem.to_vec());
        let pem = settings.ca_file.as_ref().map(read).transpose();
        let key = ClientKey {
            timeout: settings.timeout,
            user_agent: settings.user_agent.clone(),
            proxied: may_use_proxy(&base),
            pem: pem.map_err(TransportError::CaUnreadable)?,
        };
        let client = key.client()?;
        Ok(Transport { client, base })
    }

    /// `POST` to a path below the base URL.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(below(&self.base, path))
    }

    /// `GET` of a path below the base URL.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(below(&self.base, path))
    }
}

/// The same connections to the same place.
impl PartialEq for Transport {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.client, &other.client) && self.base == other.base
    }
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
    proxied: bool,
    /// Of the extra roots.
    pem: Option<Vec<u8>>,
}

/// The clients in use. Accounts share them, for each holds all roots that the system trusts: 500 accounts with a
/// client each took 254 KiB an account, 109 with one for all.
static CLIENTS: Mutex<Vec<(ClientKey, Weak<reqwest::Client>)>> = Mutex::new(Vec::new());

impl ClientKey {
    fn client(self) -> Result<Arc<reqwest::Client>, TransportError> {
        let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
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
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .unwrap_or_else(|_| HeaderValue::from_static("eightxeight"));
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .timeout(timeout)
            .read_timeout(timeout)
            .connect_timeout(timeout.min(LONGEST_CONNECT));
        if !self.proxied {
            builder = builder.no_proxy();
        }
        if let Some(pem) = &self.pem {
            let roots =
                Certificate::from_pem_bundle(pem).map_err(|_| TransportError::CaUnusable)?;
            if roots.is_empty() {
                return Err(TransportError::CaUnusable);
            }
            builder = builder.tls_certs_merge(roots);
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
    /// `None` for a URL without host or port, which the configuration doesn't let through.
    #[must_use]
    pub fn to(base: &Url) -> Option<Route> {
        let proxy = may_use_proxy(base)
            .then(|| {
                let target: hyper::Uri = base.as_str().parse().ok()?;
                // The HTTP client asks the same matcher.
                Matcher::from_system().intercept(&target)
            })
            .flatten();
        let (host, port) = match &proxy {
            None => (base.host_str()?, base.port_or_known_default()?),
            Some(proxy) => {
                let uri = proxy.uri();
                let default = if uri.scheme_str() == Some("https") {
                    443
                } else {
                    80
                };
                (uri.host()?, uri.port_u16().unwrap_or(default))
            }
        };
        Some(Route {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            is_proxy: proxy.is_some(),
        })
    }
}

/// Plain HTTP only goes to this machine.
fn may_use_proxy(base: &Url) -> bool {
    base.scheme() != "http"
}

/// Sends a request at `sent` and reads its answer; the second is the answer's Date header.
pub async fn exchange(
    endpoint: Endpoint,
    request: RequestBuilder,
    sent: Timestamp,
) -> (Result<Success, Failure>, Option<Timestamp>) {
    let failed = |cause, status, retry_after| Failure {
        endpoint,
        cause,
        status,
        retry_after,
    };
    let mut answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            return (Err(failed(network::of_error(&error), None, None)), None);
        }
    };
    let status = answer.status();
    let date = date(answer.headers());
    let retry_after = retry_after(answer.headers(), date.unwrap_or(sent));
    let limit = match endpoint {
        Endpoint::Compsum if status.is_success() => LARGEST_ANSWER,
        Endpoint::Compsum | Endpoint::Token => LARGEST_OTHER,
    };
    // Room enough from the start for what can hold a token, also an error that echoes it: a buffer that
    // grows leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(LARGEST_OTHER));
    let mut turn = None;
    let end = loop {
        if body.len() > LONG_ANSWER && turn.is_none() {
            turn = LONG_ANSWERS.acquire().await.ok();
        }
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => break Err(Cause::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break Ok(()),
            Err(error) if error.is_timeout() => break Err(Cause::Timeout),
            // Broken off, or no gzip where gzip was announced.
            Err(_) => break Err(Cause::Decode),
        }
    };
    let code = Some(status.as_u16());
    let result = match end {
        // What was read of an error's body is enough.
        _ if !status.is_success() => Err(Failure::of_answer(
            endpoint,
            status.as_u16(),
            &body,
            retry_after,
        )),
        Ok(()) if status == StatusCode::OK => Ok(Success {
            body,
            status: status.as_u16(),
            turn,
        }),
        Ok(()) => Err(failed(Cause::Other, code, retry_after)),
        Err(cause) => Err(failed(cause, code, retry_after)),
    };
    (result, date)
}

/// A header that the HTTP library shows in none of its logs.
#[must_use]
pub fn sensitive(prefix: &str, secret: &SecretString) -> HeaderValue {
    let text = Zeroizing::new(format!("{prefix}{}", secret.expose_secret()));
    // Secrets are checked for characters that a header can't hold when they are read.
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    parse_date(headers.get(DATE)?.to_str().ok()?)
}

fn parse_date(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

/// Seconds, or a date, which is held against the answer's own date: the clocks may differ.
fn retry_after(headers: &HeaderMap, date: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let until = parse_date(text)?;
    let length = until.duration_since(date);
    Some(Duration::try_from(length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(text: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        let date = parse_date("Tue, 03 Mar 2026 12:00:00 GMT").unwrap();
        retry_after(&headers, date).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_on_the_servers_clock() {
        assert_eq!(wait("30"), Some(30));
        assert_eq!(wait("0"), Some(0));
        assert_eq!(
            wait("99999999999999999999999"),
            Some(Duration::MAX.as_secs())
        );
        assert_eq!(wait("Tue, 03 Mar 2026 12:01:30 GMT"), Some(90));
        assert_eq!(wait("Tue, 03 Mar 2026 11:00:00 GMT"), Some(0));
        for absurd in ["-5", "NaN", "1e9", "soon", "", "30 s", "3.5"] {
            assert_eq!(wait(absurd), None, "{absurd}");
        }
    }

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
