//! What is to be asked: a point for each step and window, in the order of time. Pure: the present is an
//! argument.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::options::Options;
use eightxeight::window::{LONGEST, Period, Span, Window};

/// Prometheus keeps about three hours in its head block, and blocks made elsewhere must not reach into it.
const HEAD: SignedDuration = SignedDuration::from_hours(3);

const SECOND: Duration = Duration::from_secs(1);

/// The points from one time to another.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Points come after it.
    pub from: Timestamp,
    /// Points come up to it, itself included.
    pub to: Timestamp,
    /// How far apart they are.
    pub step: Duration,
    /// The windows, as configured.
    pub windows: Vec<Window>,
    /// Where a day begins.
    pub zone: TimeZone,
}

/// One thing to ask for. Its samples have its period's end as their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// Which of the plan's windows.
    pub window: usize,
    /// What it covers.
    pub period: Period,
}

/// A month by UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of an instant.
    #[must_use]
    pub(crate) fn of(instant: Timestamp) -> Month {
        let date = TimeZone::UTC.to_datetime(instant).date();
        Month {
            year: date.year(),
            month: date.month(),
        }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Plan {
    /// The plan that options describe. Whether 8x8 can still answer all of it is for [`Plan::reaches`].
    ///
    /// # Errors
    ///
    /// All that is wrong at `now`, a line for each.
    pub(crate) fn new(
        options: &Options,
        windows: &[Window],
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Plan, Vec<String>> {
        let mut problems = Vec::new();
        let mut instant = |name: &str, when: super::options::When| {
            let instant = when.instant(zone);
            instant
                .map_err(|problem| problems.push(format!("--{name}: {problem}")))
                .ok()
        };
        let (from, to) = (instant("from", options.from), instant("to", options.to));
        let (Some(from), Some(to)) = (from, to) else {
            return Err(problems);
        };
        let plan = Plan {
            from,
            to,
            step: options.step,
            windows: windows.to_vec(),
            zone: zone.clone(),
        };
        let newest = now - HEAD;
        if from >= now {
            problems.push("--from: it lies in the future: there are no calls yet".to_owned());
        }
        if to > now {
            problems.push(format!(
                "--to: it lies in the future: there are no calls yet; the latest is {}",
                plan.shown(newest)
            ));
        } else if to > newest {
            problems.push(format!(
                "--to: it is less than three hours ago, and Prometheus takes no block that reaches into \
                 its newest hours; the latest is {}",
                plan.shown(newest)
            ));
        }
        if to <= from {
            problems.push("--to: it isn't after --from".to_owned());
        } else if problems.is_empty() && plan.points().next().is_none() {
            problems.push(format!(
                "--to: no step of {} ends between --from and it",
                humantime::format_duration(plan.step)
            ));
        }
        if problems.is_empty() {
            Ok(plan)
        } else {
            Err(problems)
        }
    }

    /// Whether 8x8 still has the calls of all points after the first `done`: it keeps two years and cuts
    /// longer queries without a word.
    ///
    /// # Errors
    ///
    /// From when on it would have.
    pub(crate) fn reaches(&self, done: usize, now: Timestamp) -> Result<(), String> {
        let kept_since = now - signed(LONGEST);
        // Each window's first point reaches back farthest.
        let firsts = self.points().skip(done).take(self.windows.len() * 2);
        let too_old = firsts
            .filter(|point| point.period.start < kept_since)
            .max_by_key(|point| self.earliest(point.window, kept_since));
        let Some(point) = too_old else {
            return Ok(());
        };
        Err(format!(
            "--from: 8x8 keeps the calls of two years (730 days), and window `{}` would reach back to {}; the \
             earliest is {}",
            self.windows[point.window],
            self.shown(point.period.start),
            self.shown(self.earliest(point.window, kept_since)),
        ))
    }

    /// The earliest `from` with which a window reaches back no farther than `limit`.
    fn earliest(&self, window: usize, limit: Timestamp) -> Timestamp {
        let earliest = match self.windows[window].span() {
            Span::Rolling(length) => limit + signed(length.saturating_sub(self.step)),
            Span::Today => midnight_after(limit, &self.zone).unwrap_or(limit),
        };
        earliest + SignedDuration::from_secs(60 - earliest.as_second().rem_euclid(60))
    }

    fn shown(&self, instant: Timestamp) -> String {
        let zoned = instant.to_zoned_datetime(self.zone.clone());
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The points in the order of time, those of one time in the order of the windows.
    ///
    /// Steps end at whole multiples of the step since 1970, so at whole hours by UTC for a step of an hour:
    /// a query with steps of its own evaluates there. Where a step ends at a local midnight, `today` is
    /// empty, and it is asked a second earlier instead: that is the day's last point. Where midnights
    /// fall between the steps, the day has that last point all the same.
    pub(crate) fn points(&self) -> impl Iterator<Item = Point> {
        Points {
            plan: self,
            next_step: next_multiple(self.from, self.step),
            next_midnight: self
                .has_today()
                .then(|| midnight_after(self.from, &self.zone))
                .flatten(),
            ready: VecDeque::new(),
        }
    }

    fn has_today(&self) -> bool {
        self.windows
            .iter()
            .any(|window| window.span() == Span::Today)
    }
}

struct Points<'a> {
    plan: &'a Plan,
    next_step: Timestamp,
    next_midnight: Option<Timestamp>,
    ready: VecDeque<Point>,
}

impl Points<'_> {
    fn push(&mut self, end: Timestamp, wanted: impl Fn(Span) -> bool) {
        for (index, window) in self.plan.windows.iter().enumerate() {
            if wanted(window.span()) {
                let period = window.period(end, Duration::ZERO, &self.plan.zone);
                if !period.is_empty() {
                    self.ready.push_back(Point {
                        window: index,
                        period,
                    });
                }
            }
        }
    }
}

impl Iterator for Points<'_> {
    type Item = Point;

    fn next(&mut self) -> Option<Point> {
        while self.ready.is_empty() {
            let step = Some(self.next_step).filter(|step| *step <= self.plan.to);
            let midnight = self
                .next_midnight
                .filter(|midnight| *midnight <= self.plan.to);
            if let Some(midnight) = midnight
                && step.is_none_or(|step| midnight <= step)
            {
                self.push(midnight - signed(SECOND), |span| span == Span::Today);
                self.next_midnight = midnight_after(midnight, &self.plan.zone);
                continue;
            }
            let end = step?;
            // At a midnight `today` is empty, and so left out.
            self.push(end, |_| true);
            self.next_step = end + signed(self.plan.step);
        }
        self.ready.pop_front()
    }
}

fn signed(length: Duration) -> SignedDuration {
    SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX)
}

fn next_multiple(after: Timestamp, step: Duration) -> Timestamp {
    let step = i64::try_from(step.as_secs()).unwrap_or(i64::MAX).max(1);
    let next = (after.as_second().div_euclid(step) + 1).saturating_mul(step);
    Timestamp::from_second(next).unwrap_or(Timestamp::MAX)
}

/// The first beginning of a local day after an instant.
fn midnight_after(instant: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let tomorrow = zone.to_datetime(instant).date().tomorrow().ok()?;
    let midnight = tomorrow.to_zoned_datetime(zone.clone()).ok()?;
    Some(midnight.start_of_day().ok()?.timestamp())
}

#[cfg(test)]
mod tests;
