//! Says in the log when 8x8 starts failing, when numbers go missing for it, and when it recovers.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::names::NAMES;
use eightxeight::window::Window;
use eightxeight::{Collection, Error, Reason};

/// So many failures are kept for the status page.
const MOST_RECENT: usize = 5;

/// A failure: when it began, in which window, and what.
#[derive(Clone, Debug)]
pub struct FailureEvent {
    /// When it was noticed.
    pub at: Timestamp,
    /// The window's label.
    pub window: Box<str>,
    /// What happened, in words.
    pub what: Box<str>,
}

/// What is wrong with each window, as far as the log knows.
#[derive(Debug)]
pub(super) struct FailureLog {
    account: Option<Arc<str>>,
    categories: HashMap<Window, &'static str>,
    failing_since: Option<Timestamp>,
    has_worked: bool,
    recent: VecDeque<FailureEvent>,
}

impl FailureLog {
    /// A log for an account that has not failed yet.
    pub(super) fn new(account: Option<Arc<str>>) -> FailureLog {
        FailureLog {
            account,
            categories: HashMap::new(),
            failing_since: None,
            has_worked: false,
            recent: VecDeque::new(),
        }
    }

    /// The newest failures, newest first.
    pub(super) fn recent(&self) -> Vec<FailureEvent> {
        self.recent.iter().rev().cloned().collect()
    }

    /// Forgets the windows that are no longer collected.
    pub(super) fn retain(&mut self, is_collected: impl Fn(&Window) -> bool) {
        self.categories.retain(|window, _| is_collected(window));
    }

    /// The last good answer of a window whose collections fail is served no longer.
    pub(super) fn lost(&self, window: &Window) {
        tracing::warn!(
            account = self.account.as_deref(),
            window = window.label(),
            "no longer serving the last good answer: it is too old or from yesterday"
        );
    }

    /// Takes note of the collection that has just ended.
    pub(super) fn ended(
        &mut self,
        window: &Window,
        collection: &Collection,
        interval: Duration,
        now: Timestamp,
    ) {
        let before = self.categories.remove(window);
        let account = self.account.as_deref();
        let Some(error) = &collection.error else {
            if !std::mem::replace(&mut self.has_worked, true) {
                let pbxes = collection.last_good.as_ref();
                let pbxes = pbxes.map(|(snapshot, _)| snapshot.answer.rows.len());
                tracing::info!(
                    account,
                    window = window.label(),
                    pbxes,
                    "first answer from 8x8: see the status page, and let Prometheus scrape the metrics"
                );
            } else if self.categories.is_empty()
                && let Some(since) = self.failing_since
            {
                tracing::info!(account, failing_since = %format_args!("{since:.0}"), "8x8 answers again");
            }
            if self.categories.is_empty() {
                self.failing_since = None;
            }
            return;
        };
        let category = category(error);
        let is_known =
            before == Some(category) || self.categories.values().any(|known| *known == category);
        self.categories.insert(window.clone(), category);
        self.failing_since.get_or_insert(now);
        if is_known {
            return;
        }
        let served = if collection.last_good.is_some() {
            "the last good answer is served until it is too old"
        } else {
            "there is no earlier answer to serve"
        };
        let next_try = error.until().unwrap_or_else(|| collection.next(interval));
        tracing::warn!(
            account,
            window = window.label(),
            reason = category,
            error = %error,
            remedy = error.remedy(&NAMES),
            next_try = %format_args!("{:.0}", next_try.wall),
            "collection failed; {served}"
        );
        if self.recent.len() == MOST_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(FailureEvent {
            at: now,
            window: window.label().into(),
            what: error.to_string().into(),
        });
    }
}

/// What the errors that follow from one cause have in common.
fn category(error: &Error) -> &'static str {
    match error {
        Error::Secrets(_) => "secret",
        Error::Refused { .. } => "refused",
        error => error.reason().map_or("panic", Reason::label),
    }
}
