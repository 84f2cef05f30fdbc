//! Collections: who may ask 8x8 when, and what is served meanwhile.
//!
//! One task an account owns its windows. It collects each at most once per interval, however many scrape, and publishes
//! an immutable [`View`] whenever something has changed. A scrape reads the view; when a window is due it wakes the task
//! and waits for the view to change. Nothing stays behind a scrape that gives up: the waiter is the request itself.

mod failure_log;
mod task;
mod view;

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::task::AbortOnDropHandle;

use eightxeight::answer::Snapshot;
use eightxeight::clock::{Clock, Moment};
use eightxeight::window::{Period, Window};
use eightxeight::{Client, Error, Question, Users};
use exposition::{RenderError, Segment, Variant};

pub(crate) use failure_log::FailureEvent;
pub(crate) use view::{View, WindowView};

use task::Task;

/// What triggers the next collection of a window once its interval is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The next scrape, which waits for the answer.
    Scrape,
    /// The time alone; a scrape never waits.
    Timer,
}

impl Mode {
    /// In the order of the documentation.
    pub(crate) const ALL: [Mode; 2] = [Mode::Scrape, Mode::Timer];

    /// The value of `--collect.mode`.
    pub(crate) fn name(self) -> &'static str {
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

/// Answers questions: 8x8, or what a test puts in its place.
pub trait Upstream: Send + Sync {
    /// Asks for a period.
    fn ask(
        &self,
        period: Period,
    ) -> Pin<Box<dyn Future<Output = Result<Snapshot, Error>> + Send + '_>>;

    /// What is asked for a window.
    fn question(&self, window: &Window, zone: &TimeZone, delay: Duration) -> Question;
}

impl Upstream for Client {
    fn ask(
        &self,
        period: Period,
    ) -> Pin<Box<dyn Future<Output = Result<Snapshot, Error>> + Send + '_>> {
        Box::pin(self.company_summary(period))
    }

    fn question(&self, window: &Window, zone: &TimeZone, delay: Duration) -> Question {
        Client::question(self, window, zone, delay)
    }
}

/// What a collector does, until it is given another plan.
pub struct Plan {
    /// What is collected, and how often.
    pub settings: Settings,
    /// Who is asked.
    pub upstream: Arc<dyn Upstream>,
    /// Whether a window whose last collection failed may be collected at once: these settings may be the cure.
    pub retries_failures: bool,
}

impl Plan {
    /// What a window covers at `now`.
    fn period(&self, window: &Window, now: Moment) -> Period {
        let Settings { delay, zone, .. } = &self.settings;
        window.period(now.wall, *delay, zone)
    }

    fn question(&self, window: &Window) -> Question {
        let Settings { delay, zone, .. } = &self.settings;
        self.upstream.question(window, zone, *delay)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Collects the windows of one account. Dropping it ends its task.
#[derive(Debug)]
pub struct Collector {
    plan: watch::Sender<Arc<Plan>>,
    view: watch::Receiver<Arc<View>>,
    wanted: Arc<Wanted>,
    clock: Clock,
    _task: AbortOnDropHandle<()>,
}

/// What scrapes leave for the task, and count.
#[derive(Debug, Default)]
struct Wanted {
    /// There is something to do.
    wake: Notify,
    /// The forms of the page that have been asked for, a bit for each.
    forms: AtomicU8,
    asked: AtomicU64,
    hits: AtomicU64,
}

impl Wanted {
    fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }
}

impl Collector {
    /// Starts the task of an account; the log names it by the account, if that has a name. In timer mode its first
    /// collection comes `first_after` from now; in scrape mode nothing is asked before a scrape.
    #[must_use]
    pub fn start(
        account: Option<Arc<str>>,
        plan: Plan,
        users: Arc<Users>,
        clock: Clock,
        first_after: Duration,
    ) -> Collector {
        let (plan, plans) = watch::channel(Arc::new(plan));
        let wanted = Arc::<Wanted>::default();
        let task = Task::new(account, plans, users, clock, wanted.clone(), first_after);
        let view = task.views();
        Collector {
            plan,
            view,
            wanted,
            clock,
            _task: AbortOnDropHandle::new(tokio::spawn(task.run())),
        }
    }

    /// Gives it another plan. A window for which the same is asked as before goes on untouched.
    pub(crate) fn reconfigure(&self, plan: Plan) {
        self.plan.send_replace(Arc::new(plan));
    }

    /// The newest view. Nothing is collected.
    pub(crate) fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// Windows asked of the cache, and those of them that were served without a request.
    pub(crate) fn cache_requests(&self) -> (u64, u64) {
        let hits = self.wanted.hits.load(Ordering::Relaxed);
        (self.wanted.asked.load(Ordering::Relaxed), hits)
    }

    /// Lets what is due be collected and waits for it, but not beyond `enough`, and only if there is room among those who
    /// are `waiting`; then gives the view, and its page in one form. A collection that is under way goes on.
    ///
    /// # Errors
    ///
    /// Those of [`Segment::render`], beside the view.
    pub async fn scrape(
        &self,
        variant: Variant,
        waiting: &Semaphore,
        enough: impl Future<Output = ()>,
    ) -> (Arc<View>, Result<Segment, RenderError>) {
        self.wanted
            .forms
            .fetch_or(1 << variant.index(), Ordering::Relaxed);
        let mut views = self.view.clone();
        let mut view = self.current(&mut views).await;
        let awaited = self.claim(&view);
        if !awaited.is_empty() {
            self.wanted.wake.notify_one();
            if let Ok(_place) = waiting.try_acquire() {
                let plan = view.plan.clone();
                let mut enough = pin!(enough);
                while Arc::ptr_eq(&view.plan, &plan) && !have_ended(&view, &awaited) {
                    tokio::select! {
                        changed = views.changed() => if changed.is_err() { break },
                        () = &mut enough => break,
                    }
                    view = views.borrow_and_update().clone();
                }
            }
            view = self.current(&mut views).await;
        }
        let segment = view.page.segment(variant).await;
        (view, segment)
    }

    /// The newest view, once it is of the plan in force and its page shows what may be shown now: the task sees to both at
    /// once, between two events.
    async fn current(&self, views: &mut watch::Receiver<Arc<View>>) -> Arc<View> {
        loop {
            let view = views.borrow_and_update().clone();
            let is_of_plan = Arc::ptr_eq(&view.plan, &self.plan.borrow());
            if is_of_plan && view.is_current(self.clock.now()) {
                return view;
            }
            self.wanted.wake.notify_one();
            if views.changed().await.is_err() {
                return view;
            }
        }
    }

    /// Claims the windows that are due, and tells which collections to wait for: windows and how many of each have ended.
    fn claim(&self, view: &View) -> Vec<(usize, u64)> {
        let now = self.clock.now();
        let mut awaited = Vec::new();
        for (index, state) in view.windows.iter().enumerate() {
            self.wanted.asked.fetch_add(1, Ordering::Relaxed);
            if view.plan.settings.mode == Mode::Timer || !state.is_due(&view.plan, now) {
                self.wanted.hit();
                continue;
            }
            if state.claim.swap(true, Ordering::AcqRel) {
                self.wanted.hit();
            }
            awaited.push((index, state.sequence));
        }
        awaited
    }
}

fn have_ended(view: &View, awaited: &[(usize, u64)]) -> bool {
    awaited
        .iter()
        .all(|(index, sequence)| view.windows[*index].sequence > *sequence)
}

#[cfg(test)]
mod tests;
