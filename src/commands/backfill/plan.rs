//! What is to be asked: a point for each step and window, in the order of time. Pure: the present is an
//! argument.

use std::iter::successors;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Job, Options};
use eightxeight::window::{LONGEST, Period, Span};

/// Prometheus keeps about three hours in its head block, and blocks made elsewhere must not reach into it.
const HEAD: Duration = Duration::from_hours(3);

const SECOND: Duration = Duration::from_secs(1);

/// One thing to ask for. Its samples have its period's end as their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// Which of the account's windows.
    pub window: usize,
    /// What it covers.
    pub period: Period,
}

impl Job {
    /// All that is wrong with its times at `now`, a line for each. Whether 8x8 can still answer all of it is for
    /// [`Job::reaches`].
    pub(super) fn problems(&self, now: Timestamp) -> Vec<String> {
        let Options { from, to, step, .. } = self.options;
        let newest = now - HEAD;
        let mut problems = Vec::new();
        if from >= now {
            problems.push("--from: it lies in the future: there are no calls yet".to_owned());
        }
        if to > now {
            problems.push(format!(
                "--to: it lies in the future: there are no calls yet; the latest is {}",
                self.shown(newest)
            ));
        } else if to > newest {
            problems.push(format!(
                "--to: it is less than three hours ago, and Prometheus takes no block that reaches into \
                 its newest hours; the latest is {}",
                self.shown(newest)
            ));
        }
        if to <= from {
            problems.push("--to: it isn't after --from".to_owned());
        } else if problems.is_empty() && self.points().next().is_none() {
            problems.push(format!(
                "--to: no step of {} ends between --from and it",
                humantime::format_duration(step)
            ));
        }
        problems
    }

    /// Whether 8x8 still has the calls of all points after the first `done`: it keeps two years and cuts
    /// longer queries without a word.
    ///
    /// # Errors
    ///
    /// From when on it would have.
    pub(super) fn reaches(&self, done: usize, now: Timestamp) -> Result<(), String> {
        let kept_since = now - LONGEST;
        let windows = &self.account.collect.windows;
        // Each window's first point reaches back farthest.
        let firsts = self.points().skip(done).take(windows.len() * 2);
        let too_old = firsts
            .filter(|point| point.period.start < kept_since)
            .max_by_key(|point| self.earliest(point.window, kept_since));
        let Some(point) = too_old else {
            return Ok(());
        };
        Err(format!(
            "--from: 8x8 keeps the calls of two years (730 days), and window `{}` would reach back to {}; the \
             earliest is {}",
            windows[point.window],
            self.shown(point.period.start),
            self.shown(self.earliest(point.window, kept_since)),
        ))
    }

    /// The earliest `from` with which a window reaches back no farther than `limit`.
    fn earliest(&self, window: usize, limit: Timestamp) -> Timestamp {
        let earliest = match self.account.collect.windows[window].span() {
            Span::Rolling(length) => limit + length.saturating_sub(self.options.step),
            Span::Today => self.next_midnight(limit),
        };
        next_multiple(earliest, Duration::from_mins(1))
    }

    fn shown(&self, instant: Timestamp) -> String {
        let zoned = instant.to_zoned_datetime(self.account.collect.zone.clone());
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The points in the order of time, those of one time in the order of the windows.
    ///
    /// Steps end at whole multiples of the step since 1970, so at whole hours by UTC for a step of an hour:
    /// a query with steps of its own evaluates there. Where a step ends at a local midnight, `today` is
    /// empty, and it is asked a second earlier instead: that is the day's last point. Where midnights
    /// fall between the steps, the day has that last point all the same.
    pub(crate) fn points(&self) -> impl Iterator<Item = Point> {
        let next = |after: Timestamp| self.next_step(after).min(self.next_midnight(after));
        successors(Some(next(self.options.from)), move |end| Some(next(*end)))
            .take_while(|end| *end <= self.options.to)
            .flat_map(|end| self.points_at(end))
    }

    /// The points of a time at which a step or a local day ends.
    fn points_at(&self, end: Timestamp) -> impl Iterator<Item = Point> {
        let collect = &self.account.collect;
        let points = move |delay| {
            let windows = collect.windows.iter().enumerate();
            windows.map(move |(index, window)| Point {
                window: index,
                period: window.period(end, delay, &collect.zone),
            })
        };
        let day_ends = self.next_midnight(end - SECOND) == end;
        let is_today = |point: &Point| collect.windows[point.window].span() == Span::Today;
        let last_of_day = points(SECOND).filter(move |point| day_ends && is_today(point));
        let step_ends = self.next_step(end - SECOND) == end;
        // At a midnight `today` is empty.
        let step =
            points(Duration::ZERO).filter(move |point| step_ends && !point.period.is_empty());
        last_of_day.chain(step)
    }

    /// The first end of a step after an instant.
    fn next_step(&self, after: Timestamp) -> Timestamp {
        next_multiple(after, self.options.step)
    }

    /// The first beginning of a local day after an instant.
    fn next_midnight(&self, after: Timestamp) -> Timestamp {
        let zone = &self.account.collect.zone;
        let tomorrow = zone.to_datetime(after).date().tomorrow();
        tomorrow
            .and_then(|tomorrow| tomorrow.to_zoned_datetime(zone.clone())?.start_of_day())
            // Only the last day of jiff's range has none after it.
            .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }
}

fn next_multiple(after: Timestamp, step: Duration) -> Timestamp {
    let passed = after.as_second().rem_euclid(step.as_secs().cast_signed());
    after + step - SignedDuration::from_secs(passed)
}

#[cfg(test)]
mod tests;
