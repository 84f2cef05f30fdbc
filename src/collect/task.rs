//! The task that owns an account's windows.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::sleep_until;

use eightxeight::clock::{Clock, Moment};
use eightxeight::window::Window;
use eightxeight::{Collection, Error, Question, Users};
use exposition::{Encoding, Variant};

use super::failure_log::FailureLog;
use super::{Mode, Plan, View, Wanted, WindowView};
use crate::page::Page;

/// A window that is empty, since a day has only just begun, is looked at again after this.
const EMPTY_AGAIN: Duration = Duration::from_secs(1);

/// The only owner of its windows.
pub(super) struct Task {
    plans: watch::Receiver<Arc<Plan>>,
    plan: Arc<Plan>,
    slots: Vec<Slot>,
    /// Each ends with its collection, and whether that was made for this account.
    running: JoinSet<(Arc<Collection>, bool)>,
    collecting: HashMap<Id, (Question, Moment)>,
    users: Arc<Users>,
    clock: Clock,
    wanted: Arc<Wanted>,
    log: FailureLog,
    /// In timer mode nothing is collected before.
    first: Moment,
    view: watch::Sender<Arc<View>>,
}

struct Slot {
    state: WindowView,
    question: Question,
    is_running: bool,
    /// Whether new settings may be the cure if the collection that is running fails.
    is_outdated: bool,
    /// How many windows had been asked of the cache when this one's last answer came.
    asked: u64,
}

impl Task {
    pub(super) fn new(
        account: Option<Arc<str>>,
        mut plans: watch::Receiver<Arc<Plan>>,
        users: Arc<Users>,
        clock: Clock,
        wanted: Arc<Wanted>,
        first_after: Duration,
    ) -> Task {
        let plan = plans.borrow_and_update().clone();
        let slots = slots_for(&plan, Vec::new());
        let view = View {
            plan: plan.clone(),
            windows: slots.iter().map(|slot| slot.state.clone()).collect(),
            page: Arc::default(),
            failures: Vec::new(),
            version: 0,
        };
        Task {
            plans,
            plan,
            slots,
            running: JoinSet::new(),
            collecting: HashMap::new(),
            users,
            clock,
            wanted,
            log: FailureLog::new(account),
            first: clock.now() + first_after,
            view: watch::Sender::new(Arc::new(view)),
        }
    }

    /// What it publishes.
    pub(super) fn views(&self) -> watch::Receiver<Arc<View>> {
        self.view.subscribe()
    }

    /// Works for ever.
    pub(super) async fn run(mut self) {
        self.recall().await;
        loop {
            let now = self.clock.now();
            if !self.view.borrow().is_current(now) {
                self.publish_page(false).await;
            }
            let wake_at = self.start_due(now);
            tokio::select! {
                Some(ended) = self.running.join_next_with_id() => self.ended(ended).await,
                () = self.wanted.wake.notified() => {}
                changed = self.plans.changed() => match changed {
                    Ok(()) => self.reconfigure().await,
                    Err(_) => return,
                },
                () = async { sleep_until(wake_at.unwrap_or(now).instant).await }, if wake_at.is_some() => {}
            }
        }
    }

    /// Takes the answers that others, or this account under another name, got for the same questions.
    async fn recall(&mut self) {
        for slot in &mut self.slots {
            if slot.state.collection.is_none() {
                slot.state.collection = self.users.known_answer(&slot.question).await;
            }
        }
        self.publish_page(false).await;
    }

    /// Starts what is wanted, and tells when to look again without being woken.
    fn start_due(&mut self, now: Moment) -> Option<Moment> {
        let is_timer = self.plan.settings.mode == Mode::Timer;
        let mut wake_at: Option<Moment> = None;
        let mut in_vain = false;
        for index in 0..self.slots.len() {
            let slot = &self.slots[index];
            if slot.is_running {
                continue;
            }
            let is_claimed = slot.state.claim.load(Ordering::Acquire);
            if is_timer && !self.first.is_past(now) {
                wake_at = Some(earliest(wake_at, self.first));
            } else if slot.state.is_due(&self.plan, now) {
                if is_timer || is_claimed {
                    self.collect(index, now);
                }
            } else {
                if is_claimed {
                    // The day has ended since the claim, or another collection came first.
                    let state = &mut self.slots[index].state;
                    state.claim.store(false, Ordering::Release);
                    state.sequence += 1;
                    self.wanted.hit();
                    in_vain = true;
                }
                if is_timer {
                    let next = self.slots[index].state.collection.as_ref();
                    let next = next.map(|collection| collection.next(self.plan.settings.interval));
                    let next = next.filter(|next| !next.is_past(now));
                    wake_at = Some(earliest(wake_at, next.unwrap_or(now + EMPTY_AGAIN)));
                }
            }
        }
        if in_vain {
            let page = self.view.borrow().page.clone();
            self.publish(page);
        }
        wake_at
    }

    fn collect(&mut self, index: usize, started: Moment) {
        let slot = &mut self.slots[index];
        slot.is_running = true;
        slot.is_outdated = false;
        let (users, clock, plan) = (self.users.clone(), self.clock, self.plan.clone());
        // The secrets may have changed since it was asked last.
        let question = plan.question(&slot.state.window);
        slot.question = question.clone();
        let (own, is_released) = (slot.state.collection.clone(), slot.state.is_released);
        let period = plan.period(&slot.state.window, started);
        let asked = (question.clone(), started);
        let collection = async move {
            let interval = plan.settings.interval;
            let is_due = |known: &Collection| {
                let is_own = own.as_deref().is_some_and(|own| std::ptr::eq(own, known));
                (is_released && is_own) || known.is_due(clock.now(), interval)
            };
            let ask = async {
                let known = users.known_answer(&question).await;
                let previous = known.or_else(|| own.clone());
                let result = plan.upstream.ask(period).await;
                let ended = clock.now();
                Arc::new(Collection::new(previous.as_deref(), result, started, ended))
            };
            users.collect(question.clone(), is_due, ask).await
        };
        let id = self.running.spawn(collection).id();
        self.collecting.insert(id, asked);
    }

    async fn ended(&mut self, ended: Result<(Id, (Arc<Collection>, bool)), JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            // The runtime is ending.
            Err(error) if error.is_cancelled() => return,
            Err(error) => error.id(),
        };
        let Some((question, started)) = self.collecting.remove(&id) else {
            return;
        };
        let now = self.clock.now();
        // What was reconfigured meanwhile nobody wants any more.
        let Some(slot) = self
            .slots
            .iter_mut()
            .find(|slot| slot.question == question && slot.is_running)
        else {
            return;
        };
        let (collection, was_made_here) = ended.map_or_else(
            |_| {
                let own = slot.state.collection.as_deref();
                let collection = Collection::new(own, Err(Error::Panicked), started, now);
                (Arc::new(collection), true)
            },
            |(_, ended)| ended,
        );
        if !was_made_here && self.plan.settings.mode == Mode::Scrape {
            self.wanted.hit();
        }
        let state = &mut slot.state;
        let interval = self.plan.settings.interval;
        self.log
            .ended(&state.window, &collection, interval, now.wall);
        state.is_released = slot.is_outdated && collection.error.is_some();
        state.collection = Some(collection);
        state.sequence += 1;
        state.claim.store(false, Ordering::Release);
        slot.is_running = false;
        // An answer that nobody asks for need not be rendered before somebody does.
        let asked = self.wanted.asked.load(Ordering::Relaxed);
        let is_read = std::mem::replace(&mut slot.asked, asked) != asked;
        self.publish_page(is_read).await;
    }

    async fn reconfigure(&mut self) {
        self.plan = self.plans.borrow_and_update().clone();
        self.slots = slots_for(&self.plan, std::mem::take(&mut self.slots));
        if self.plan.retries_failures {
            for slot in &mut self.slots {
                slot.is_outdated = slot.is_running;
                slot.state.is_released = !slot.state.is_up();
            }
        }
        let slots = &self.slots;
        self.log
            .retain(|window| slots.iter().any(|slot| slot.state.window == *window));
        self.recall().await;
    }

    /// Publishes the windows as they are, with the page of what may be shown now.
    ///
    /// A new page that is `read` is rendered before anybody has to wait for it, in the compressed forms that have been
    /// asked for. With 1,000 PBXs in two windows and collections all the time the 99th percentile of a scrape was 18 times
    /// that without collections; so it is 2 times, for 0.5 MB of memory. The plain forms, 7 MB each and rarely asked for,
    /// wait until the old page is gone.
    async fn publish_page(&self, is_read: bool) {
        let now = self.clock.now();
        let view = self.view_with(self.view.borrow().page.clone());
        let page = if view.is_current(now) {
            view.page
        } else {
            let shown = view.shown(now);
            for (window, _) in view.page.shown() {
                if shown.iter().all(|(other, _)| other != window) && view.is_failing(window) {
                    self.log.lost(window);
                }
            }
            Arc::new(Page::new(shown))
        };
        if is_read {
            let forms = self.wanted.forms.load(Ordering::Relaxed);
            for variant in Variant::ALL {
                if variant.encoding == Encoding::Gzip && forms & (1 << variant.index()) != 0 {
                    // A scrape will find the same failure and tell of it.
                    let _ = page.segment(variant).await;
                }
            }
        }
        self.publish(page);
    }

    fn publish(&self, page: Arc<Page>) {
        // The receivers drop the view before, and with it its page.
        self.view.send_replace(Arc::new(self.view_with(page)));
    }

    fn view_with(&self, page: Arc<Page>) -> View {
        View {
            plan: self.plan.clone(),
            windows: self.slots.iter().map(|slot| slot.state.clone()).collect(),
            page,
            failures: self.log.recent(),
            version: self.view.borrow().version + 1,
        }
    }
}

/// The windows of a plan: the `old` ones where the same is asked, else new ones.
fn slots_for(plan: &Plan, mut old: Vec<Slot>) -> Vec<Slot> {
    let slot = |window: &Window| {
        let question = plan.question(window);
        let same = |slot: &Slot| slot.question == question && slot.state.window == *window;
        if let Some(at) = old.iter().position(same) {
            return old.swap_remove(at);
        }
        // With other secrets the question is another one, and its last good answer is as good as before.
        let secrets = question.secrets;
        let known = old.iter().find(|slot| {
            let theirs = slot.question.clone();
            Question { secrets, ..theirs } == question && slot.state.window == *window
        });
        Slot {
            state: WindowView {
                window: window.clone(),
                collection: known.and_then(|slot| slot.state.collection.clone()),
                sequence: 0,
                claim: Arc::new(AtomicBool::new(false)),
                is_released: false,
            },
            question,
            is_running: false,
            is_outdated: false,
            asked: 0,
        }
    };
    plan.settings.windows.iter().map(slot).collect()
}

fn earliest(a: Option<Moment>, b: Moment) -> Moment {
    match a {
        Some(a) if a.instant <= b.instant => a,
        _ => b,
    }
}
