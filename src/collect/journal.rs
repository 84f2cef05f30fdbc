//! Says in the log when 8x8 starts failing and when it recovers, and nothing in between.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use eightxeight::Error;
use eightxeight::window::Window;

/// So many troubles are kept for the status page.
const MOST_RECENT: usize = 5;

/// Something that went wrong: when it began, in which window, and what.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// When it was noticed.
    pub at: Timestamp,
    /// The window's label.
    pub window: Box<str>,
    /// What happened, in words.
    pub what: Box<str>,
}

/// What is wrong with each window, as far as the log knows.
#[derive(Debug)]
pub(super) struct Journal {
    account: Option<Arc<str>>,
    themes: Vec<Option<&'static str>>,
    failing_since: Option<Timestamp>,
    recent: VecDeque<Trouble>,
}

impl Journal {
    /// A journal for so many windows of an account.
    pub(super) fn new(account: Option<Arc<str>>, windows: usize) -> Journal {
        Journal {
            account,
            themes: vec![None; windows],
            failing_since: None,
            recent: VecDeque::new(),
        }
    }

    /// The newest troubles, newest first.
    pub(super) fn recent(&self) -> Vec<Trouble> {
        self.recent.iter().rev().cloned().collect()
    }

    /// Takes note of a collection's end.
    pub(super) fn ended(
        &mut self,
        index: usize,
        window: &Window,
        error: Option<&Error>,
        now: Timestamp,
    ) {
        let theme = error.map(theme);
        let known = self.themes.contains(&theme);
        self.themes[index] = theme;
        if let Some(error) = error {
            if !known {
                tracing::warn!(
                    account = self.account.as_deref(),
                    window = window.label(),
                    reason = theme,
                    error = %error,
                    remedy = error.remedy(),
                    "collection failed; the last good answer is served until it is too old"
                );
                if self.recent.len() == MOST_RECENT {
                    self.recent.pop_front();
                }
                let (window, what) = (window.label().into(), error.to_string().into());
                self.recent.push_back(Trouble {
                    at: now,
                    window,
                    what,
                });
            }
            self.failing_since.get_or_insert(now);
        } else if self.themes.iter().all(Option::is_none)
            && let Some(since) = self.failing_since.take()
        {
            tracing::info!(account = self.account.as_deref(), failing_since = %format_args!("{since:.0}"), "8x8 answers again");
        }
    }
}

/// What the errors that follow from one cause have in common.
fn theme(error: &Error) -> &'static str {
    match error {
        Error::Secrets(_) => "secret",
        Error::Refused { .. } => "refused",
        Error::Request(failure) if failure.is_refusal() => "refused",
        Error::Request(failure) => failure.reason.label(),
        Error::Held { reason, .. } => reason.label(),
    }
}
