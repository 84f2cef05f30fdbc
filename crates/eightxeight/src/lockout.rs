//! The lock-out guard: 8x8 locks a user after a few bad logins, so a login that was refused isn't repeated until either a
//! long wait is over or somebody has changed a secret.

use std::time::Duration;

use crate::backoff::asked_for;
use crate::clock::Moment;
use crate::error::Error;
use crate::failure::Failure;

/// The longest wait after a refused login.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);

/// More secrets than anybody tries for one user; the oldest refusal is forgotten first.
const MOST_REMEMBERED: usize = 64;

/// What 8x8 said to a user's logins. The wait after the first refusal is an argument: it is configuration, and what was
/// learnt outlives that.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lockout {
    /// The last one for each set of secrets, the newest last.
    refusals: Vec<Refusal>,
    /// Refusals since a login last worked, whatever the secrets.
    in_a_row: u32,
}

#[derive(Clone, Debug)]
struct Refusal {
    at: Moment,
    failure: Failure,
    /// Doublings of the first wait.
    doublings: u32,
    secrets: u64,
}

impl Refusal {
    fn until(&self, first_wait: Duration) -> Moment {
        let doubled = first_wait.saturating_mul(1 << self.doublings.min(30));
        self.at
            + doubled
                .min(LONGEST)
                .max(asked_for(self.failure.retry_after))
    }
}

impl Lockout {
    /// Whether a login with the secrets of this fingerprint may be tried now.
    ///
    /// # Errors
    ///
    /// When it may not.
    pub(crate) fn check(
        &self,
        now: Moment,
        secrets: u64,
        first_wait: Duration,
    ) -> Result<(), Error> {
        let Some(refusal) = self.of(secrets) else {
            return Ok(());
        };
        let until = refusal.until(first_wait);
        if until.is_past(now) {
            Ok(())
        } else {
            let failure = refusal.failure.clone();
            Err(Error::Refused { until, failure })
        }
    }

    /// The answer to a login was no. The wait doubles even when the secrets are others than last time: who changes a
    /// password to another wrong one gets one try for each change and no more. It stays as it is while something else
    /// than 8x8 answers.
    pub(crate) fn refused(&mut self, now: Moment, secrets: u64, failure: &Failure) {
        let step = u32::from(failure.is_of_8x8());
        let own = self.forget(secrets);
        let own = own.map_or(0, |refusal| refusal.doublings + step);
        self.in_a_row = self.in_a_row.saturating_add(step);
        let doublings = own.max(self.in_a_row.saturating_sub(1));
        if self.refusals.len() == MOST_REMEMBERED {
            self.refusals.remove(0);
        }
        self.refusals.push(Refusal {
            at: now,
            failure: failure.clone(),
            doublings,
            secrets,
        });
    }

    /// 8x8 said yes to these secrets. Others of the same user stay refused.
    pub(crate) fn accepted(&mut self, secrets: u64) {
        self.forget(secrets);
        self.in_a_row = 0;
    }

    /// When 8x8 refused these secrets, if that was its last word on them. What another said in its place doesn't count.
    pub(crate) fn refused_at(&self, secrets: u64) -> Option<Moment> {
        let refusal = self.of(secrets)?;
        refusal.failure.is_of_8x8().then_some(refusal.at)
    }

    /// When a login with these secrets may be tried, if not at once.
    pub(crate) fn next_login(
        &self,
        now: Moment,
        secrets: u64,
        first_wait: Duration,
    ) -> Option<Moment> {
        let checked = self.check(now, secrets, first_wait);
        checked.err()?.until()
    }

    /// Whether there is anything to remember.
    pub(crate) fn is_empty(&self) -> bool {
        self.refusals.is_empty()
    }

    fn of(&self, secrets: u64) -> Option<&Refusal> {
        self.refusals
            .iter()
            .find(|refusal| refusal.secrets == secrets)
    }

    fn forget(&mut self, secrets: u64) -> Option<Refusal> {
        let at = self
            .refusals
            .iter()
            .position(|refusal| refusal.secrets == secrets)?;
        Some(self.refusals.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Cause;
    use crate::clock::Clock;
    use crate::failure::Endpoint;

    const MINUTE: Duration = Duration::from_mins(1);
    const FIRST_WAIT: Duration = Duration::from_mins(15);

    fn failure(cause: Cause, retry_after: Option<Duration>) -> Failure {
        Failure {
            endpoint: Endpoint::Token,
            cause,
            status: Some(400),
            retry_after,
        }
    }

    fn no() -> Failure {
        failure(Cause::BadCredentials, None)
    }

    #[test]
    fn a_proxys_page_does_not_double_the_wait_and_its_retry_after_counts() {
        let mut now = Clock::System.now();
        let mut lockout = Lockout::default();
        let mut wait = |failure: &Failure| {
            lockout.refused(now, 1, failure);
            let until = lockout.next_login(now, 1, FIRST_WAIT).unwrap();
            let wait = until.since(now);
            now = until;
            wait
        };
        let page = failure(Cause::ForeignRefusal, None);
        assert_eq!([wait(&page), wait(&page), wait(&page)], [FIRST_WAIT; 3]);
        assert_eq!([wait(&no()), wait(&no())], [2 * FIRST_WAIT, 4 * FIRST_WAIT]);
        assert_eq!([wait(&page), wait(&no())], [4 * FIRST_WAIT, 8 * FIRST_WAIT]);
        let asked = failure(Cause::ForeignRefusal, Some(Duration::from_mins(61)));
        assert_eq!(wait(&asked), 8 * FIRST_WAIT);
        let mut lockout = Lockout::default();
        let asked = failure(Cause::ForeignRefusal, Some(Duration::from_mins(50)));
        lockout.refused(now, 1, &asked);
        let until = lockout.next_login(now, 1, FIRST_WAIT).unwrap();
        assert_eq!(until.since(now), 50 * MINUTE);
    }

    #[test]
    fn a_day_with_a_wrong_password_and_a_try_each_second() {
        let start = Clock::System.now();
        let mut lockout = Lockout::default();
        let mut logins = Vec::new();
        for second in 0..24 * 60 * 60 {
            let now = start + Duration::from_secs(second);
            if lockout.check(now, 1, FIRST_WAIT).is_ok() {
                logins.push(second / 60);
                lockout.refused(now, 1, &no());
            }
        }
        assert_eq!(logins, [0, 15, 45, 105, 225, 465, 945]);
    }

    #[test]
    fn the_wait_never_exceeds_a_day() {
        let mut now = Clock::System.now();
        let mut lockout = Lockout::default();
        for _ in 0..100 {
            lockout.refused(now, 1, &no());
            let until = lockout.next_login(now, 1, FIRST_WAIT).unwrap();
            assert!(until.since(now) <= LONGEST);
            now = until;
            assert!(lockout.check(now, 1, FIRST_WAIT).is_ok());
        }
        lockout.refused(now, 1, &no());
        let wait = lockout
            .next_login(now, 1, Duration::MAX)
            .unwrap()
            .since(now);
        assert_eq!(wait, LONGEST);
    }

    #[test]
    fn a_changed_secret_gets_one_try_at_once() {
        let now = Clock::System.now();
        let mut lockout = Lockout::default();
        lockout.refused(now, 1, &no());
        assert!(lockout.check(now, 1, FIRST_WAIT).is_err());
        assert!(lockout.check(now, 2, FIRST_WAIT).is_ok());
        lockout.refused(now, 2, &no());
        let error = lockout.check(now, 2, FIRST_WAIT).unwrap_err();
        assert_eq!(error.cause(), Some(Cause::BadCredentials));
        let until = error.until().unwrap();
        assert_eq!(until.since(now), 30 * MINUTE);
        lockout.accepted(2);
        assert!(lockout.refused_at(2).is_none());
        assert!(lockout.next_login(now, 2, FIRST_WAIT).is_none());
    }

    #[test]
    fn a_wrong_password_stays_refused_while_another_account_of_the_user_gets_in() {
        let start = Clock::System.now();
        let mut lockout = Lockout::default();
        let mut wrong = 0;
        // Both try every half an hour, as when a token has to be renewed.
        for half_hour in 0..48 {
            let now = start + half_hour * 30 * MINUTE;
            if lockout.check(now, 1, FIRST_WAIT).is_ok() {
                wrong += 1;
                lockout.refused(now, 1, &no());
            }
            assert!(lockout.check(now, 2, FIRST_WAIT).is_ok());
            lockout.accepted(2);
        }
        assert!(wrong <= 7, "{wrong}");
    }

    #[test]
    fn another_first_wait_holds_at_once() {
        let now = Clock::System.now();
        let mut lockout = Lockout::default();
        lockout.refused(now, 1, &no());
        let wait = |first| lockout.next_login(now, 1, first).unwrap().since(now);
        assert_eq!(wait(120 * MINUTE), 120 * MINUTE);
        assert_eq!(wait(10 * MINUTE), 10 * MINUTE);
    }
}
