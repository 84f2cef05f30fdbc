//! The lock-out guard: 8x8 locks a user after a few bad logins, so a login that was refused isn't repeated until either a
//! long wait is over or somebody has changed a secret.

use std::time::Duration;

use crate::clock::Moment;

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
    /// Doublings of the first wait.
    doublings: u32,
    secrets: u64,
}

impl Refusal {
    fn until(&self, first_wait: Duration) -> Moment {
        let doubled = first_wait.saturating_mul(1 << self.doublings.min(30));
        self.at + doubled.min(LONGEST)
    }
}

impl Lockout {
    /// Whether a login with the secrets of this fingerprint may be tried now.
    ///
    /// # Errors
    ///
    /// When it may not: from when on it may.
    pub(crate) fn check(
        &self,
        now: Moment,
        secrets: u64,
        first_wait: Duration,
    ) -> Result<(), Moment> {
        self.next_login(now, secrets, first_wait)
            .map_or(Ok(()), Err)
    }

    /// 8x8 said no. The wait doubles even when the secrets are others than last time: who changes a password to another
    /// wrong one gets one try for each change and no more.
    pub(crate) fn refused(&mut self, now: Moment, secrets: u64) {
        let own = self
            .forget(secrets)
            .map_or(0, |refusal| refusal.doublings + 1);
        let doublings = own.max(self.in_a_row);
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.refusals.len() == MOST_REMEMBERED {
            self.refusals.remove(0);
        }
        self.refusals.push(Refusal {
            at: now,
            doublings,
            secrets,
        });
    }

    /// 8x8 said yes to these secrets. Others of the same user stay refused.
    pub(crate) fn accepted(&mut self, secrets: u64) {
        self.forget(secrets);
        self.in_a_row = 0;
    }

    /// When 8x8 refused these secrets, if that was its last word on them.
    #[must_use]
    pub(crate) fn refused_at(&self, secrets: u64) -> Option<Moment> {
        self.of(secrets).map(|refusal| refusal.at)
    }

    /// When a login with these secrets may be tried, if not at once.
    #[must_use]
    pub(crate) fn next_login(
        &self,
        now: Moment,
        secrets: u64,
        first_wait: Duration,
    ) -> Option<Moment> {
        let until = self.of(secrets)?.until(first_wait);
        (!until.is_past(now)).then_some(until)
    }

    /// Whether there is anything to remember.
    #[must_use]
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
    use crate::clock::Clock;

    const MINUTE: Duration = Duration::from_mins(1);
    const FIRST_WAIT: Duration = Duration::from_mins(15);

    #[test]
    fn a_day_with_a_wrong_password_and_a_try_each_second() {
        let start = Clock::System.now();
        let mut lockout = Lockout::default();
        let mut logins = Vec::new();
        for second in 0..24 * 60 * 60 {
            let now = start + Duration::from_secs(second);
            if lockout.check(now, 1, FIRST_WAIT).is_ok() {
                logins.push(second / 60);
                lockout.refused(now, 1);
            }
        }
        assert_eq!(logins, [0, 15, 45, 105, 225, 465, 945]);
    }

    #[test]
    fn the_wait_never_exceeds_a_day() {
        let mut now = Clock::System.now();
        let mut lockout = Lockout::default();
        for _ in 0..100 {
            lockout.refused(now, 1);
            let until = lockout.next_login(now, 1, FIRST_WAIT).unwrap();
            assert!(until.since(now) <= LONGEST);
            now = until;
            assert!(lockout.check(now, 1, FIRST_WAIT).is_ok());
        }
        lockout.refused(now, 1);
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
        lockout.refused(now, 1);
        assert!(lockout.check(now, 1, FIRST_WAIT).is_err());
        assert!(lockout.check(now, 2, FIRST_WAIT).is_ok());
        lockout.refused(now, 2);
        let until = lockout.check(now, 2, FIRST_WAIT).unwrap_err();
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
                lockout.refused(now, 1);
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
        lockout.refused(now, 1);
        let wait = |first| lockout.next_login(now, 1, first).unwrap().since(now);
        assert_eq!(wait(120 * MINUTE), 120 * MINUTE);
        assert_eq!(wait(10 * MINUTE), 10 * MINUTE);
    }
}
