//! The request budget of an account: so many requests in any minute, logins included.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A minute, and half a second more: what leaves here a minute apart can arrive closer together.
const MINUTE: Duration = Duration::from_millis(60_500);

/// A sliding minute of requests. Those that find it spent wait their turn, oldest first.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    sent: Mutex<VecDeque<Instant>>,
    /// Held by whoever waits for a place. Tokio's mutex is fair, so the others stand in line behind.
    turn: tokio::sync::Mutex<()>,
}

/// The right to send one request.
#[derive(Debug)]
#[must_use = "a turn that isn't taken keeps the others waiting"]
pub struct Turn<'a> {
    budget: &'a Budget,
    _first_in_line: tokio::sync::MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// Counts the request that is sent now.
    pub fn take(self) {
        self.budget.sent().push_back(Instant::now());
    }
}

impl Budget {
    /// A budget of `most` requests in any minute, at least one.
    #[must_use]
    pub fn new(most: u32) -> Budget {
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        Budget {
            most,
            sent: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Counts what another budget of the same account has spent.
    pub fn inherit(&self, predecessor: &Budget) {
        let sent = predecessor.sent().clone();
        *self.sent() = sent;
    }

    /// Waits until a request may be sent.
    pub async fn turn(&self) -> Turn<'_> {
        let first_in_line = self.turn.lock().await;
        while let Some(free_at) = self.free_at() {
            sleep_until(free_at).await;
        }
        Turn {
            budget: self,
            _first_in_line: first_in_line,
        }
    }

    /// How many requests may be sent now.
    #[must_use]
    pub fn remaining(&self) -> usize {
        // A predecessor may have had a larger budget.
        self.most.saturating_sub(self.sent().len())
    }

    /// When the next request may be sent, if not now.
    fn free_at(&self) -> Option<Instant> {
        let sent = self.sent();
        // All but the newest of those that fill the budget have to be a minute old.
        let over = sent.len().checked_sub(self.most)?;
        sent.get(over).map(|last| *last + MINUTE)
    }

    fn sent(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while sent.front().is_some_and(|oldest| *oldest + MINUTE <= now) {
            sent.pop_front();
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn no_minute_holds_more_and_nobody_overtakes() {
        let budget = Arc::new(Budget::new(3));
        let start = Instant::now();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for n in 0..10 {
            let (budget, sent) = (budget.clone(), sent.clone());
            tasks.push(tokio::spawn(async move {
                budget.turn().await.take();
                sent.lock()
                    .unwrap()
                    .push((n, start.elapsed().as_secs_f64()));
            }));
            tokio::task::yield_now().await;
        }
        for task in tasks {
            task.await.unwrap();
        }
        let sent = sent.lock().unwrap();
        assert!(sent.iter().map(|(n, _)| *n).eq(0..10), "{sent:?}");
        for at in sent.windows(4) {
            assert!(at[3].1 - at[0].1 > 60.0, "{sent:?}");
        }
        assert!(sent[9].1 < 3.0 * 61.0, "{sent:?}");
        assert_eq!(budget.remaining(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_successor_with_a_smaller_budget_counts_what_was_spent() {
        let large = Budget::new(5);
        let start = Instant::now();
        for _ in 0..5 {
            large.turn().await.take();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        let small = Budget::new(2);
        small.inherit(&large);
        assert_eq!(small.remaining(), 0);
        small.turn().await.take();
        // The fourth of the five was sent after three seconds: then only the fifth is within the minute.
        assert_eq!(start.elapsed().as_millis(), 63_500);
        assert_eq!(small.remaining(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_the_line() {
        let budget = Arc::new(Budget::new(1));
        budget.turn().await.take();
        let waiting = tokio::spawn({
            let budget = budget.clone();
            async move { budget.turn().await.take() }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        waiting.abort();
        budget.turn().await.take();
        assert_eq!(budget.remaining(), 0);
    }
}
