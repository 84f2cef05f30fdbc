//! The request budget of an 8x8 user: so many requests in any minute, logins included.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

/// A minute, and half a second more: what leaves here a minute apart can arrive closer together.
const MINUTE: Duration = Duration::from_millis(60_500);

/// A sliding minute of requests. Those that find it spent wait their turn, oldest first.
///
/// How many are allowed is an argument: it is configuration, and the budget outlives that.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    sent: Mutex<VecDeque<Instant>>,
    /// Held by whoever waits for a place. Tokio's mutex is fair, so the others stand in line behind.
    turn: tokio::sync::Mutex<()>,
}

/// The right to send one request.
#[derive(Debug)]
#[must_use = "a permit that is neither used nor dropped keeps the others waiting"]
pub(crate) struct Permit<'a> {
    budget: &'a Budget,
    _first_in_line: tokio::sync::MutexGuard<'a, ()>,
}

impl Permit<'_> {
    /// Counts the request that is sent now. A permit that is dropped costs nothing.
    pub(crate) fn consume(self) {
        self.budget.sent().push_back(Instant::now());
    }
}

impl Budget {
    /// Waits until a request may be sent, with at most `most` requests in any minute, and at least one.
    pub(crate) async fn acquire(&self, most: u32) -> Permit<'_> {
        let first_in_line = self.turn.lock().await;
        while let Some(free_at) = self.free_at(most) {
            sleep_until(free_at).await;
        }
        Permit {
            budget: self,
            _first_in_line: first_in_line,
        }
    }

    /// How many requests may be sent now.
    pub(crate) fn remaining(&self, most: u32) -> usize {
        count(most).saturating_sub(self.sent().len())
    }

    /// Whether no request was sent within the last minute.
    pub(crate) fn is_untouched(&self) -> bool {
        self.sent().is_empty()
    }

    /// When the next request may be sent, if not now.
    fn free_at(&self, most: u32) -> Option<Instant> {
        let sent = self.sent();
        // All but the newest of those that fill the budget have to be a minute old.
        let over = sent.len().checked_sub(count(most))?;
        sent.get(over).map(|last| *last + MINUTE)
    }

    fn sent(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        let mut sent = self.sent.lock();
        let now = Instant::now();
        while sent.front().is_some_and(|oldest| *oldest + MINUTE <= now) {
            sent.pop_front();
        }
        sent
    }
}

fn count(most: u32) -> usize {
    usize::try_from(most.max(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn no_minute_holds_more_and_nobody_overtakes() {
        let budget = Arc::new(Budget::default());
        let start = Instant::now();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for n in 0..10 {
            let (budget, sent) = (budget.clone(), sent.clone());
            tasks.push(tokio::spawn(async move {
                budget.acquire(3).await.consume();
                sent.lock().push((n, start.elapsed().as_secs_f64()));
            }));
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        let sent = sent.lock();
        assert!(sent.iter().map(|(n, _)| *n).eq(0..10), "{sent:?}");
        for at in sent.windows(4) {
            assert!(at[3].1 - at[0].1 > 60.0, "{sent:?}");
        }
        assert!(sent[9].1 < 3.0 * 61.0, "{sent:?}");
        assert_eq!(budget.remaining(3), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_smaller_allowance_counts_what_was_spent_under_a_larger_one() {
        let budget = Budget::default();
        let start = Instant::now();
        for _ in 0..5 {
            budget.acquire(5).await.consume();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(budget.remaining(2), 0);
        budget.acquire(2).await.consume();
        // The fourth of the five was sent after three seconds: then only the fifth is within the minute.
        assert_eq!(start.elapsed().as_millis(), 63_500);
        assert_eq!(budget.remaining(2), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_the_line() {
        let budget = Arc::new(Budget::default());
        budget.acquire(1).await.consume();
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.acquire(1).await.consume() }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        waiting.abort();
        budget.acquire(1).await.consume();
        assert_eq!(budget.remaining(1), 0);
    }
}
