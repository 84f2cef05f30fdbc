//! The page as it is sent: rendered at most once a second unless something has happened, and shared by all who read it.

use bytes::Bytes;
use parking_lot::Mutex;

/// So many pages may be on their way to slow readers. Then everybody gets the newest one.
const MOST: usize = 5;

/// The second in which a page was rendered, and the version of what stands on it for each account.
pub(super) type Key = (i64, Vec<u64>);

/// The newest page, and before it older ones that are still being read.
#[derive(Debug, Default)]
pub(in crate::web) struct Shared(Mutex<Vec<(Key, Bytes)>>);

impl Shared {
    /// The page with this key, rendered if it isn't there yet.
    pub(super) fn page<E>(
        &self,
        key: Key,
        render: impl FnOnce() -> Result<String, E>,
    ) -> Result<Bytes, E> {
        let mut pages = self.0.lock();
        pages.retain(|(of, page)| *of == key || !page.is_unique());
        match pages.last() {
            Some((newest, page)) if *newest == key || pages.len() == MOST => Ok(page.clone()),
            _ => {
                let page = Bytes::from(render()?);
                pages.push((key, page.clone()));
                Ok(page)
            }
        }
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
