//! Collections: who may ask 8x8 when, and what is served meanwhile.
//!
//! A window is collected at most once per interval, however many scrape; those that arrive together
//! share one collection, and a failure is remembered like a success, so that an outage doesn't turn each
//! scrape into a request. [`Collector::scrape`] and [`Collector::run_timer`] are the two that ask; both
//! end in the same cache.

mod journal;
mod outcome;

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use moka::future::Cache;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use eightxeight::Error;
use eightxeight::answer::Snapshot;
use eightxeight::clock::{Clock, Moment};
use eightxeight::window::{Period, Span, Window};

use journal::Journal;
pub use journal::Trouble;
pub use outcome::Outcome;

/// Who asks 8x8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A scrape does.
    Scrape,
    /// A timer does.
    Timer,
}

impl Mode {
    /// Both.
    pub const ALL: [Mode; 2] = [Mode::Scrape, Mode::Timer];

    /// The value of `--collect.mode`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Scrape => "scrape",
            Mode::Timer => "timer",
        }
    }
}

/// What is collected, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Who asks.
    pub mode: Mode,
    /// The least time between the starts of two collections of a window.
    pub interval: Duration,
    /// The windows, each with a length of its own.
    pub windows: Vec<Window>,
    /// Where a day begins.
    pub zone: TimeZone,
    /// How far behind now a window ends.
    pub delay: Duration,
    /// How long the last good answer is served.
    pub max_staleness: Duration,
}

/// Asks for a period.
pub type Fetch = Box<
    dyn Fn(Period) -> Pin<Box<dyn Future<Output = Result<Snapshot, Error>> + Send>> + Send + Sync,
>;

/// Gets things ready for an answer that is about to be shown.
pub type Prepare =
    Box<dyn Fn(Window, Arc<Snapshot>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Collects the windows of one account. Clones share everything.
#[derive(Clone)]
pub struct Collector(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Clock,
    fetch: Fetch,
    prepare: Prepare,
    cache: Cache<usize, Arc<Outcome>>,
    asked: AtomicU64,
    hits: AtomicU64,
    journal: Mutex<Journal>,
}

/// How things stand at one moment. All pages and metrics of one scrape are made from one view.
#[derive(Debug)]
pub struct View {
    /// When it was taken.
    pub now: Moment,
    /// A state for each window, in the order of the configuration.
    pub windows: Vec<WindowState>,
    /// How many collections have ended: views with the same number hold the same outcomes.
    pub ended: u64,
    /// The newest troubles, newest first.
    pub recent: Vec<Trouble>,
    /// Windows asked of the cache.
    pub asked: u64,
    /// Windows served without a request.
    pub hits: u64,
}

/// How things stand with one window.
#[derive(Debug)]
pub struct WindowState {
    /// Which one.
    pub window: Window,
    /// Its newest collection, if one has ended.
    pub outcome: Option<Arc<Outcome>>,
    /// The answer to serve: the last good one, unless it is too old or of another day.
    pub served: Option<Arc<Snapshot>>,
}

impl WindowState {
    /// Whether the newest collection worked.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.outcome
            .as_ref()
            .is_some_and(|outcome| outcome.error.is_none())
    }
}

impl Collector {
    /// A collector that has collected nothing yet. The log names it by its account, if that has a name.
    /// Until an answer's preparation has ended, the one before it is served.
    #[must_use]
    pub fn new(
        account: Option<Arc<str>>,
        settings: Settings,
        clock: Clock,
        fetch: Fetch,
        prepare: Prepare,
    ) -> Collector {
        let journal = Mutex::new(Journal::new(account, settings.windows.len()));
        // Without a capacity moka evicts nothing; there is one entry for each window.
        let cache = Cache::builder().build();
        let (asked, hits) = Default::default();
        Collector(Arc::new(Inner {
            settings,
            clock,
            fetch,
            prepare,
            cache,
            asked,
            hits,
            journal,
        }))
    }

    /// What is collected.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Asks for all windows and waits for them, but not beyond `enough`; then tells how things stand. A
    /// collection that is under way goes on.
    pub async fn scrape(&self, enough: impl Future<Output = ()>) -> View {
        // Handles, not a set: who drops a set ends its tasks, and a scraper may hang up at any time.
        let mut due = Vec::new();
        for index in 0..self.0.settings.windows.len() {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            if self.0.settings.mode == Mode::Timer || !self.0.is_due(index).await {
                self.0.hits.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let inner = self.0.clone();
            due.push(tokio::spawn(async move {
                if !inner.refresh(index).await {
                    inner.hits.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        if !due.is_empty() {
            tokio::select! {
                () = async { for collection in due { let _ = collection.await; } } => {}
                () = enough => {}
            }
        }
        self.view().await
    }

    /// Tells how things stand and collects nothing.
    pub async fn view(&self) -> View {
        let inner = &*self.0;
        let now = inner.clock.now();
        let mut windows = Vec::with_capacity(inner.settings.windows.len());
        for (index, window) in inner.settings.windows.iter().enumerate() {
            let outcome = inner.cache.get(&index).await;
            let served = outcome
                .as_ref()
                .and_then(|outcome| inner.served(outcome, window, now));
            windows.push(WindowState {
                window: window.clone(),
                outcome,
                served,
            });
        }
        let ended = windows.iter().filter_map(|state| state.outcome.as_ref());
        let ended = ended.map(|outcome| outcome.sequence).sum();
        View {
            now,
            windows,
            ended,
            recent: inner.journal().recent(),
            asked: inner.asked.load(Ordering::Relaxed),
            hits: inner.hits.load(Ordering::Relaxed),
        }
    }

    /// Collects each window once per interval, for ever.
    pub async fn run_timer(self) {
        let mut loops = JoinSet::new();
        for index in 0..self.0.settings.windows.len() {
            let inner = self.0.clone();
            loops.spawn(async move {
                loop {
                    inner.refresh(index).await;
                    let next = match inner.cache.get(&index).await {
                        Some(outcome) if !outcome.next.is_past(inner.clock.now()) => outcome.next,
                        // Nothing to ask for yet: a day has only just begun.
                        _ => inner.clock.now() + Duration::from_secs(1),
                    };
                    sleep_until(next.instant).await;
                }
            });
        }
        loops.join_all().await;
    }
}

impl Inner {
    async fn is_due(&self, index: usize) -> bool {
        let outcome = self.cache.get(&index).await;
        outcome.is_none_or(|outcome| outcome.next.is_past(self.clock.now()))
    }

    /// Collects a window if it is due, together with all who want the same. Whether 8x8 was asked on
    /// behalf of this caller.
    async fn refresh(&self, index: usize) -> bool {
        if self.period(index, self.clock.now()).is_empty() {
            return false;
        }
        // moka drives a collection by its first caller: the callers are tasks that nobody cancels.
        let entry = self
            .cache
            .entry(index)
            .or_insert_with_if(self.collect(index), |outcome| {
                outcome.next.is_past(self.clock.now())
            });
        entry.await.is_fresh()
    }

    async fn collect(&self, index: usize) -> Arc<Outcome> {
        let window = &self.settings.windows[index];
        let started = self.clock.now();
        let previous = self.cache.get(&index).await;
        let result = (self.fetch)(self.period(index, started)).await;
        let result = result.map(Arc::new);
        let ended = self.clock.now();
        if let Ok(snapshot) = &result {
            (self.prepare)(window.clone(), Arc::clone(snapshot)).await;
        }
        let outcome = Arc::new(Outcome::new(
            previous.as_deref(),
            result,
            started,
            ended,
            self.settings.interval,
        ));
        self.journal()
            .ended(index, window, outcome.error.as_ref(), ended.wall);
        outcome
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn period(&self, index: usize, now: Moment) -> Period {
        self.settings.windows[index].period(now.wall, self.settings.delay, &self.settings.zone)
    }

    fn served(&self, outcome: &Outcome, window: &Window, now: Moment) -> Option<Arc<Snapshot>> {
        let (snapshot, received) = outcome.last_good.as_ref()?;
        let fresh = now.since(*received) <= self.settings.max_staleness;
        // Yesterday's calls are no answer to a question about today.
        let same_day = window.span() != Span::Today
            || window
                .period(now.wall, self.settings.delay, &self.settings.zone)
                .start
                == snapshot.period.start;
        (fresh && same_day).then(|| snapshot.clone())
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
