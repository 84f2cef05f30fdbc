//! The result of a collection: the newest answer for a question, the last good one, and when to ask again.

use std::sync::Arc;
use std::time::Duration;

use crate::Error;
use crate::answer::Snapshot;
use crate::backoff::{Spread, asked_for, delay};
use crate::clock::Moment;

/// The newest collection, and the newest one that worked.
#[derive(Clone, Debug)]
pub struct Collection {
    /// When it started.
    pub started: Moment,
    /// How long it took, waits included.
    pub took: Duration,
    /// Why it failed, if it did.
    pub error: Option<Error>,
    /// The last good answer and when it had been decoded.
    pub last_good: Option<(Arc<Snapshot>, Moment)>,
    /// Failures in a row that the wait doubles for.
    failures: u32,
    spread: Spread,
}

impl Collection {
    /// The collection that started and ended at these moments; `previous` is the one before it.
    #[must_use]
    pub fn new(
        previous: Option<&Collection>,
        result: Result<Snapshot, Error>,
        started: Moment,
        ended: Moment,
    ) -> Collection {
        let (error, last_good) = match result {
            Ok(snapshot) => (None, Some((Arc::new(snapshot), ended))),
            Err(error) => (
                Some(error),
                previous.and_then(|previous| previous.last_good.clone()),
            ),
        };
        let failures = previous.map_or(0, |previous| previous.failures);
        Collection {
            started,
            took: ended.since(started),
            last_good,
            failures: match &error {
                None => 0,
                Some(error) if is_backed_off(error) => failures.saturating_add(1),
                Some(_) => failures,
            },
            error,
            spread: Spread::draw(),
        }
    }

    /// When the next collection may start: an interval after this one started, later after a failure.
    #[must_use]
    pub fn next(&self, interval: Duration) -> Moment {
        let soonest = self.started + interval;
        match &self.error {
            Some(Error::Held { until, .. }) if until.instant > soonest.instant => *until,
            Some(error) if is_backed_off(error) => {
                let next = self.started + delay(interval, self.failures, self.spread);
                match error {
                    Error::Request(failure) if failure.retry_after.is_some() => {
                        let wanted = self.started + self.took + asked_for(failure.retry_after);
                        std::cmp::max_by_key(next, wanted, |moment| moment.instant)
                    }
                    _ => next,
                }
            }
            _ => soonest,
        }
    }

    /// Whether the next collection may start at `now`.
    #[must_use]
    pub fn is_due(&self, now: Moment, interval: Duration) -> bool {
        let next = self.next(interval);
        next.is_past(now) || now.age_of(self.started) >= next.since(self.started)
    }

    /// The end of the wait after a failure, if it lasts at `now`.
    #[must_use]
    pub fn hold(&self, now: Moment, interval: Duration) -> Option<Moment> {
        (self.error.is_some() && !self.is_due(now, interval)).then(|| self.next(interval))
    }
}

/// Whether the wait doubles. Where 8x8 wasn't asked it doesn't: a changed secret must be noticed soon, and looking costs
/// 8x8 nothing.
fn is_backed_off(error: &Error) -> bool {
    match error {
        Error::Request(_) | Error::Panicked => true,
        Error::Secrets(_) | Error::Refused { .. } | Error::Held { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::{Cause, Endpoint, Failure};

    #[test]
    fn what_8x8_asks_for_counts_from_its_answer() {
        let (minute, started) = (Duration::from_mins(1), Clock::System.now());
        let failed = |retry_after| {
            let failure = Failure {
                endpoint: Endpoint::Compsum,
                cause: Cause::ServerError,
                status: Some(503),
                retry_after,
            };
            let error = Err(Error::Request(failure));
            let collection = Collection::new(None, error, started, started + minute);
            collection.next(minute / 2).since(started)
        };
        assert!(failed(None) <= minute);
        assert_eq!(failed(Some(minute)), 2 * minute);
        assert!(failed(Some(minute / 60)) > minute);
        assert_eq!(failed(Some(minute * 1000)), 61 * minute);
    }
}
