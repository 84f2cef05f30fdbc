//! What a collection left behind, and when the next one is due.

use std::sync::Arc;
use std::time::Duration;

use eightxeight::answer::Snapshot;
use eightxeight::backoff::delay;
use eightxeight::clock::Moment;
use eightxeight::{Error, Failure};

/// The newest collection of a window, and the newest one that worked.
#[derive(Debug)]
pub struct Outcome {
    /// How many collections of the window have ended, this one included.
    pub sequence: u64,
    /// When it started.
    pub started: Moment,
    /// How long it took, waits included.
    pub took: Duration,
    /// Why it failed, if it did.
    pub error: Option<Error>,
    /// The last good answer and when it came.
    pub last_good: Option<(Arc<Snapshot>, Moment)>,
    /// When the next collection may start.
    pub next: Moment,
    failures: u32,
}

impl Outcome {
    /// The outcome of a collection that started and ended at these moments.
    #[must_use]
    pub fn new(
        previous: Option<&Outcome>,
        result: Result<Arc<Snapshot>, Error>,
        started: Moment,
        ended: Moment,
        interval: Duration,
    ) -> Outcome {
        let took = ended.since(started);
        let sequence = previous.map_or(0, |previous| previous.sequence) + 1;
        match result {
            Ok(snapshot) => Outcome {
                sequence,
                started,
                took,
                error: None,
                last_good: Some((snapshot, ended)),
                next: started + interval,
                failures: 0,
            },
            Err(error) => {
                let (failures, next) = after(&error, previous, started, interval);
                let last_good = previous.and_then(|previous| previous.last_good.clone());
                Outcome {
                    sequence,
                    started,
                    took,
                    error: Some(error),
                    last_good,
                    next,
                    failures,
                }
            }
        }
    }

    /// The end of the window's hold after a failure, if it lasts at `now`.
    #[must_use]
    pub fn hold(&self, now: Moment) -> Option<Moment> {
        self.error
            .as_ref()
            .map(|_| self.next)
            .filter(|next| !next.is_past(now))
    }
}

/// How many tries have failed in a row, and when the next may start.
fn after(
    error: &Error,
    previous: Option<&Outcome>,
    started: Moment,
    interval: Duration,
) -> (u32, Moment) {
    let failures = previous.map_or(0, |previous| previous.failures);
    let soonest = started + interval;
    match error {
        // A changed secret must be noticed soon, and looking costs 8x8 nothing.
        Error::Refused { .. } | Error::Secrets(_) => (failures, soonest),
        Error::Request(failure) if failure.is_refusal() => (failures, soonest),
        Error::Request(Failure { retry_after, .. }) => {
            let failures = failures.saturating_add(1);
            (failures, started + delay(interval, failures, *retry_after))
        }
        Error::Held { until, .. } => (
            failures,
            if until.instant > soonest.instant {
                *until
            } else {
                soonest
            },
        ),
    }
}
