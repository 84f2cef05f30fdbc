//! How far a backfill is: a bar on a terminal, a line a minute in a log.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use tokio::time::Instant;

/// Between two lines in a log.
const LINES_APART: Duration = Duration::from_mins(1);

/// Shows how far it is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    total: usize,
    /// Before this run.
    before: usize,
    done: usize,
    per_minute: u32,
    started: Instant,
    line: Instant,
}

impl Progress {
    /// Progress of so many of `total` requests; `per_minute` is what may be sent.
    pub(super) fn new(terminal: bool, before: usize, total: usize, per_minute: u32) -> Progress {
        let now = Instant::now();
        let bar = terminal.then(|| {
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(Some(total as u64), target);
            let template = "{bar:30} {pos} of {len} requests, {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_position(before as u64);
            bar
        });
        Progress {
            bar,
            total,
            before,
            done: before,
            per_minute,
            started: now,
            line: now,
        }
    }

    /// An answer is in the journal: that of a step that ends at `step`.
    pub(super) fn advance(&mut self, step: Timestamp) {
        self.done += 1;
        let now = Instant::now();
        let last = self.done == self.total;
        if let Some(bar) = &self.bar {
            let (rate, left) = self.pace(now);
            let step = step.strftime("%Y-%m-%d %H:%M");
            bar.set_message(format!("step {step}, {rate} a minute, {left} left"));
            bar.set_position(self.done as u64);
        } else if last || now.duration_since(self.line) >= LINES_APART {
            self.line = now;
            let (rate, left) = self.pace(now);
            tracing::info!(
                step = %step,
                requests = self.done,
                of = self.total,
                per_minute = rate,
                left,
                "backfilling"
            );
        }
    }

    /// Runs `say` so that it doesn't write into the bar.
    pub(super) fn aside(&self, say: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }

    /// Requests a minute in this run so far, and the time that is left at that rate.
    fn pace(&self, now: Instant) -> (u64, String) {
        let elapsed = now.duration_since(self.started);
        let sent = (self.done - self.before) as u64;
        let left = (self.total - self.done) as u64;
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
