//! State that belongs to an 8x8 *user*: it lives as long as the process, whatever happens to the configuration.
//!
//! Accounts come, go and are renamed; 8x8 counts bad logins and requests by user. So the lock-out guard, the budget, the
//! tokens and the hold are found by base URL and user name, and shared by all accounts of that user.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use parking_lot::{Mutex, MutexGuard};
use secrecy::ExposeSecret;
use url::Url;

use crate::backoff::Hold;
use crate::budget::Budget;
use crate::cause::Cause;
use crate::clock::{Clock, Moment};
use crate::collection::Collection;
use crate::credentials::Secrets;
use crate::error::Error;
use crate::failure::Failure;
use crate::lockout::Lockout;
use crate::status::Status;
use crate::token::Token;
use crate::window::Span;

/// A question that nobody has asked for so long is forgotten, with its answer.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// All 8x8 users that the process has dealt with, and the answers that they got. One for each process.
#[derive(Debug)]
pub struct Users {
    /// Locked for one look-up.
    known: Mutex<HashMap<UserId, Arc<User>>>,
    answers: Cache<Question, Arc<Collection>>,
    /// The keys of all fingerprints. They never leave the process.
    keys: RandomState,
    pub(crate) clock: Clock,
}

/// Which 8x8 user: a keyed hash of base URL and name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserId(u64);

/// What is asked of 8x8, and for which user. Two accounts with the same question share its answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Whose calls.
    pub user: UserId,
    /// The fingerprint of the secrets: whoever has a wrong password gets no answer to a right one, nor the other way round.
    pub secrets: u64,
    /// The PBXs, separated by commas.
    pub pbx_ids: Arc<str>,
    /// What is covered.
    pub span: Span,
    /// The IANA name of the zone in which a day begins; empty where the span has no days.
    pub zone: Arc<str>,
    /// How far behind now the period ends.
    pub delay: Duration,
}

/// What is known of an 8x8 user.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: UserId,
    /// Requests in the last minute.
    pub(crate) budget: Budget,
    /// Held during a login: those who need a token at the same time share it. Its holder owns it, so that the login goes
    /// on when all who wait for it have gone.
    pub(crate) login: Arc<tokio::sync::Mutex<()>>,
    /// Never held across an await.
    state: Mutex<UserState>,
}

/// The changing part of what is known of a user.
#[derive(Debug, Default)]
pub(crate) struct UserState {
    /// By the fingerprint of the secrets that the token was made with, and is used with.
    tokens: HashMap<u64, Arc<Token>>,
    pub(crate) lockout: Lockout,
    hold: Option<Hold>,
    pub(crate) clock_skew: Option<f64>,
}

/// The secrets of an account as they were last read, known by their fingerprint, and whose they are.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) user: Arc<User>,
    pub(crate) secrets: u64,
}

impl Users {
    /// Nobody is known yet.
    #[must_use]
    pub fn new(clock: Clock) -> Arc<Users> {
        Arc::new(Users {
            known: Mutex::default(),
            answers: Cache::builder().time_to_idle(FORGOTTEN_AFTER).build(),
            keys: RandomState::new(),
            clock,
        })
    }

    pub(crate) fn identify(&self, url: &Url, secrets: &Secrets) -> Identity {
        // With a slash at its end or without, it is the same address.
        let url = url.as_str().trim_end_matches('/');
        let id = UserId(self.keys.hash_one((url, secrets.username.expose_secret())));
        Identity {
            user: self
                .known
                .lock()
                .entry(id)
                .or_insert_with(|| Arc::new(User::new(id)))
                .clone(),
            secrets: secrets.fingerprint(&self.keys),
        }
    }

    /// The newest collection for a question, if anybody has asked it lately.
    pub async fn known_answer(&self, question: &Question) -> Option<Arc<Collection>> {
        self.answers.get(question).await
    }

    /// The newest collection for a question; `ask` makes another where there is none or it `is_due`. All who want the same
    /// at the same time share one. Besides, whether it was made for this caller.
    pub async fn collect(
        &self,
        question: Question,
        is_due: impl Fn(&Collection) -> bool + Send + Sync,
        ask: impl Future<Output = Arc<Collection>> + Send,
    ) -> (Arc<Collection>, bool) {
        let entry = self
            .answers
            .entry(question)
            .or_insert_with_if(ask, |known| is_due(known))
            .await;
        let is_fresh = entry.is_fresh();
        // Without this moka keeps the answers that were replaced until it happens to tidy up.
        self.answers.run_pending_tasks().await;
        (entry.into_value(), is_fresh)
    }

    /// Forgets the users that no account has any more, unless there is something to remember about them.
    pub fn prune(&self) {
        let now = self.clock.now();
        self.known
            .lock()
            .retain(|_, user| Arc::strong_count(user) > 1 || user.is_to_be_remembered(now));
    }
}

impl User {
    fn new(id: UserId) -> User {
        User {
            id,
            budget: Budget::default(),
            login: Arc::default(),
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, UserState> {
        self.state.lock()
    }

    fn is_to_be_remembered(&self, now: Moment) -> bool {
        let state = self.state();
        !state.lockout.is_empty()
            || state.hold.is_some_and(|hold| !hold.until.is_past(now))
            || !self.budget.is_untouched()
    }
}

impl UserState {
    /// The token that was made with the secrets of this fingerprint.
    pub(crate) fn token(&self, secrets: u64) -> Option<&Arc<Token>> {
        self.tokens.get(&secrets)
    }

    /// Keeps a token, and no expired one.
    pub(crate) fn keep_token(&mut self, secrets: u64, token: Arc<Token>, now: Moment) {
        self.tokens.retain(|_, old| !old.expires.is_past(now));
        self.tokens.insert(secrets, token);
    }

    /// Forgets a token, unless another has taken its place.
    pub(crate) fn forget_token(&mut self, secrets: u64, token: &Arc<Token>) {
        if self.is_current(secrets, token) {
            self.tokens.remove(&secrets);
        }
    }

    pub(crate) fn is_current(&self, secrets: u64, token: &Arc<Token>) -> bool {
        self.token(secrets)
            .is_some_and(|current| Arc::ptr_eq(current, token))
    }

    /// What is shown, but for the budget.
    pub(crate) fn status(&self, secrets: u64, now: Moment, first_wait: Duration) -> Status {
        let hold = self.hold.filter(|hold| !hold.until.is_past(now));
        let waits = [
            hold.map(|hold| hold.until),
            self.lockout.next_login(now, secrets, first_wait),
        ];
        let waits = waits.into_iter().flatten();
        Status {
            hold: hold.map(|hold| (hold.until, hold.cause)),
            credentials_refused: self.lockout.refused_at(secrets),
            next_login: waits.max_by_key(|moment| moment.instant),
            budget_remaining: 0,
            token_expiry: self.token(secrets).map(|token| token.expires),
            clock_skew: self.clock_skew,
        }
    }

    /// Fails while a hold lasts.
    pub(crate) fn check_hold(&self, now: Moment) -> Result<(), Error> {
        match self.hold {
            Some(Hold { until, cause, .. }) if !until.is_past(now) => {
                Err(Error::Held { until, cause })
            }
            _ => Ok(()),
        }
    }

    /// Holds the user after a request that was sent at `sent` and failed.
    pub(crate) fn hold(
        &mut self,
        failure: &Failure,
        interval: Duration,
        sent: Moment,
        now: Moment,
    ) {
        let why = (failure.cause, failure.retry_after);
        self.hold = Some(Hold::extend(self.hold, interval, sent, now, why));
    }

    /// A request that was sent after the hold has worked, so the next failure is a first one again.
    pub(crate) fn end_hold(&mut self, sent: Moment) {
        self.hold = self.hold.filter(|hold| !hold.until.is_past(sent));
    }

    /// Ends the hold, unless it is for the rate limit: that one no other settings cure.
    pub(crate) fn release_hold(&mut self) {
        self.hold = self.hold.filter(|hold| hold.cause == Cause::RateLimited);
    }
}
