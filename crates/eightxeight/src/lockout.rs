//! The lock-out guard: 8x8 locks a user after a few bad logins, so a login that was refused isn't
//! repeated until either a long wait is over or somebody has changed a secret.

use std::time::Duration;

use crate::clock::Moment;

/// The longest wait after a refused login.
pub const LONGEST: Duration = Duration::from_hours(24);

/// Whether a login may be tried.
#[derive(Clone, Debug)]
pub struct Guard {
    first_wait: Duration,
    refusal: Option<Refusal>,
}

#[derive(Clone, Debug)]
struct Refusal {
    at: Moment,
    until: Moment,
    wait: Duration,
    fingerprint: u64,
}

impl Guard {
    /// A guard that waits `first_wait` after the first refusal and twice as long after each further
    /// one, up to [`LONGEST`].
    #[must_use]
    pub fn new(first_wait: Duration) -> Guard {
        Guard {
            first_wait: first_wait.min(LONGEST),
            refusal: None,
        }
    }

    /// Whether a login with the secrets of this fingerprint may be tried now.
    ///
    /// # Errors
    ///
    /// When it may not: from when on it may.
    pub fn admit(&self, now: Moment, fingerprint: u64) -> Result<(), Moment> {
        match &self.refusal {
            Some(refusal) if refusal.fingerprint == fingerprint && !refusal.until.is_past(now) => {
                Err(refusal.until)
            }
            _ => Ok(()),
        }
    }

    /// 8x8 said no. The wait doubles even when the secrets are others than last time: who changes a
    /// password to another wrong one gets one try for each change and no more.
    pub fn refused(&mut self, now: Moment, fingerprint: u64) {
        let wait = match &self.refusal {
            Some(refusal) => refusal.wait.saturating_mul(2).min(LONGEST),
            None => self.first_wait,
        };
        self.refusal = Some(Refusal {
            at: now,
            until: now + wait,
            wait,
            fingerprint,
        });
    }

    /// 8x8 said yes.
    pub fn accepted(&mut self) {
        self.refusal = None;
    }

    /// When 8x8 refused the credentials, if that was its last word on them.
    #[must_use]
    pub fn refused_at(&self) -> Option<Moment> {
        self.refusal.as_ref().map(|refusal| refusal.at)
    }

    /// When a login with the same secrets may be tried, if not at once.
    #[must_use]
    pub fn next_login(&self, now: Moment) -> Option<Moment> {
        self.refusal
            .as_ref()
            .map(|refusal| refusal.until)
            .filter(|until| !until.is_past(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_day_with_a_wrong_password_and_a_try_each_second() {
        let start = Clock::System.now();
        let mut guard = Guard::new(15 * MINUTE);
        let mut logins = Vec::new();
        for second in 0..24 * 60 * 60 {
            let now = start + Duration::from_secs(second);
            if guard.admit(now, 1).is_ok() {
                logins.push(second / 60);
                guard.refused(now, 1);
            }
        }
        assert_eq!(logins, [0, 15, 45, 105, 225, 465, 945]);
    }

    #[test]
    fn the_wait_never_exceeds_a_day() {
        let mut now = Clock::System.now();
        let mut guard = Guard::new(15 * MINUTE);
        for _ in 0..100 {
            guard.refused(now, 1);
            let until = guard.next_login(now).unwrap();
            assert!(until.since(now) <= LONGEST);
            now = until;
            assert!(guard.admit(now, 1).is_ok());
        }
        assert!(guard.admit(now, 1).is_ok());
    }

    #[test]
    fn a_changed_secret_gets_one_try_at_once() {
        let now = Clock::System.now();
        let mut guard = Guard::new(15 * MINUTE);
        guard.refused(now, 1);
        assert!(guard.admit(now, 1).is_err());
        assert!(guard.admit(now, 2).is_ok());
        guard.refused(now, 2);
        assert_eq!(guard.admit(now, 2).unwrap_err().since(now), 30 * MINUTE);
        guard.accepted();
        assert!(guard.refused_at().is_none());
        assert!(guard.next_login(now).is_none());
    }
}
