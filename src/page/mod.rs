//! The stored part of a page: what 8x8 said, rendered when first asked for, once in each form.

mod company;

use std::sync::{Arc, OnceLock};

use eightxeight::answer::Snapshot;
use eightxeight::window::Window;
use exposition::{RenderError, Segment, Variant};
use tokio::sync::{Semaphore, watch};

pub(crate) use company::GAUGES;
pub use company::{Metric, PREFIX, metric, write_company};

/// A window and the answer that is shown for it.
pub(crate) type Shown = (Window, Arc<Snapshot>);

/// A set of answers and their renderings. It never shows others: new answers are a new page.
#[derive(Debug, Default)]
pub struct Page {
    shown: Vec<Shown>,
    renderings: [OnceLock<Rendering>; Variant::ALL.len()],
}

/// Where a rendering's outcome appears.
type Rendering = watch::Receiver<Option<Result<Segment, RenderError>>>;

/// One rendering at a time in the whole process: on a small machine that leaves a core to the scrapes, and
/// memory holds one half-made page at most. Waiting without a thread, they also use the same thread one after
/// the other: glibc keeps memory for each.
///
/// Tests run side by side in one process, each with a clock of its own that must not run on while it waits for another's.
static RENDERING: Semaphore = Semaphore::const_new(if cfg!(test) { 1024 } else { 1 });

impl Page {
    /// A page that shows these answers, at most one for each window, in this order.
    #[must_use]
    pub fn new(shown: Vec<Shown>) -> Page {
        Page {
            shown,
            renderings: Default::default(),
        }
    }

    /// What it shows.
    pub(crate) fn shown(&self) -> &[Shown] {
        &self.shown
    }

    /// The page in one form.
    ///
    /// Rendering, where it is needed, happens on a thread for blocking work; it is shared by all who ask meanwhile, and
    /// goes on when they give up.
    ///
    /// # Errors
    ///
    /// Those of [`Segment::render`], and [`RenderError::BrokenOff`] when the runtime is shutting down.
    pub async fn segment(self: &Arc<Self>, variant: Variant) -> Result<Segment, RenderError> {
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

    /// The forms in which it has been asked for.
    #[cfg(test)]
    pub(crate) fn rendered(&self) -> Vec<Variant> {
        let is_begun = |variant: &Variant| self.renderings[variant.index()].get().is_some();
        Variant::ALL.into_iter().filter(is_begun).collect()
    }

    fn start(self: &Arc<Self>, variant: Variant) -> Rendering {
        let (outcome, rendering) = watch::channel(None);
        let page = Arc::downgrade(self);
        let render = move || {
            // Where the page is gone, a newer one came and nobody waits for this one.
            if let Some(page) = page.upgrade() {
                let segment = Segment::render(variant, |writer| write_company(writer, &page.shown));
                // Whoever waits may be about to replace the page, and expects it to be freed then.
                drop(page);
                outcome.send_replace(Some(segment));
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

#[cfg(test)]
mod tests;
