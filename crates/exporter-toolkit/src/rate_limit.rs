//! The rate limit: a bucket of tokens for all clients together.

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::web_config::RateLimit;

/// A token bucket, full at first.
#[derive(Debug)]
pub(crate) struct Bucket {
    pub(crate) limit: RateLimit,
    /// When it is full again.
    full: Mutex<Instant>,
}

impl Bucket {
    pub(crate) fn new(limit: RateLimit) -> Bucket {
        Bucket {
            limit,
            full: Mutex::new(Instant::now()),
        }
    }

    /// Takes a token; false when the bucket is empty.
    pub(crate) fn take(&self) -> bool {
        let RateLimit { interval, burst } = self.limit;
        let mut full = self.full.lock();
        let now = Instant::now();
        let until_full = full.saturating_duration_since(now);
        if until_full > interval.saturating_mul(burst.saturating_sub(1)) {
            return false;
        }
        // The clock can't hold every interval that can be typed.
        *full = full.max(now).checked_add(interval).unwrap_or(*full);
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
