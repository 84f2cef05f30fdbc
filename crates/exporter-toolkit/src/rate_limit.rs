//! The rate limit: a bucket of tokens for all clients together.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::web_config::RateLimit;

/// A token bucket, full at first.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) limit: RateLimit,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tokens: f64,
    since: Instant,
}

impl Bucket {
    pub(crate) fn new(limit: RateLimit) -> Bucket {
        Bucket {
            limit,
            state: Mutex::new(State {
                tokens: f64::from(limit.burst),
                since: Instant::now(),
            }),
        }
    }

    /// Takes a token; false when the bucket is empty.
    pub(crate) fn take(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let passed = now.duration_since(state.since).as_secs_f64();
        let gained = passed / self.limit.interval.as_secs_f64();
        state.tokens = (state.tokens + gained).min(f64::from(self.limit.burst));
        state.since = now;
        if state.tokens < 1.0 {
            return false;
        }
        state.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_one_each_interval() {
        let bucket = Bucket::new(RateLimit {
            interval: Duration::from_secs(2),
            burst: 3,
        });
        let take = |times| (0..times).filter(|_| bucket.take()).count();
        assert_eq!(take(5), 3);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(take(1), 0);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(take(2), 1);
        tokio::time::advance(Duration::from_hours(1)).await;
        assert_eq!(take(9), 3, "it doesn't overflow");
    }
}
