//! How far a backfill is: a bar on a terminal, a line a minute in a log.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tokio::time::Instant;

/// Between two lines in a log.
const LINES_APART: Duration = Duration::from_mins(1);

/// Shows how far it is.
#[derive(Debug)]
pub(super) struct Progress {
    /// Hidden where there is no terminal.
    pub(super) bar: ProgressBar,
    /// How many requests an earlier run has done.
    before: u64,
    per_minute: u32,
    /// When the newest line was written.
    line: Instant,
}

impl Progress {
    /// Progress of so many of `total` requests; `per_minute` is what may be sent.
    pub(super) fn new(before: usize, total: usize, per_minute: u32) -> Progress {
        let bar = ProgressBar::new(total as u64).with_position(before as u64);
        let template = "{bar:30} {pos} of {len} requests, {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Progress {
            bar,
            before: before as u64,
            per_minute,
            line: Instant::now(),
        }
    }

    /// An answer is in the journal: that of a step that ends at `step`.
    pub(super) fn advance(&mut self, step: Timestamp) {
        let (done, total) = (
            self.bar.position() + 1,
            self.bar.length().unwrap_or_default(),
        );
        let (rate, left) = self.pace(done - self.before, total - done);
        let shown = step.strftime("%Y-%m-%d %H:%M");
        self.bar
            .set_message(format!("step {shown}, {rate} a minute, {left} left"));
        self.bar.set_position(done);
        if self.bar.is_hidden() && (done == total || self.line.elapsed() >= LINES_APART) {
            self.line = Instant::now();
            tracing::info!(
                step = %step,
                requests = done,
                of = total,
                per_minute = rate,
                left,
                "backfilling"
            );
        }
    }

    /// Requests a minute in this run so far, and the time that is left at that rate.
    fn pace(&self, sent: u64, left: u64) -> (u64, String) {
        let elapsed = self.bar.elapsed();
        // In the first minute the budget's rate says more than the burst that it allows.
        let (rate, time) = if elapsed < Duration::from_mins(1) {
            (u64::from(self.per_minute), duration(left, self.per_minute))
        } else {
            let rate = sent * 60 / elapsed.as_secs().max(1);
            let seconds = elapsed.as_secs().saturating_mul(left) / sent.max(1);
            (rate, Duration::from_secs(seconds))
        };
        (rate, words(time))
    }
}

/// How long so many requests take.
pub(super) fn duration(requests: u64, per_minute: u32) -> Duration {
    Duration::from_secs(requests.saturating_mul(60) / u64::from(per_minute.max(1)))
}

/// A length in words, to the minute, or to the second where it is short.
pub(super) fn words(length: Duration) -> String {
    let seconds = length.as_secs();
    let rounded = if seconds < 60 {
        seconds
    } else {
        seconds.next_multiple_of(60)
    };
    humantime::format_duration(Duration::from_secs(rounded)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_the_minute() {
        assert_eq!(words(duration(35_040, 5)), "4days 20h 48m");
        assert_eq!(words(duration(7, 5)), "2m");
        assert_eq!(words(duration(1, 5)), "12s");
        assert_eq!(words(duration(0, 0)), "0s");
    }
}
