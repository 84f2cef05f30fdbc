//! The shape of a day: how busy a PBX is at a moment, by its own wall clock.
//!
//! All arithmetic is in whole numbers: thousandths of a call an hour, and thousandths.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

use super::dice::{self, Dice};

/// Seconds over which a PBX is equally busy. Every zone's changes of offset fall on its ends.
pub(crate) const QUARTER: i64 = 15 * 60;

/// How a PBX is used.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Inbound calls in the busiest hour of an ordinary weekday, in thousandths.
    peak: u64,
    /// Inbound calls an hour, in thousandths, that it never falls below.
    least: u64,
    /// Minute of the day and share of the peak, in thousandths; straight lines between.
    day: &'static [(u32, u32)],
    /// What a weekday is to an ordinary one, in thousandths, Monday first.
    week: [u32; 7],
    /// Outbound calls to a thousand inbound ones.
    pub(crate) outbound: u32,
    /// Extension to extension calls to a thousand inbound ones.
    pub(crate) internal: u32,
    /// Inbound calls in a thousand that the caller abandons: when nothing goes on, and what the busiest
    /// time adds.
    pub(crate) abandoned: (u32, u32),
    /// Inbound calls in a thousand that are missed without being abandoned: while closed, while open.
    pub(crate) missed: (u32, u32),
    /// How many of a thousand of those leave a message.
    pub(crate) voicemail: u32,
    /// What an abandon spike does to it, if anything.
    pub(crate) rush: Option<Rush>,
}

/// Inbound calls of a minute in an abandon spike. They replace the usual ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rush {
    /// At least this many.
    pub(crate) least: u32,
    /// Up to this many more.
    pub(crate) spread: u32,
    /// One of how many is abandoned.
    pub(crate) abandoned_of: u32,
    /// Only while the office is open.
    pub(crate) only_open: bool,
}

/// Late morning and mid-afternoon are busy, lunch dips, the night is all but silent.
const OFFICE: &[(u32, u32)] = &[
    (0, 8),
    (6 * 60, 10),
    (7 * 60, 50),
    (8 * 60, 300),
    (9 * 60, 750),
    (10 * 60, 950),
    (11 * 60, 1000),
    (12 * 60, 780),
    (12 * 60 + 45, 580),
    (14 * 60, 880),
    (15 * 60, 950),
    (16 * 60, 850),
    (17 * 60, 550),
    (18 * 60, 180),
    (19 * 60, 70),
    (22 * 60, 15),
    (24 * 60, 8),
];

/// A line that people call at any hour.
const LINE: &[(u32, u32)] = &[
    (0, 450),
    (3 * 60, 390),
    (6 * 60, 450),
    (8 * 60, 700),
    (10 * 60 + 30, 1000),
    (13 * 60, 860),
    (15 * 60, 970),
    (18 * 60, 800),
    (21 * 60, 640),
    (24 * 60, 450),
];

impl Profile {
    /// An office with so many inbound calls in its busiest hour, at most 600. It misses most calls while
    /// closed.
    pub(crate) fn office(peak: u32) -> Profile {
        let peak = peak.min(600);
        Profile {
            peak: u64::from(peak) * 1000,
            least: u64::from(peak) * 6,
            day: OFFICE,
            week: [1100, 1000, 980, 970, 880, 60, 35],
            outbound: 340,
            internal: 95,
            abandoned: (20, 12),
            missed: (600, 24),
            voicemail: 720,
            rush: None,
        }
    }

    /// An office that callers turn to as well when the line is overrun.
    pub(crate) fn main_office(peak: u32) -> Profile {
        Profile {
            rush: Some(Rush {
                least: peak.div_ceil(40),
                spread: 3,
                abandoned_of: 5,
                only_open: true,
            }),
            ..Profile::office(peak)
        }
    }

    /// A branch with a handful of calls a day.
    pub(crate) fn branch() -> Profile {
        Profile {
            peak: 1200,
            least: 0,
            outbound: 700,
            internal: 50,
            week: [1100, 1000, 1000, 1000, 900, 0, 0],
            ..Profile::office(1)
        }
    }

    /// A line that never closes: from 240 inbound calls an hour at night to about 620 by day.
    ///
    /// In an abandon spike at least 30 a minute, a third of them abandoned.
    pub(crate) fn line() -> Profile {
        Profile {
            peak: 600_000,
            least: 240_000,
            day: LINE,
            week: [1040, 1000, 1000, 990, 960, 760, 680],
            outbound: 80,
            internal: 45,
            abandoned: (20, 10),
            missed: (9, 9),
            voicemail: 400,
            rush: Some(Rush {
                least: 32,
                spread: 8,
                abandoned_of: 3,
                only_open: false,
            }),
        }
    }
}

/// A telephone system of the company.
#[derive(Clone, Debug)]
pub(crate) struct Pbx {
    /// The name by which a query asks for it.
    pub(crate) name: Box<str>,
    pub(crate) profile: Profile,
    pub(crate) zone: TimeZone,
    /// What its dice are thrown with.
    pub(crate) stream: u64,
    /// Differs for PBXs whose calls differ.
    pub(crate) key: u64,
}

impl Pbx {
    /// A PBX that is used as `profile` says by the clocks of `zone`. The same arguments mean the same calls.
    pub(crate) fn new(name: &str, profile: Profile, zone: TimeZone, seed: u64) -> Pbx {
        let stream = dice::mix(&[seed, dice::hash(name)]);
        let shape = dice::hash(&format!("{profile:?} {:?}", zone.iana_name()));
        Pbx {
            name: name.into(),
            profile,
            zone,
            stream,
            key: dice::mix(&[stream, shape]),
        }
    }
}

/// How busy a PBX is over a quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// Inbound calls an hour, in thousandths.
    pub(crate) inbound: u64,
    /// Share of the peak, in thousandths; more than a thousand on a busy day.
    pub(crate) share: u32,
}

impl Load {
    /// Where hardly anybody calls, hardly anybody sits to answer.
    pub(crate) fn is_open(self) -> bool {
        self.share >= 60
    }
}

/// How busy it is in the quarter of an hour that begins at `start`, a Unix time.
pub(crate) fn load(pbx: &Pbx, start: i64) -> Load {
    let profile = &pbx.profile;
    let wall = Timestamp::from_second(start).map_or(civil::DateTime::MIN, |instant| {
        pbx.zone.to_datetime(instant)
    });
    let minute = u32::try_from(i32::from(wall.hour()) * 60 + i32::from(wall.minute())).unwrap_or(0);
    let weekday = usize::try_from(wall.weekday().to_monday_zero_offset()).unwrap_or(0);
    let weekday = profile.week[weekday];
    let share = u64::from(between(profile.day, minute)) * u64::from(weekday) / 1000;
    // No two days are quite alike: up to a twelfth more or less.
    let [year, day] = [wall.year(), wall.day_of_year()].map(|part| u64::from(part.cast_unsigned()));
    let mut dice = Dice::new(&[pbx.stream, DAY, year, day]);
    let share = share * u64::from(917 + dice.below(167)) / 1000;
    let inbound = (profile.peak * share / 1000).max(profile.least);
    Load {
        inbound,
        share: u32::try_from(share).unwrap_or(0),
    }
}

/// Sets the dice of days apart from those of calls.
const DAY: u64 = 1;

fn between(points: &[(u32, u32)], minute: u32) -> u32 {
    let after = points.partition_point(|(at, _)| *at <= minute);
    match (points.get(after.wrapping_sub(1)), points.get(after)) {
        (Some((from, low)), Some((to, high))) => {
            let (done, all) = (minute - from, to - from);
            (low * (all - done) + high * done) / all
        }
        (Some((_, last)), None) => *last,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(profile: &Profile, zone: &str, wall: &str) -> Load {
        let zone = TimeZone::get(zone).unwrap();
        let wall: civil::DateTime = wall.parse().unwrap();
        let start = zone
            .to_ambiguous_timestamp(wall)
            .compatible()
            .unwrap()
            .as_second();
        load(&Pbx::new("office", profile.clone(), zone, 1), start)
    }

    #[test]
    fn an_office_is_busy_before_and_after_lunch_by_its_own_clock() {
        for zone in ["Europe/London", "America/New_York", "Asia/Tokyo"] {
            let office = Profile::office(100);
            let late_morning = at(&office, zone, "2024-06-04T11:00").inbound;
            let lunch = at(&office, zone, "2024-06-04T12:45").inbound;
            let afternoon = at(&office, zone, "2024-06-04T15:00").inbound;
            let night = at(&office, zone, "2024-06-04T03:00").inbound;
            let sunday = at(&office, zone, "2024-06-09T11:00").inbound;
            assert!(lunch * 4 < late_morning * 3 && lunch * 4 < afternoon * 3);
            assert!(night * 50 < late_morning && night > 0);
            assert!(sunday * 10 < late_morning && sunday > 0);
        }
    }

    #[test]
    fn a_line_keeps_its_least() {
        let line = Profile::line();
        for hour in 0..24 {
            for day in ["2024-06-04", "2024-06-09"] {
                let load = at(&line, "Europe/London", &format!("{day}T{hour:02}:00"));
                assert!((240_000..=680_000).contains(&load.inbound), "{load:?}");
            }
        }
    }

    #[test]
    fn a_branch_is_silent_on_weekends() {
        assert_eq!(at(&Profile::branch(), "UTC", "2024-06-08T11:00").inbound, 0);
    }

    #[test]
    fn shares_lie_on_straight_lines() {
        assert_eq!(between(OFFICE, 8 * 60 + 30), 525);
        assert_eq!(between(OFFICE, 24 * 60), 8);
        assert_eq!(between(&[], 5), 0);
    }
}
