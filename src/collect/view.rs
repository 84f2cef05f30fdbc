//! What a collector publishes: the windows as they stand, and the page that shows them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eightxeight::Collection;
use eightxeight::answer::Snapshot;
use eightxeight::clock::Moment;
use eightxeight::window::{Span, Window};

use super::{FailureEvent, Plan};
use crate::page::{Page, Shown};

/// The state of an account's collections at one moment. It never changes: all that a scrape is answered with comes from
/// one view.
#[derive(Debug)]
pub struct View {
    /// The plan that the windows follow.
    pub plan: Arc<Plan>,
    /// A state for each window, in the order of the configuration.
    pub windows: Vec<WindowView>,
    /// What 8x8 said, rendered in the forms that were asked for.
    pub page: Arc<Page>,
    /// The newest failures, newest first.
    pub failures: Vec<FailureEvent>,
    /// Grows with each view of a collector.
    pub version: u64,
}

/// The state of one window.
#[derive(Clone, Debug)]
pub struct WindowView {
    /// Which one.
    pub window: Window,
    /// Its newest collection, if one has ended.
    pub collection: Option<Arc<Collection>>,
    /// Collections that have ended, empty windows included.
    pub(super) sequence: u64,
    /// Whether somebody wants a collection that hasn't ended yet.
    pub(super) claim: Arc<AtomicBool>,
    /// Whether the next collection need not wait: new settings may be the cure for a failure.
    pub(super) is_released: bool,
}

impl View {
    /// The answers to show at `now`.
    pub(crate) fn shown(&self, now: Moment) -> Vec<Shown> {
        let shown = |state: &WindowView| {
            let snapshot = state.shown(&self.plan, now)?;
            Some((state.window.clone(), snapshot.clone()))
        };
        self.windows.iter().filter_map(shown).collect()
    }

    /// Whether the newest collection of this window failed.
    pub(super) fn is_failing(&self, window: &Window) -> bool {
        let mut windows = self.windows.iter();
        windows.any(|state| {
            let failed = |collection: &Arc<Collection>| collection.error.is_some();
            state.window == *window && state.collection.as_ref().is_some_and(failed)
        })
    }

    /// Whether the page shows what is to be shown at `now`: answers grow old, and a day ends.
    pub(super) fn is_current(&self, now: Moment) -> bool {
        let mut on_page = self.page.shown().iter();
        let mut due = self
            .windows
            .iter()
            .filter_map(|state| state.shown(&self.plan, now));
        loop {
            match (on_page.next(), due.next()) {
                (None, None) => return true,
                (Some((_, old)), Some(new)) if Arc::ptr_eq(old, new) => {}
                _ => return false,
            }
        }
    }
}

impl WindowView {
    /// Whether the newest collection worked.
    pub(crate) fn is_up(&self) -> bool {
        self.collection
            .as_ref()
            .is_some_and(|collection| collection.error.is_none())
    }

    /// Whether somebody waits for a collection that hasn't ended yet.
    pub(crate) fn is_wanted(&self) -> bool {
        self.claim.load(Ordering::Relaxed)
    }

    /// The answer to show at `now`: the last good one, unless it is too old or of another day.
    pub(crate) fn shown(&self, plan: &Plan, now: Moment) -> Option<&Arc<Snapshot>> {
        let (snapshot, received) = self.collection.as_ref()?.last_good.as_ref()?;
        let is_fresh = now.age_of(*received) <= plan.settings.max_staleness;
        // Yesterday's calls are no answer to a question about today.
        let is_of_today = || plan.period(&self.window, now).start == snapshot.period.start;
        (is_fresh && (self.window.span() != Span::Today || is_of_today())).then_some(snapshot)
    }

    /// Whether a collection may start at `now`, unless one is under way.
    pub(super) fn is_due(&self, plan: &Plan, now: Moment) -> bool {
        let is_over = |collection: &Arc<Collection>| {
            self.is_released || collection.is_due(now, plan.settings.interval)
        };
        self.collection.as_ref().is_none_or(is_over) && !plan.period(&self.window, now).is_empty()
    }
}
