//! The page as it is sent: rendered at most once a second unless something has happened, and shared by all who read it.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

/// So many older pages may still be on their way to slow readers. While there are more, everybody gets the newest one.
const MOST_OLDER: usize = 4;

/// The second in which a page was rendered, and the version of what stands on it for each account.
pub(super) type Key = (i64, Vec<u64>);

#[derive(Debug, Default)]
pub(in crate::web) struct Shared(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    newest: Option<(Key, Arc<String>)>,
    older: Vec<Weak<String>>,
}

struct Page(Arc<String>);

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Shared {
    /// The page with this key, rendered if it isn't there yet.
    pub(super) fn page<E>(
        &self,
        key: Key,
        render: impl FnOnce() -> Result<String, E>,
    ) -> Result<Bytes, E> {
        let mut pages = self.0.lock();
        pages.older.retain(|page| page.strong_count() > 0);
        let can_render = pages.older.len() < MOST_OLDER;
        let page = match &pages.newest {
            Some((newest, page)) if *newest == key || !can_render => page.clone(),
            _ => {
                let page = Arc::new(render()?);
                if let Some((_, old)) = pages.newest.replace((key, page.clone())) {
                    pages.older.push(Arc::downgrade(&old));
                }
                page
            }
        };
        Ok(Bytes::from_owner(Page(page)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_rendered_once_and_few_old_ones_are_kept_for_slow_readers() {
        let shared = Shared::default();
        let page = |second: i64| {
            let render = || Ok::<_, ()>(second.to_string());
            shared.page((second, vec![1]), render).unwrap()
        };
        assert_eq!(page(0).as_ptr(), page(0).as_ptr());
        let slow: Vec<_> = (1..100).map(page).collect();
        let last = slow.last().unwrap();
        assert_eq!(last, "5", "four older ones and the newest");
        assert_eq!(last.as_ptr(), page(200).as_ptr());
        drop(slow);
        assert_eq!(page(200), "200");
    }
}
