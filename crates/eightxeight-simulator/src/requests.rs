//! The log of requests, for tests to read.

use std::sync::Arc;

use tokio::sync::watch;

use eightxeight::Endpoint;
use eightxeight::clock::Moment;

/// Of more the older half is forgotten.
const MOST: usize = 100_000;

/// A request. It holds no secret.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Counts the requests from 1 on.
    pub number: u64,
    /// When it came.
    pub at: Moment,
    /// Where it went.
    pub endpoint: Endpoint,
    /// The account whose API key it had.
    pub account: Option<Arc<str>>,
    /// The query as it came.
    pub query: String,
    /// The status of the answer: absent before there is one, and if there never is.
    pub status: Option<u16>,
}

/// The path under which 8x8's API is found at its real address.
pub(crate) const PREFIX: &str = "/analytics/work";
pub(crate) const TOKEN: &str = "/v1/oauth/token";
pub(crate) const COMPSUM: &str = "/v1/compsum";

/// The endpoint at a path, with the prefix or without.
pub(crate) fn endpoint(path: &str) -> Option<Endpoint> {
    match path.strip_prefix(PREFIX).unwrap_or(path) {
        TOKEN => Some(Endpoint::Token),
        COMPSUM => Some(Endpoint::Compsum),
        _ => None,
    }
}

/// The log, bounded; the counts aren't.
#[derive(Debug, Default)]
pub struct Requests(watch::Sender<Log>);

#[derive(Debug, Default)]
struct Log {
    entries: Vec<Logged>,
    /// By endpoint.
    counts: [u64; 2],
}

impl Requests {
    /// The newest requests, in the order in which they came.
    #[must_use]
    pub fn all(&self) -> Vec<Logged> {
        self.0.borrow().entries.clone()
    }

    /// The newest requests to an endpoint.
    #[must_use]
    pub fn of(&self, endpoint: Endpoint) -> Vec<Logged> {
        let mut entries = self.all();
        entries.retain(|entry| entry.endpoint == endpoint);
        entries
    }

    /// How many requests an endpoint has had since the start.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> u64 {
        self.0.borrow().counts[endpoint as usize]
    }

    /// Returns once `condition` holds of the newest requests. It is looked at whenever a request comes
    /// or is answered.
    pub async fn until(&self, condition: impl Fn(&[Logged]) -> bool) {
        let mut changes = self.0.subscribe();
        // It fails only without the sender, which lives as long as `self`.
        let _ = changes.wait_for(|log| condition(&log.entries)).await;
    }

    /// Logs a request and numbers it.
    pub(crate) fn arrived(&self, entry: &mut Logged) {
        self.0.send_modify(|log| {
            log.counts[entry.endpoint as usize] += 1;
            entry.number = log.counts.iter().sum();
            if log.entries.len() == MOST {
                log.entries.drain(..MOST / 2);
            }
            log.entries.push(entry.clone());
        });
    }

    /// Logs the answer to a request.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        self.0.send_modify(|log| {
            let mut newest_first = log.entries.iter_mut().rev();
            if let Some(entry) = newest_first.find(|entry| entry.number == number) {
                entry.status = Some(status);
            }
        });
    }
}
