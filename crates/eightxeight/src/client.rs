//! Asks 8x8: holds, logs in when it must, and answers a 401 with one new login and one retry.

use std::fmt;
use std::hash::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::answer::Snapshot;
use crate::clock::{Clock, Moment};
use crate::credentials::Credentials;
use crate::window::{Period, QUERY_ZONE};

use super::backoff::Hold;
use super::budget::Budget;
use super::decode::{DecodeError, decode};
use super::error::Error;
use super::failure::{Endpoint, Failure, Reason};
use super::lockout::Guard;
use super::settings::Settings;
use super::status::{Exchange, Observer, Status};
use super::token::{Token, YOUNG};
use super::transport::{Http, HttpError, Success, exchange, sensitive};

/// A client for one account.
pub struct Client {
    http: Http,
    credentials: Credentials,
    pbx_ids: String,
    interval: Duration,
    budget: Budget,
    clock: Clock,
    observer: Observer,
    /// The guard and the keys of its fingerprints: both outlive a client that is replaced.
    guard: Mutex<Guarded>,
    /// Held during a login: those who need a token at the same time share it.
    login: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Clone)]
struct Guarded {
    guard: Guard,
    fingerprint_keys: RandomState,
}

struct State {
    token: Option<Arc<Token>>,
    hold: Option<Hold>,
    clock_skew: Option<f64>,
}

impl Client {
    /// A client that has not logged in yet.
    ///
    /// # Errors
    ///
    /// When TLS can't be set up.
    pub fn new(settings: Settings, clock: Clock, observer: Observer) -> Result<Client, HttpError> {
        let http = Http::new(settings.url, settings.timeout, settings.ca_file.as_deref())?;
        Ok(Client {
            http,
            credentials: settings.credentials,
            pbx_ids: settings.pbx_ids.join(","),
            interval: settings.interval,
            budget: Budget::new(settings.max_requests_per_minute),
            clock,
            observer,
            guard: Mutex::new(Guarded {
                guard: Guard::new(settings.login_retry_interval),
                fingerprint_keys: RandomState::new(),
            }),
            login: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                token: None,
                hold: None,
                clock_skew: None,
            }),
        })
    }

    /// Keeps in mind what another client of the same account learnt: refused credentials, what is left of
    /// the budget, and that 8x8 limits the rate. A hold for anything else may be what the new settings cure.
    pub fn inherit(&self, predecessor: &Client) {
        let guarded = predecessor.guarded().clone();
        *self.guarded() = guarded;
        self.budget.inherit(&predecessor.budget);
        let hold = predecessor.state().hold;
        self.state().hold = hold.filter(|hold| hold.reason == Reason::RateLimited);
    }

    /// How things stand.
    #[must_use]
    pub fn status(&self) -> Status {
        let now = self.clock.now();
        let budget_remaining = self.budget.remaining();
        let (credentials_refused, refused_until) = {
            let guarded = self.guarded();
            (guarded.guard.refused_at(), guarded.guard.next_login(now))
        };
        let state = self.state();
        let hold = state.hold.filter(|hold| !hold.until.is_past(now));
        let waits = [hold.map(|hold| hold.until), refused_until];
        Status {
            hold: hold.map(|hold| (hold.until, hold.reason)),
            credentials_refused,
            next_login: waits
                .into_iter()
                .flatten()
                .max_by_key(|moment| moment.instant),
            budget_remaining,
            token_expiry: state.token.as_ref().map(|token| token.expires),
            clock_skew: state.clock_skew,
        }
    }

    /// Logs in, unless there is a token that can be used.
    ///
    /// # Errors
    ///
    /// When 8x8 gave no token.
    pub async fn log_in_if_needed(&self) -> Result<(), Error> {
        self.token(None).await.map(drop)
    }

    /// Asks for the company summary of a period.
    ///
    /// # Errors
    ///
    /// When it could not be had.
    pub async fn company_summary(&self, period: Period) -> Result<Snapshot, Error> {
        let token = self.token(None).await?;
        let sent = self.clock.now();
        let young = sent.since(token.issued) < YOUNG;
        let first = self.compsum(&token, period).await;
        // Refused for its age, or another collection has replaced it meanwhile.
        let refused = matches!(&first, Err(Error::Request(failure)) if failure.reason == Reason::Unauthorized);
        let (token, sent, result) = if refused && !(young && self.is_current(&token)) {
            let newer = self.token(Some(&token)).await?;
            let sent = self.clock.now();
            let second = self.compsum(&newer, period).await;
            (newer, sent, second)
        } else {
            (token, sent, first)
        };
        match &result {
            Ok(_) => self.end_hold(sent),
            Err(Error::Request(failure)) => {
                // The key is read at logins, so a new one is only found by a new login.
                if matches!(failure.reason, Reason::Unauthorized | Reason::BadApiKey) {
                    self.forget(&token);
                }
                self.hold_if_account(failure, sent);
            }
            Err(_) => {}
        }
        result
    }

    /// A token to use: the present one, unless it is due for renewal or it is `refused`.
    async fn token(&self, refused: Option<&Arc<Token>>) -> Result<Arc<Token>, Error> {
        if let Some(token) = self.usable_token(refused) {
            return Ok(token);
        }
        let _login = self.login.lock().await;
        match self.usable_token(refused) {
            Some(token) => Ok(token),
            None => self.log_in().await,
        }
    }

    fn usable_token(&self, refused: Option<&Arc<Token>>) -> Option<Arc<Token>> {
        let now = self.clock.now();
        let state = self.state();
        let token = state
            .token
            .as_ref()
            .filter(|token| !token.renew.is_past(now))?;
        refused
            .is_none_or(|refused| !Arc::ptr_eq(refused, token))
            .then(|| token.clone())
    }

    async fn log_in(&self) -> Result<Arc<Token>, Error> {
        self.check_hold()?;
        let credentials = self.credentials.clone();
        // A file can be slow: it may lie on a network, or be a pipe.
        let secrets = tokio::task::spawn_blocking(move || credentials.read())
            .await
            .unwrap_or_else(|_| Err(Vec::new()))
            .map_err(Error::Secrets)?;
        let fingerprint = secrets.fingerprint(&self.guarded().fingerprint_keys);
        self.guarded()
            .guard
            .admit(self.clock.now(), fingerprint)
            .map_err(|until| Error::Refused { until })?;

        let form = [
            ("username", secrets.username.expose_secret()),
            ("password", secrets.password.expose_secret()),
        ];
        let request = self
            .http
            .post("v1/oauth/token")
            .header("8x8-apikey", sensitive("", &secrets.key))
            .form(&form);
        let sent = self.clock.now();
        let answer = self
            .exchange(Endpoint::Token, request, {
                let (key, clock) = (secrets.key.clone(), self.clock);
                move |body| Token::from_answer(&body, key, clock.now()).map_err(|_| Reason::Decode)
            })
            .await;
        match answer {
            Ok(token) => {
                let token = Arc::new(token);
                self.guarded().guard.accepted();
                self.state().token = Some(token.clone());
                Ok(token)
            }
            Err(Error::Request(failure)) => {
                if failure.is_refusal() {
                    self.guarded().guard.refused(self.clock.now(), fingerprint);
                } else {
                    self.hold_if_account(&failure, sent);
                }
                Err(Error::Request(failure))
            }
            Err(error) => Err(error),
        }
    }

    async fn compsum(&self, token: &Arc<Token>, period: Period) -> Result<Snapshot, Error> {
        let [start, end] = period.query_times();
        let request = self
            .http
            .get("v1/compsum")
            .header("8x8-apikey", sensitive("", &token.key))
            .header("authorization", sensitive("Bearer ", &token.value))
            .query(&[
                ("pbxId", &*self.pbx_ids),
                ("startTime", &start),
                ("endTime", &end),
                ("timeZone", QUERY_ZONE),
            ]);
        let answer = self
            .exchange(Endpoint::Compsum, request, |body| {
                decode(&body).map_err(|error| match error {
                    DecodeError::TooMany => Reason::TooLarge,
                    DecodeError::Malformed { line, column } => {
                        tracing::debug!(line, column, "the answer is no JSON array of PBXs");
                        Reason::Decode
                    }
                })
            })
            .await?;
        Ok(Snapshot {
            period,
            received: self.clock.now().wall,
            answer,
        })
    }

    /// Sends a request when the budget has room for it, and reads the answer off the runtime.
    async fn exchange<T: Send + 'static>(
        &self,
        endpoint: Endpoint,
        request: reqwest::RequestBuilder,
        read: impl FnOnce(Zeroizing<Vec<u8>>) -> Result<T, Reason> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.budget.turn().await;
        // While this stood in line another request may have failed.
        self.check_hold()?;
        turn.take();
        let start = self.clock.now();
        let (result, date) = exchange(endpoint, request, start.wall).await;
        let answered = self.clock.now();
        if let Some(date) = date {
            // The header has whole seconds. Adding zero turns -0 into 0.
            let skew = answered.wall.duration_since(date).as_secs_f64().trunc() + 0.0;
            self.state().clock_skew = Some(skew);
        }
        let result = match result {
            Ok(Success { body, status }) => tokio::task::spawn_blocking(move || read(body))
                .await
                .unwrap_or(Err(Reason::Decode))
                .map_err(|reason| Failure {
                    endpoint,
                    reason,
                    cause: None,
                    status: Some(status),
                    retry_after: None,
                }),
            Err(failure) => Err(failure),
        };
        let took = self.clock.now().since(start);
        let failure = result.as_ref().err().map(|failure| failure.reason);
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

    fn check_hold(&self) -> Result<(), Error> {
        let now = self.clock.now();
        match self.state().hold {
            Some(Hold { until, reason, .. }) if !until.is_past(now) => {
                Err(Error::Held { until, reason })
            }
            _ => Ok(()),
        }
    }

    fn hold_if_account(&self, failure: &Failure, sent: Moment) {
        if failure.concerns_account() {
            let now = self.clock.now();
            let mut state = self.state();
            let why = (failure.reason, failure.retry_after);
            state.hold = Some(Hold::after(state.hold, self.interval, sent, now, why));
        }
    }

    /// A request that was sent after the hold has worked, so the next failure is a first one again.
    fn end_hold(&self, sent: Moment) {
        let mut state = self.state();
        state.hold = state.hold.filter(|hold| !hold.until.is_past(sent));
    }

    fn is_current(&self, token: &Arc<Token>) -> bool {
        self.state()
            .token
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, token))
    }

    fn forget(&self, token: &Arc<Token>) {
        if self.is_current(token) {
            self.state().token = None;
        }
    }

    fn guarded(&self) -> MutexGuard<'_, Guarded> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
