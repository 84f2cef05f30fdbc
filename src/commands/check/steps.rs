//! Takes the steps, each only when those before it worked.

use std::time::Duration;

use jiff::Timestamp;

use super::reach::{connect, resolve, resolved, trouble};
use super::report::{Outcome, Report, Step, Subject, ok};
use crate::config;
use crate::names::NAMES;
use eightxeight::answer::Snapshot;
use eightxeight::clock::{Clock, Moment};
use eightxeight::transport::Route;
use eightxeight::window::Window;
use eightxeight::{Cause, Client, Error, Reason};

/// Clocks that differ by more than this make windows end at the wrong time by more than anybody would
/// take for rounding.
const MOST_SKEW: f64 = 30.0;

/// The Date header has whole seconds, and one of them can end on the way.
const WHOLE: f64 = 1.0;

/// A connection that takes longer isn't coming.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);

/// Takes all steps; `see` is shown each as it ends.
pub(super) async fn run(
    account: config::Account,
    client: Client,
    see: impl FnMut(&Step) + Send,
) -> Report {
    let warnings = account.warnings();
    let mut check = Check {
        account,
        client,
        see,
        steps: Vec::new(),
        answers: Vec::new(),
    };
    let reached = check.reach().await;
    check.ask(reached).await;
    let asked = &check.account.api.pbx_ids;
    Report::new(check.steps, &check.answers, warnings, asked)
}

struct Check<S> {
    account: config::Account,
    client: Client,
    see: S,
    steps: Vec<Step>,
    answers: Vec<(Window, Snapshot)>,
}

impl<S: FnMut(&Step)> Check<S> {
    /// Resolves the name and connects. Whether that worked, and through a proxy or not.
    async fn reach(&mut self) -> Option<Route> {
        let api = &self.account.api;
        let longest = api.timeout.min(LONGEST_CONNECT);
        let route = Route::to(&api.url)?;
        let start = Clock::System.now();
        let addresses = resolve(&route, longest).await;
        self.ended(Subject::Name, resolved(&route, &addresses), Some(start));
        if addresses.is_empty() {
            self.skipped(Subject::Connection, "no address to connect to");
            return None;
        }
        let start = Clock::System.now();
        let connected = connect(&addresses, longest).await;
        let proxy = if route.is_proxy { "the proxy at " } else { "" };
        let connection = match &connected {
            Ok(address) => ok(format!("to {proxy}{address}")),
            Err(cause) => trouble(&route, *cause),
        };
        self.ended(Subject::Connection, connection, Some(start));
        connected.ok().map(|_| route)
    }

    /// Logs in and asks for the windows. The login's own connection shows how TLS and a proxy do.
    async fn ask(&mut self, route: Option<Route>) {
        let Some(route) = route else {
            self.skipped(Subject::Tls, "no connection");
            self.skipped(Subject::Login, "no connection");
            return self.skip_windows("no connection");
        };
        let start = Clock::System.now();
        let login = self.client.log_in_if_needed().await;
        let failed = login.as_ref().err().map(failed_step);
        if route.is_proxy && failed != Some(Subject::Proxy) {
            self.proxy_is_fine();
        }
        if matches!(failed, None | Some(Subject::Login)) {
            let was_answered = match &login {
                Ok(()) => true,
                Err(Error::Request(failure) | Error::Refused { failure, .. }) => {
                    failure.status.is_some()
                }
                Err(_) => false,
            };
            self.tls(was_answered);
        }
        match &login {
            Ok(()) => self.ended(Subject::Login, ok(self.token()), Some(start)),
            Err(error) => self.failed(failed_step(error), error, start),
        }
        if failed == Some(Subject::Proxy) {
            self.skipped(Subject::Tls, "no connection");
        }
        if matches!(failed, Some(Subject::Proxy | Subject::Tls)) {
            self.skipped(Subject::Login, "no connection that can be trusted");
        }
        self.compare_clocks();
        if login.is_err() {
            return self.skip_windows("not logged in");
        }
        for window in self.account.collect.windows.clone() {
            if !self.window(window).await {
                return self.skip_windows("it would take another login");
            }
        }
    }

    /// Asks for a window. False when the next one would take another login.
    async fn window(&mut self, window: Window) -> bool {
        let collect = &self.account.collect;
        let start = Clock::System.now();
        let period = window.period(start.wall, collect.delay, &collect.zone);
        let subject = Subject::Window(window.to_string());
        if period.is_empty() {
            self.skipped(subject, "a day has only just begun");
            return true;
        }
        match self.client.company_summary(period).await {
            Ok(snapshot) => {
                let pbxes = snapshot.answer.rows.len();
                let plural = if pbxes == 1 { "" } else { "s" };
                let from = self.local(period.start, "%Y-%m-%d %H:%M:%S");
                let to = self.local(period.end, "%Y-%m-%d %H:%M:%S %Q");
                let what = format!("{pbxes} PBX{plural}, {from} to {to}");
                self.ended(subject, ok(what), Some(start));
                self.answers.push((window, snapshot));
                true
            }
            Err(error @ Error::Held { .. }) => {
                self.skipped(subject, &error.to_string());
                true
            }
            Err(error) => {
                self.failed(subject, &error, start);
                let refused = [Some(Reason::Unauthorized), Some(Reason::BadApiKey)];
                !matches!(error, Error::Refused { .. }) && !refused.contains(&error.reason())
            }
        }
    }

    fn compare_clocks(&mut self) {
        let Some(skew) = self.client.status().clock_skew else {
            return;
        };
        let seconds = skew.abs();
        let direction = if skew > 0.0 { "ahead of" } else { "behind" };
        let what = format!("{seconds:.0} s {direction} 8x8's");
        let outcome = if seconds > MOST_SKEW {
            Outcome::Failed {
                message: format!("this machine's clock is {what}"),
                remedy:
                    "set the clock by NTP: windows end by this clock, so they cover the wrong time"
                        .to_owned(),
                reason: None,
            }
        } else if seconds <= WHOLE {
            ok("agrees with 8x8's")
        } else {
            ok(what)
        };
        self.ended(Subject::Clock, outcome, None);
    }

    /// TLS, when it isn't known to have failed.
    fn tls(&mut self, was_answered: bool) {
        let api = &self.account.api;
        match (api.url.scheme(), &api.ca_file) {
            ("http", _) => {
                self.skipped(Subject::Tls, "plain HTTP, which doesn't leave this machine");
            }
            _ if !was_answered => {
                self.skipped(Subject::Tls, "not checked: no answer");
            }
            (_, None) => self.fine(Subject::Tls, "the certificate is trusted"),
            (_, Some(_)) => self.fine(
                Subject::Tls,
                "the certificate is trusted, by this machine or by --api.ca-file",
            ),
        }
    }

    fn proxy_is_fine(&mut self) {
        let host = self.account.api.url.host_str().unwrap_or_default();
        let what = format!("lets this machine through to {host}");
        self.fine(Subject::Proxy, &what);
    }

    fn token(&self) -> String {
        match self.client.status().token_expiry {
            Some(expiry) => {
                let expiry = self.local(expiry.wall, "%Y-%m-%d %H:%M:%S %Q");
                format!("a token that expires at {expiry}")
            }
            None => "a token".to_owned(),
        }
    }

    /// A time by the clocks of the configured zone.
    fn local(&self, at: Timestamp, format: &str) -> String {
        let zone = self.account.collect.zone.clone();
        at.to_zoned_datetime(zone).strftime(format).to_string()
    }

    fn skip_windows(&mut self, why: &str) {
        for window in self.account.collect.windows.clone() {
            let subject = Subject::Window(window.to_string());
            if self.steps.iter().all(|step| step.subject != subject) {
                self.skipped(subject, why);
            }
        }
    }

    fn fine(&mut self, subject: Subject, what: &str) {
        self.ended(subject, ok(what), None);
    }

    fn skipped(&mut self, subject: Subject, why: &str) {
        let message = why.to_owned();
        self.ended(subject, Outcome::Skipped { message }, None);
    }

    fn failed(&mut self, subject: Subject, error: &Error, start: Moment) {
        let message = match error {
            // Which request it was says the step.
            Error::Request(failure) if failure.status.is_none() => {
                failure.cause.meaning().to_owned()
            }
            error => error.to_string(),
        };
        let outcome = Outcome::Failed {
            message,
            remedy: error.remedy(&NAMES),
            reason: error.reason().map(Reason::label),
        };
        self.ended(subject, outcome, Some(start));
    }

    fn ended(&mut self, subject: Subject, outcome: Outcome, start: Option<Moment>) {
        let now = Clock::System.now();
        let step = Step {
            subject,
            outcome,
            duration_seconds: start.map(|start| now.since(start).as_secs_f64()),
        };
        (self.see)(&step);
        self.steps.push(step);
    }
}

/// The step at which a login failed.
fn failed_step(error: &Error) -> Subject {
    match error.cause() {
        Some(Cause::ProxyUnreachable | Cause::ProxyRefused | Cause::ProxyCredentials) => {
            Subject::Proxy
        }
        Some(Cause::ClosedEarly | Cause::NoConnection) => Subject::Tls,
        Some(cause) if cause.reason() == Reason::Tls => Subject::Tls,
        _ => Subject::Login,
    }
}
