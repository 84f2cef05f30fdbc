//! The stored part of a page: rendered when first asked for, or just before that will be, once in each form, and
//! kept until there is a newer answer.

mod company;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tokio::sync::{Semaphore, watch};

use exposition::{Encoding, RenderError, Segment, Variant};

use eightxeight::answer::Snapshot;
use eightxeight::window::Window;

pub(crate) use company::GAUGES;
pub use company::{Shown, write_company};

/// The newest page of an account.
///
/// Scrapes bring the snapshots that they saw. One that was held up may bring an older snapshot than a
/// scrape that overtook it, and is then given the newer one: a page never goes back.
#[derive(Debug, Default)]
pub struct Pages {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    page: Arc<Page>,
    /// Pages that nobody has asked for yet, the newest last, at most one for each window.
    prepared: Vec<Arc<Page>>,
    /// Snapshots that made way for a newer one of their window and that somebody still holds.
    superseded: Vec<Weak<Snapshot>>,
}

impl Pages {
    /// Pages that show nothing yet.
    #[must_use]
    pub fn new() -> Pages {
        Pages::default()
    }

    /// The part that shows these snapshots, at most one for each window, in this order.
    ///
    /// Rendering, where it is needed, happens on a thread for blocking work; it is shared by all who ask
    /// meanwhile, and goes on when they give up. The page that was shown before is given up first, so that
    /// the two don't stand in memory together.
    ///
    /// # Errors
    ///
    /// Those of [`Segment::render`], and [`RenderError::BrokenOff`] when the runtime is shutting down.
    pub async fn part(
        &self,
        shown: &[Shown<'_>],
        variant: Variant,
    ) -> Result<Segment, RenderError> {
        let page = self.page(shown);
        page.part(variant).await
    }

    /// Renders what will be asked for when this answer is shown, so that no scrape has to wait for it: the
    /// compressed forms of the page as it is now. With 1,000 PBXs in two windows and collections all the time the
    /// 99th percentile of a scrape was 18 times that without collections; so it is 2 times, for 0.5 MB of memory.
    /// The plain forms, 7 MB each and rarely asked for, wait until the old page is gone.
    ///
    /// Nothing happens while nobody has asked for the answer before this one.
    pub async fn prepare(&self, window: &Window, snapshot: Arc<Snapshot>) {
        if let Some((page, variants)) = self.next(window, &snapshot) {
            for variant in variants {
                // A scrape will find the same failure and tell of it.
                let _ = page.part(variant).await;
            }
        }
    }

    fn next(&self, window: &Window, snapshot: &Arc<Snapshot>) -> Option<(Arc<Page>, Vec<Variant>)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = |variant: &Variant| {
            variant.encoding == Encoding::Gzip
                && state.page.renderings[variant.index()].get().is_some()
        };
        let variants: Vec<_> = Variant::ALL.into_iter().filter(is_wanted).collect();
        let newest = state.prepared.last().unwrap_or(&state.page);
        let was_scraped = Arc::ptr_eq(newest.shown(window)?, state.page.shown(window)?);
        if variants.is_empty() || !was_scraped {
            return None;
        }
        let mut shown = newest.shown.clone();
        for (_, old) in shown.iter_mut().filter(|(own, _)| own == window) {
            *old = Arc::clone(snapshot);
        }
        let page = Arc::new(Page {
            shown,
            ..Page::default()
        });
        state.prepared.push(Arc::clone(&page));
        Some((page, variants))
    }

    fn page(&self, asked: &[Shown<'_>]) -> Arc<Page> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.page.shows(asked) {
            return Arc::clone(&state.page);
        }
        let shown: Vec<_> = asked
            .iter()
            .filter_map(|(window, snapshot)| Some((*window, state.newest(window, snapshot)?)))
            .collect();
        if state.page.shows(&shown) {
            return Arc::clone(&state.page);
        }
        let page = state.take_prepared(&shown);
        let page = page.unwrap_or_else(|| Arc::new(Page::new(&shown)));
        let old = state.replace(Arc::clone(&page));
        drop(state);
        // Freeing a large page takes a while: not under the lock.
        drop(old);
        page
    }
}

impl State {
    /// The snapshot itself, or what superseded it.
    fn newest(&self, window: &Window, snapshot: &Arc<Snapshot>) -> Option<Arc<Snapshot>> {
        let is_old = |old: &Weak<Snapshot>| std::ptr::eq(old.as_ptr(), Arc::as_ptr(snapshot));
        if self.superseded.iter().any(is_old) {
            self.page.shown(window).cloned()
        } else {
            Some(Arc::clone(snapshot))
        }
    }

    /// The page that was prepared for these snapshots. Those before it come too late; where there is none,
    /// things went otherwise than was thought, and all do.
    fn take_prepared(&mut self, shown: &[Shown<'_>]) -> Option<Arc<Page>> {
        let found = self.prepared.iter().position(|page| page.shows(shown));
        let late = found.map_or(self.prepared.len(), |found| found + 1);
        let taken = self.prepared.drain(..late).next_back();
        taken.filter(|_| found.is_some())
    }

    fn replace(&mut self, page: Arc<Page>) -> Arc<Page> {
        let old = std::mem::replace(&mut self.page, page);
        for (window, snapshot) in &old.shown {
            let new = self.page.shown(window);
            if new.is_some_and(|new| !Arc::ptr_eq(new, snapshot)) {
                self.superseded.push(Arc::downgrade(snapshot));
            }
        }
        // One that nobody holds can't be brought again.
        self.superseded.retain(|old| old.strong_count() > 0);
        old
    }
}

/// A set of snapshots and their renderings.
#[derive(Debug, Default)]
struct Page {
    shown: Vec<(Window, Arc<Snapshot>)>,
    renderings: [OnceLock<Rendering>; Variant::ALL.len()],
}

/// Where a rendering's outcome appears.
type Rendering = watch::Receiver<Option<Result<Segment, RenderError>>>;

/// One rendering at a time in the whole process: on a small machine that leaves a core to the scrapes, and
/// memory holds one half-made page at most. Waiting without a thread, they also use the same thread one after
/// the other: glibc keeps memory for each.
static RENDERING: Semaphore = Semaphore::const_new(1);

impl Page {
    fn new(shown: &[Shown<'_>]) -> Page {
        Page {
            shown: shown
                .iter()
                .map(|(window, snapshot)| ((*window).clone(), Arc::clone(snapshot)))
                .collect(),
            renderings: Default::default(),
        }
    }

    fn shows(&self, shown: &[Shown<'_>]) -> bool {
        self.shown.len() == shown.len()
            && self
                .shown
                .iter()
                .zip(shown)
                .all(|(mine, asked)| mine.0 == *asked.0 && Arc::ptr_eq(&mine.1, &asked.1))
    }

    fn shown(&self, window: &Window) -> Option<&Arc<Snapshot>> {
        let (_, snapshot) = self.shown.iter().find(|(mine, _)| mine == window)?;
        Some(snapshot)
    }

    #[cfg(test)]
    fn rendering(&self, variant: Variant) -> Option<Rendering> {
        self.renderings[variant.index()].get().cloned()
    }

    async fn part(self: &Arc<Self>, variant: Variant) -> Result<Segment, RenderError> {
        let mut rendering = self.renderings[variant.index()]
            .get_or_init(|| self.start(variant))
            .clone();
        rendering
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|outcome| outcome.clone())
            .unwrap_or(Err(RenderError::BrokenOff))
    }

    fn start(self: &Arc<Self>, variant: Variant) -> Rendering {
        let (outcome, rendering) = watch::channel(None);
        let page = Arc::downgrade(self);
        let render = move || {
            // Where the page is gone, a newer one came and nobody waits for this one.
            if let Some(page) = page.upgrade() {
                let part = Segment::render(variant, |writer| write_company(writer, &page.shown));
                // Whoever waits may be about to replace the page, and expects it to be freed then.
                drop(page);
                outcome.send_replace(Some(part));
            }
        };
        tokio::spawn(async move {
            let _turn = RENDERING.acquire().await;
            // A panic is the business of those who wait: they find that no outcome came.
            let _ = tokio::task::spawn_blocking(render).await;
        });
        rendering
    }
}
