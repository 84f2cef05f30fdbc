//! How long to leave 8x8 alone after a failure.

use std::time::Duration;

use crate::cause::Cause;
use crate::clock::Moment;

/// Doubling stops here.
const LONGEST: Duration = Duration::from_mins(5);

/// A Retry-After beyond this is taken for a mistake.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// How long to wait after so many failures in a row.
///
/// The interval, doubled with each failure up to five minutes and spread by a tenth either way so that programs that
/// failed together don't come back together; never less than the interval.
#[must_use]
pub fn delay(interval: Duration, failures: u32, spread: Spread) -> Duration {
    let longest = LONGEST.max(interval);
    let doubled = interval
        .saturating_mul(1 << failures.saturating_sub(1).min(16))
        .min(longest);
    (doubled * spread.0 / 1000).clamp(interval, longest)
}

/// How long 8x8 is left alone because of a Retry-After, from its answer on.
#[must_use]
pub fn asked_for(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER)
}

/// By how many thousandths of its length a delay is meant to last: drawn once, so that the delay is the same however often
/// it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Spread(u32);

impl Spread {
    /// A new draw, from 0.9 to 1.1.
    #[must_use]
    pub fn draw() -> Spread {
        Spread(rand::random_range(900..=1100))
    }
}

/// A hold on everything that is asked for an 8x8 user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    /// When it ends.
    pub(crate) until: Moment,
    /// What it is for.
    pub(crate) cause: Cause,
    since: Moment,
    failures: u32,
}

impl Hold {
    /// The hold after a failure of a request that was sent at `sent`, given the one before. The one that lasts longer
    /// wins as a whole, with its cause.
    ///
    /// Requests that were under way together and fail together are one failure.
    pub(crate) fn extend(
        previous: Option<Hold>,
        interval: Duration,
        sent: Moment,
        now: Moment,
        (cause, retry_after): (Cause, Option<Duration>),
    ) -> Hold {
        let failures = match previous {
            Some(hold) if sent.instant < hold.since.instant => hold.failures,
            Some(hold) => hold.failures + 1,
            None => 1,
        };
        let wait = delay(interval, failures, Spread::draw()).max(asked_for(retry_after));
        let until = now + wait;
        match previous {
            Some(hold) if hold.until.instant > until.instant => Hold {
                since: now,
                failures,
                ..hold
            },
            _ => Hold {
                until,
                cause,
                since: now,
                failures,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use proptest::prelude::*;

    const MINUTE: Duration = Duration::from_mins(1);

    proptest! {
        #[test]
        fn never_sooner_than_the_interval(
            interval in 1u64..100_000, failures in 0u32..=u32::MAX, permille in 900u32..=1100
        ) {
            let interval = Duration::from_secs(interval);
            let wait = delay(interval, failures, Spread(permille));
            prop_assert!(wait >= interval);
            prop_assert!(wait <= interval.max(LONGEST));
        }
    }

    #[test]
    fn each_failure_doubles_up_to_five_minutes() {
        let waits = [1, 2, 3, 4, 40].map(|failures| delay(MINUTE, failures, Spread(1000)));
        assert_eq!(waits.map(|wait| wait.as_secs()), [60, 120, 240, 300, 300]);
    }

    #[test]
    fn failures_that_were_under_way_together_are_one() {
        let clock = Clock::System;
        let sent = clock.now();
        let failed = (Cause::Unauthorized, None);
        let first = Hold::extend(None, MINUTE, sent, sent + MINUTE, failed);
        let twin = Hold::extend(Some(first), MINUTE, sent, sent + MINUTE, failed);
        assert_eq!((first.failures, twin.failures), (1, 1));
        let next = Hold::extend(
            Some(twin),
            MINUTE,
            sent + 3 * MINUTE,
            sent + 3 * MINUTE,
            failed,
        );
        assert_eq!(next.failures, 2);
    }

    #[test]
    fn the_longer_hold_wins_with_its_reason() {
        let now = Clock::System.now();
        let limited = (Cause::RateLimited, Some(10 * MINUTE));
        let first = Hold::extend(None, MINUTE, now, now, limited);
        let later = now + MINUTE;
        let second = Hold::extend(
            Some(first),
            MINUTE,
            later,
            later,
            (Cause::ServerError, None),
        );
        assert_eq!(second.cause, Cause::RateLimited);
        assert_eq!(second.until.instant, first.until.instant);
        let last = now + 9 * MINUTE;
        let third = Hold::extend(Some(second), MINUTE, last, last, (Cause::ServerError, None));
        assert_eq!(third.cause, Cause::ServerError);
    }
}
