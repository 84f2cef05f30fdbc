//! Sums of whole hours, kept: two years of them, or a thousand PBXs, stay cheap.

use std::collections::HashMap;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::calls;
use super::day::Pbx;
use super::tally::Tally;
use super::timeline::Timeline;
use eightxeight::window::{LONGEST, Period};

const HOUR: i64 = 3600;

/// About 15 MB.
const MOST_HOURS: usize = 65_536;

/// A timeline and the hours that were counted under it.
///
/// A change of scenario makes a new one, so what is kept never contradicts the timeline.
#[derive(Debug, Default)]
pub struct History {
    pub(crate) timeline: Timeline,
    /// By the PBX's key and the hour.
    hours: Mutex<HashMap<(u64, i64), Tally>>,
}

impl History {
    pub(crate) fn new(timeline: Timeline) -> History {
        History {
            timeline,
            hours: Mutex::default(),
        }
    }

    /// Counts the calls of a period as 8x8 knows them at `now`.
    pub(crate) fn tallies<'p>(
        &self,
        pbxes: Vec<&'p Pbx>,
        period: Period,
        now: Timestamp,
    ) -> Vec<(&'p Pbx, Tally)> {
        let oldest = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        if period.end <= oldest {
            return Vec::new();
        }
        let start = period.start.max(oldest).as_second();
        let end = period.end.as_second().min(now.as_second() + 1);
        let count = |pbx| (pbx, self.tally(pbx, start, end));
        pbxes.into_iter().map(count).collect()
    }

    /// Counts the calls from `start` to before `end`, Unix times.
    pub(crate) fn tally(&self, pbx: &Pbx, start: i64, end: i64) -> Tally {
        let first = start.div_euclid(HOUR) + i64::from(start.rem_euclid(HOUR) != 0);
        let last = end.div_euclid(HOUR);
        let head = end.min(first * HOUR);
        let mut sum = calls::tally(pbx, &self.timeline, start, head);
        for hour in first..last {
            sum += self.hour(pbx, hour);
        }
        sum += calls::tally(pbx, &self.timeline, head.max(last * HOUR), end);
        sum
    }

    fn hour(&self, pbx: &Pbx, hour: i64) -> Tally {
        let key = (pbx.key, hour);
        let known = self.hours.lock().get(&key).copied();
        known.unwrap_or_else(|| {
            let tally = calls::tally(pbx, &self.timeline, hour * HOUR, (hour + 1) * HOUR);
            let mut hours = self.hours.lock();
            if hours.len() >= MOST_HOURS {
                hours.clear();
            }
            hours.insert(key, tally);
            tally
        })
    }
}
