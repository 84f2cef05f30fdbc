//! Customers of 8x8: who may log in, and for which company.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::company::Company;

/// What a customer logs in with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The `8x8-apikey`.
    pub api_key: String,
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: String,
}

impl Credentials {
    /// Credentials that nobody can guess, for a demo.
    #[must_use]
    pub fn random() -> Credentials {
        let [api_key, name, password] = [0; 3].map(|_| format!("{:032x}", rand::random::<u128>()));
        Credentials {
            api_key,
            username: format!("{name}@example.com"),
            password,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(masked)")
    }
}

/// A company's policy against guessing. 8x8 allows 1 to 10 bad logins and 1 to 60 minutes (documented).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// Bad passwords in a row that lock the user.
    pub after: u32,
    /// For how long.
    pub lasting: Duration,
}

/// What became of an account's logins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logins {
    /// A token was given out.
    pub granted: u64,
    /// Refused for the password, or because the user was locked.
    pub refused: u64,
    /// How often the user got locked.
    pub lockouts: u64,
}

/// A customer. API keys must differ between customers. What a customer's administrator can change can be changed while it runs.
#[derive(Debug)]
pub struct Customer {
    /// The name that rules and tests know it by; 8x8 has none.
    pub(crate) name: Arc<str>,
    /// Its PBXs.
    pub(crate) company: Company,
    /// What bad passwords lead to.
    pub lockout: Option<Lockout>,
    pub(crate) state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) credentials: Credentials,
    pub(crate) permitted: bool,
    /// Bad passwords since the last good one.
    bad: u32,
    locked_until: Option<Instant>,
    logins: Logins,
}

impl Customer {
    /// A customer whose user may use Analytics and guess for ever.
    #[must_use]
    pub fn new(name: &str, credentials: Credentials, company: Company) -> Customer {
        Customer {
            name: name.into(),
            company,
            lockout: None,
            state: Mutex::new(State {
                credentials,
                permitted: true,
                bad: 0,
                locked_until: None,
                logins: Logins::default(),
            }),
        }
    }

    /// What it logs in with.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        self.state.lock().credentials.clone()
    }

    /// Changes what it logs in with. Tokens stay good.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.state.lock().credentials = credentials;
    }

    /// Gives its user Analytics, or takes it away: then each report is refused with 105-400-038.
    pub fn set_permitted(&self, permitted: bool) {
        self.state.lock().permitted = permitted;
    }

    /// What became of its logins.
    #[must_use]
    pub fn logins(&self) -> Logins {
        self.state.lock().logins
    }

    /// Checks a login and counts it. The error is 8x8's word for it.
    pub(crate) fn log_in(
        &self,
        user: &str,
        password: &str,
        now: Instant,
    ) -> Result<(), &'static str> {
        let mut state = self.state.lock();
        let result = state.judge(user, password, self.lockout, now);
        match result {
            Ok(()) => state.logins.granted += 1,
            Err(_) => state.logins.refused += 1,
        }
        result
    }
}

impl State {
    fn judge(
        &mut self,
        user: &str,
        password: &str,
        lockout: Option<Lockout>,
        now: Instant,
    ) -> Result<(), &'static str> {
        if user != self.credentials.username {
            return Err("USER_NOTFOUND_ERROR");
        }
        if self.locked_until.is_some_and(|until| now < until) {
            return Err("USER_LOCKED_ERROR");
        }
        self.locked_until = None;
        if password == self.credentials.password {
            self.bad = 0;
            return Ok(());
        }
        self.bad += 1;
        if let Some(lockout) = lockout.filter(|lockout| self.bad >= lockout.after) {
            self.bad = 0;
            self.locked_until = Some(now + lockout.lasting);
            self.logins.lockouts += 1;
        }
        Err("Bad credentials")
    }
}
