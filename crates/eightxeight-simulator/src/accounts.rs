//! Customers of 8x8: who may log in, and for which company.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::company::Company;
use super::lock::lock;
use super::refusal::Refusal;

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

/// A customer. API keys must differ between accounts.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name that rules and tests know it by; 8x8 has none.
    pub name: String,
    /// What it logs in with.
    pub credentials: Credentials,
    /// Whether its user may use Analytics. Without, each report is refused with 105-400-038.
    pub permitted: bool,
    /// Its PBXs.
    pub company: Company,
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

/// An account at work. What a customer's administrator can change can be changed while it runs.
#[derive(Debug)]
pub struct Customer {
    /// Its position among the customers: what tokens know it by.
    pub(crate) index: usize,
    pub(crate) name: Arc<str>,
    pub(crate) company: Company,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    credentials: Credentials,
    permitted: bool,
    lockout: Option<Lockout>,
    /// Bad passwords since the last good one.
    bad: u32,
    locked_until: Option<Instant>,
    logins: Logins,
}

impl Customer {
    pub(crate) fn new(index: usize, account: Account, lockout: Option<Lockout>) -> Customer {
        Customer {
            index,
            name: account.name.into(),
            company: account.company,
            state: Mutex::new(State {
                credentials: account.credentials,
                permitted: account.permitted,
                lockout,
                bad: 0,
                locked_until: None,
                logins: Logins::default(),
            }),
        }
    }

    /// The name that rules and tests know it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its PBXs.
    pub fn company(&self) -> &Company {
        &self.company
    }

    pub(crate) fn has_key(&self, api_key: &str) -> bool {
        lock(&self.state).credentials.api_key == api_key
    }

    /// What it logs in with.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        lock(&self.state).credentials.clone()
    }

    /// Changes what it logs in with. Tokens stay good.
    pub fn set_credentials(&self, credentials: Credentials) {
        lock(&self.state).credentials = credentials;
    }

    pub(crate) fn is_permitted(&self) -> bool {
        lock(&self.state).permitted
    }

    /// Gives its user Analytics, or takes it away.
    pub fn set_permitted(&self, permitted: bool) {
        lock(&self.state).permitted = permitted;
    }

    /// Changes the policy; a locked user is free again.
    pub fn set_lockout(&self, lockout: Option<Lockout>) {
        let mut state = lock(&self.state);
        state.lockout = lockout;
        state.bad = 0;
        state.locked_until = None;
    }

    /// What became of its logins.
    #[must_use]
    pub fn logins(&self) -> Logins {
        lock(&self.state).logins
    }

    /// Checks a login and counts it.
    pub(crate) fn log_in(&self, user: &str, password: &str, now: Instant) -> Result<(), Refusal> {
        let mut state = lock(&self.state);
        let result = state.judge(user, password, now);
        match result {
            Ok(()) => state.logins.granted += 1,
            Err(_) => state.logins.refused += 1,
        }
        result
    }
}

impl State {
    fn judge(&mut self, user: &str, password: &str, now: Instant) -> Result<(), Refusal> {
        if user != self.credentials.username {
            return Err(Refusal::UnknownUser);
        }
        if self.locked_until.is_some_and(|until| now < until) {
            return Err(Refusal::Locked);
        }
        self.locked_until = None;
        if password == self.credentials.password {
            self.bad = 0;
            return Ok(());
        }
        self.bad += 1;
        if let Some(lockout) = self.lockout.filter(|lockout| self.bad >= lockout.after) {
            self.bad = 0;
            self.locked_until = Some(now + lockout.lasting);
            self.logins.lockouts += 1;
        }
        Err(Refusal::WrongPassword)
    }
}
