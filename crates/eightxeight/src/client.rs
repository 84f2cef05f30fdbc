//! Asks 8x8: holds, logs in when it must, and answers a 401 with one new login and one retry.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::answer::Snapshot;
use crate::cause::{Cause, Reason};
use crate::clock::Moment;
use crate::credentials::{SecretError, SecretReader, Secrets, joined};
use crate::decode::{DecodeError, decode};
use crate::error::Error;
use crate::exchange::{RawAnswer, exchange};
use crate::failure::{Endpoint, Failure};
use crate::settings::Settings;
use crate::status::{Exchange, Observer, Status};
use crate::token::{FRESH_TOKEN_AGE, Token};
use crate::transport::{Transport, TransportError, sensitive};
use crate::users::{Identity, Question, UserState, Users};
use crate::window::{Period, QUERY_ZONE, Span, Window};

/// A client for one account. Its settings never change: a reload makes another client, and what this one has learnt stays
/// with the [`Users`]. Clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    users: Arc<Users>,
    settings: Settings,
    pbx_ids: Arc<str>,
    transport: Transport,
    observer: Observer,
    identity: Mutex<Identity>,
    secrets: SecretReader,
    is_replaced: AtomicBool,
}

/// One answer is unpacked and decoded at a time in the whole process: a large one takes many times its length on the wire.
static READING: Semaphore = Semaphore::const_new(1);

/// Why there can be no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The secrets can't be read.
    #[error("{}", joined(.0))]
    Secrets(Vec<SecretError>),
    /// There can be no HTTP client.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl Client {
    /// A client that asks for one of the `users`; `observer` is told of each request. Reads the files that the settings
    /// name: not for a thread that must not wait.
    ///
    /// # Errors
    ///
    /// When the secrets can't be read or TLS can't be set up.
    pub fn new(
        users: &Arc<Users>,
        settings: Settings,
        observer: Observer,
    ) -> Result<Client, ClientError> {
        let secrets = settings.credentials.read().map_err(ClientError::Secrets)?;
        let transport = Transport::new(&settings)?;
        Ok(Client(Arc::new(Inner {
            identity: Mutex::new(users.identify(&settings.url, &secrets)),
            users: users.clone(),
            pbx_ids: settings.pbx_ids.join(",").into(),
            secrets: SecretReader::new(settings.credentials.clone()),
            settings,
            transport,
            observer,
            is_replaced: AtomicBool::new(false),
        })))
    }

    /// What it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Whether another client asks in the same way: with the same settings, and the same content of the file of roots.
    #[must_use]
    pub fn asks_like(&self, other: &Client) -> bool {
        self.0.settings == other.0.settings && self.0.transport == other.0.transport
    }

    /// What is asked for a window.
    #[must_use]
    pub fn question(&self, window: &Window, zone: &TimeZone, delay: Duration) -> Question {
        let Identity { user, secrets } = self.0.identity();
        Question {
            user: user.id,
            secrets,
            pbx_ids: self.0.pbx_ids.clone(),
            span: window.span(),
            zone: match window.span() {
                Span::Rolling(_) => "".into(),
                Span::Today => zone.iana_name().unwrap_or_default().into(),
            },
            delay,
        }
    }

    /// The state of the dealings with 8x8.
    #[must_use]
    pub fn status(&self) -> Status {
        let settings = &self.0.settings;
        let Identity { user, secrets } = self.0.identity();
        Status {
            budget_remaining: user.budget.remaining(settings.max_requests_per_minute),
            ..user.state().status(
                secrets,
                self.0.users.clock.now(),
                settings.login_retry_interval,
            )
        }
    }

    /// Lets this one ask at once in place of `before`, unless 8x8 limits the rate: its settings may be the cure for what the
    /// user is held for. What `before` still fails at holds nobody any more.
    pub fn take_over(&self, before: &Client) {
        before.0.is_replaced.store(true, Ordering::Relaxed);
        self.0.identity().user.state().release_hold();
    }

    /// Logs in, unless there is a token that can be used.
    ///
    /// # Errors
    ///
    /// When 8x8 gave no token.
    pub async fn log_in_if_needed(&self) -> Result<(), Error> {
        self.token().await.map(drop)
    }

    /// Asks for the company summary of a period.
    ///
    /// # Errors
    ///
    /// When it could not be had.
    pub async fn company_summary(&self, period: Period) -> Result<Snapshot, Error> {
        let inner = &*self.0;
        let (identity, token) = self.token().await?;
        let sent = inner.users.clock.now();
        let is_fresh = sent.age_of(token.issued) < FRESH_TOKEN_AGE;
        let first = inner.compsum(&identity, &token, period).await;
        // Refused for its age, or another collection has replaced it meanwhile.
        let refused =
            matches!(&first, Err(Error::Request(failure)) if failure.cause == Cause::Unauthorized);
        let is_current = |token| identity.user.state().is_current(identity.secrets, token);
        let (identity, token, sent, result) = if refused && !(is_fresh && is_current(&token)) {
            identity.user.state().forget_token(identity.secrets, &token);
            let (identity, newer) = self.token().await?;
            let sent = inner.users.clock.now();
            let second = inner.compsum(&identity, &newer, period).await;
            (identity, newer, sent, second)
        } else {
            (identity, token, sent, first)
        };
        match &result {
            Ok(_) => identity.user.state().end_hold(sent),
            Err(Error::Request(failure)) => {
                // The key is read at logins, so a new one is only found by a new login.
                if matches!(failure.cause, Cause::Unauthorized | Cause::BadApiKey) {
                    identity.user.state().forget_token(identity.secrets, &token);
                }
                inner.failed(&identity, failure, sent);
            }
            Err(_) => {}
        }
        result
    }

    /// A token to use, and whose it is: the present one, unless it is due for renewal.
    async fn token(&self) -> Result<(Identity, Arc<Token>), Error> {
        let identity = self.0.identity();
        if let Some(token) = self.0.usable_token(&identity) {
            return Ok((identity, token));
        }
        self.0.check_hold(&identity)?;
        // Before the lock: a file system that hangs must not hold up another account of the same user.
        let secrets = self.0.secrets.read(self.0.settings.timeout).await;
        let secrets = secrets.map_err(Error::Secrets)?;
        let identity = self.0.users.identify(&self.0.settings.url, &secrets);
        *self.0.identity.lock() = identity.clone();
        let login = identity.user.login.clone().lock_owned().await;
        if let Some(token) = self.0.usable_token(&identity) {
            return Ok((identity, token));
        }
        // A task of its own: what 8x8 says to a login that is on its way must be learnt, even if the account goes meanwhile.
        let (inner, own) = (self.0.clone(), identity.clone());
        let task = tokio::spawn(async move {
            let _login = login;
            inner.log_in(&own, secrets).await
        });
        let token = outcome(task).await??;
        Ok((identity, token))
    }
}

impl Inner {
    fn identity(&self) -> Identity {
        self.identity.lock().clone()
    }

    fn usable_token(&self, identity: &Identity) -> Option<Arc<Token>> {
        let now = self.users.clock.now();
        let state = identity.user.state();
        let token = state.token(identity.secrets)?;
        let is_good = now.age_of(token.issued) < token.renew.since(token.issued);
        is_good.then(|| token.clone())
    }

    /// Logs in. The user's `login` lock is held.
    async fn log_in(&self, identity: &Identity, secrets: Secrets) -> Result<Arc<Token>, Error> {
        let clock = self.users.clock;
        self.check_hold(identity)?;
        let first_wait = self.settings.login_retry_interval;
        let may_log_in = |state: &UserState| {
            let lockout = &state.lockout;
            lockout.check(clock.now(), identity.secrets, first_wait)
        };
        may_log_in(&identity.user.state())?;
        let form = [
            ("username", secrets.username.expose_secret()),
            ("password", secrets.password.expose_secret()),
        ];
        let request = self
            .transport
            .post("v1/oauth/token")
            .header("8x8-apikey", sensitive("", &secrets.key))
            .form(&form);
        let sent = clock.now();
        let answer = self
            .exchange(identity, Endpoint::Token, request, {
                let key = secrets.key.clone();
                move |body| Token::from_answer(body, key, clock.now()).map_err(|_| Cause::Decode)
            })
            .await;
        match answer {
            Ok(token) => {
                let token = Arc::new(token);
                let mut state = identity.user.state();
                state.lockout.accepted(identity.secrets);
                state.keep_token(identity.secrets, token.clone(), clock.now());
                Ok(token)
            }
            Err(Error::Request(failure)) if failure.is_refusal() => {
                let mut state = identity.user.state();
                let now = clock.now();
                state.lockout.refused(now, identity.secrets, &failure);
                may_log_in(&state)?;
                Err(Error::Request(failure))
            }
            Err(error) => {
                if let Error::Request(failure) = &error {
                    self.failed(identity, failure, sent);
                }
                Err(error)
            }
        }
    }

    async fn compsum(
        &self,
        identity: &Identity,
        token: &Arc<Token>,
        period: Period,
    ) -> Result<Snapshot, Error> {
        let [start, end] = period.query_times();
        let request = self
            .transport
            .get("v1/compsum")
            .header("8x8-apikey", sensitive("", &token.key))
            .header("authorization", sensitive("Bearer ", &token.value))
            .query(&[
                ("pbxId", &*self.pbx_ids),
                ("startTime", &start),
                ("endTime", &end),
                ("timeZone", QUERY_ZONE),
            ]);
        let mut answer = self
            .exchange(identity, Endpoint::Compsum, request, |body| {
                decode(body).map_err(|error| match error {
                    DecodeError::TooMany => Cause::TooLarge,
                    DecodeError::NoRows => Cause::NoRows,
                    DecodeError::Malformed { line, column } => {
                        tracing::debug!(line, column, "the answer is no JSON array of PBXs");
                        Cause::Decode
                    }
                })
            })
            .await?;
        answer.drift.absent_pbxes = answer.absent(&self.settings.pbx_ids).count();
        Ok(Snapshot {
            period,
            received: self.users.clock.now().wall,
            answer,
        })
    }

    /// Sends a request when the budget has room for it, and reads the answer off the runtime.
    async fn exchange<T: Send + 'static>(
        &self,
        identity: &Identity,
        endpoint: Endpoint,
        request: reqwest::RequestBuilder,
        read: impl FnOnce(&[u8]) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Error> {
        let clock = self.users.clock;
        // A connection that died while idle is no failure; a login is never repeated.
        let second_try = request
            .try_clone()
            .filter(|_| endpoint == Endpoint::Compsum);
        let (mut start, mut answer) = self.send(identity, endpoint, request).await?;
        if let (Err(failure), Some(request)) = (&answer, second_try)
            && failure.cause == Cause::Closed
        {
            (start, answer) = self.send(identity, endpoint, request).await?;
        }
        let result = match answer {
            Err(failure) => Err(failure),
            Ok(answer) => {
                if answer.clock_skew.is_some() {
                    identity.user.state().clock_skew = answer.clock_skew;
                }
                // Kept to the end of the work, even if nobody waits for it any more.
                let turn = READING.acquire().await;
                let task = tokio::task::spawn_blocking(move || {
                    let result = answer.read(read);
                    drop(turn);
                    result
                });
                outcome(task).await?
            }
        };
        let took = clock.now().since(start);
        let failure = result.as_ref().err().map(Failure::reason);
        tracing::debug!(
            endpoint = endpoint.label(),
            reason = failure.map(Reason::label),
            took_ms = took.as_millis(),
            "asked 8x8"
        );
        (self.observer)(Exchange {
            endpoint,
            took,
            failure,
        });
        result.map_err(Error::Request)
    }

    /// Sends a request when the budget has room for it. When that was, and what came of it.
    async fn send(
        &self,
        identity: &Identity,
        endpoint: Endpoint,
        request: reqwest::RequestBuilder,
    ) -> Result<(Moment, Result<RawAnswer, Failure>), Error> {
        let most = self.settings.max_requests_per_minute;
        let permit = identity.user.budget.acquire(most).await;
        // While this stood in line another request may have failed.
        self.check_hold(identity)?;
        permit.consume();
        let start = self.users.clock.now();
        Ok((start, exchange(endpoint, request, self.users.clock).await))
    }

    fn check_hold(&self, identity: &Identity) -> Result<(), Error> {
        identity.user.state().check_hold(self.users.clock.now())
    }

    /// Learns that a request that was sent at `sent` failed.
    fn failed(&self, identity: &Identity, failure: &Failure, sent: Moment) {
        let is_replaced = self.is_replaced.load(Ordering::Relaxed);
        if failure.concerns_account() && (!is_replaced || failure.cause == Cause::RateLimited) {
            let (now, interval) = (self.users.clock.now(), self.settings.interval);
            identity.user.state().hold(failure, interval, sent, now);
        }
    }
}

/// What a task has come to. Only the end of the runtime cancels one, and then nobody learns of anything any more.
async fn outcome<T>(task: JoinHandle<T>) -> Result<T, Error> {
    match task.await {
        Ok(outcome) => Ok(outcome),
        Err(error) if error.is_panic() => Err(Error::Panicked),
        Err(_) => std::future::pending().await,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
