//! The calls of a PBX, and their sums: pure, seeded, the same on every run.
//!
//! Everything about a minute follows from a hash of the PBX's stream and that minute, so any period can
//! be counted without counting what came before it. A call happens at a whole second, and a period
//! counts it if that second lies in it, its end excluded: neighbouring periods add up exactly.

use super::day::{self, Load, Pbx, QUARTER, Rush};
use super::dice::{self, Dice};
use super::tally::{Counts, Direction, Tally};
use super::timeline::Timeline;

/// Counts the calls from `start` to before `end`, Unix times, in the spikes of `timeline` or outside.
pub(crate) fn tally(pbx: &Pbx, timeline: &Timeline, start: i64, end: i64) -> Tally {
    let mut tally = Tally::default();
    for index in start.div_euclid(QUARTER)..=(end - 1).div_euclid(QUARTER) {
        let quarter = Quarter::new(pbx, index);
        let minutes = index * QUARTER / 60..(index + 1) * QUARTER / 60;
        for minute in minutes.filter(|minute| start < (minute + 1) * 60 && minute * 60 < end) {
            quarter.minute(minute, timeline, |call| {
                if (start..end).contains(&call.second) {
                    tally.add(call.direction, call.counts);
                }
            });
        }
    }
    tally
}

/// Sets apart the dice of a minute's usual calls, of a spike's, and of a quarter's abandoned calls.
const USUAL: u64 = 2;
const SPIKE: u64 = 3;
const ABANDONED: u64 = 4;

const MINUTES: u32 = 15;

/// From so many inbound calls an hour on, in thousandths, abandoned ones are planned.
const PLANNED: u64 = 60_000;

/// A quarter of an hour, over which a PBX is equally busy.
struct Quarter<'a> {
    pbx: &'a Pbx,
    index: i64,
    load: Load,
    /// The probability of a minute without calls.
    none: f64,
    /// Inbound calls in a thousand that are abandoned, drawn call by call.
    abandoned: u32,
    /// How many inbound calls of each minute are abandoned on top, if it has so many.
    ///
    /// A busy PBX has its abandoned calls spread evenly over the quarter instead of drawn: the rate then
    /// keeps close to the profile's, and a calm day has no hour that looks like an incident.
    planned: [u32; MINUTES as usize],
}

impl<'a> Quarter<'a> {
    fn new(pbx: &'a Pbx, index: i64) -> Quarter<'a> {
        let profile = &pbx.profile;
        let load = day::load(pbx, index * QUARTER);
        let all = load.inbound * u64::from(1000 + profile.outbound + profile.internal) / 1000;
        let hourly = f64::from(u32::try_from(all).unwrap_or(u32::MAX)) / 1000.0;

        let (quiet, busy) = profile.abandoned;
        let permille = quiet + busy * load.share / 1000;
        let mut planned = [0; MINUTES as usize];
        if load.inbound >= PLANNED {
            let expected = load.inbound * u64::from(permille) / 4000;
            let expected = u32::try_from(expected).unwrap_or(0);
            let mut dice = Dice::new(&[pbx.stream, ABANDONED, index.cast_unsigned()]);
            let count = (expected + dice.below(1000)) / 1000;
            for nth in 0..count {
                let minute = spread(nth, count, MINUTES, &mut dice);
                if let Some(minute) = planned.get_mut(minute as usize) {
                    *minute += 1;
                }
            }
        }
        Quarter {
            pbx,
            index,
            load,
            none: dice::none(hourly / 60.0),
            abandoned: if load.inbound < PLANNED { permille } else { 0 },
            planned,
        }
    }

    /// Shows `see` every call of a minute of this quarter.
    fn minute(&self, minute: i64, timeline: &Timeline, mut see: impl FnMut(&Call)) {
        let start = minute * 60;
        let rush = self
            .pbx
            .profile
            .rush
            .filter(|rush| self.load.is_open() || !rush.only_open)
            .filter(|_| timeline.has_spike(start, start + 60));
        let replaced = |call: &Call| {
            rush.is_some() && call.direction == Direction::Inbound && timeline.is_spike(call.second)
        };

        let mut dice = Dice::new(&[self.pbx.stream, USUAL, minute.cast_unsigned()]);
        let place = usize::try_from(minute - self.index * i64::from(MINUTES)).unwrap_or(0);
        let mut planned = self.planned.get(place).copied().unwrap_or(0);
        for _ in 0..dice.poisson(self.none) {
            let call = self.usual(start, &mut planned, &mut dice);
            if !replaced(&call) {
                see(&call);
            }
        }
        if let Some(rush) = rush {
            let calls = self.rush(rush, start);
            for call in calls.filter(|call| timeline.is_spike(call.second)) {
                see(&call);
            }
        }
    }

    fn usual(&self, start: i64, planned: &mut u32, dice: &mut Dice) -> Call {
        let profile = &self.pbx.profile;
        let second = start + i64::from(dice.below(60));
        let kind = dice.below(1000 + profile.outbound + profile.internal);
        let (direction, counts) = if kind < 1000 {
            let (closed, open) = profile.missed;
            let missed = if self.load.is_open() { open } else { closed };
            let was_planned = *planned > 0;
            *planned = planned.saturating_sub(1);
            let counts = if was_planned || dice.permille(self.abandoned) {
                abandoned(&PATIENCE, dice)
            } else {
                missed_or_answered(missed, profile.voicemail, dice)
            };
            (Direction::Inbound, counts)
        } else if kind < 1000 + profile.outbound {
            let counts = match dice.below(1000) {
                0..115 => abandoned(&PATIENCE, dice),
                _ => answered(dice),
            };
            (Direction::Outbound, counts)
        } else {
            let counts = match dice.below(1000) {
                0..720 => answered(dice),
                720..860 => abandoned(&PATIENCE, dice),
                _ => missed(500, dice),
            };
            (Direction::Internal, counts)
        };
        Call {
            second,
            direction,
            counts,
        }
    }

    /// The inbound calls of a spike, spread evenly over the minute so that any 60 seconds hold about
    /// as many, a fixed share of them abandoned.
    fn rush(&self, rush: Rush, start: i64) -> impl Iterator<Item = Call> {
        let minute = start.div_euclid(60).cast_unsigned();
        let mut dice = Dice::new(&[self.pbx.stream, SPIKE, minute]);
        let count = rush.least + dice.below(rush.spread + 1);
        (0..count).map(move |nth| Call {
            second: start + i64::from(spread(nth, count, 60, &mut dice)),
            direction: Direction::Inbound,
            counts: if nth % rush.abandoned_of == 0 {
                abandoned(&PATIENCE_IN_QUEUE, &mut dice)
            } else {
                missed_or_answered(60, self.pbx.profile.voicemail, &mut dice)
            },
        })
    }
}

/// A place for the `nth` of `count` things on `length` places: one somewhere in each of `count` equal parts.
fn spread(nth: u32, count: u32, length: u32, dice: &mut Dice) -> u32 {
    const FINE: u32 = 256;
    (nth * FINE + dice.below(FINE)) * length / (count * FINE)
}

// Quantiles in milliseconds. Talk time is log-normal with a mean of four and a quarter minutes.
const RING: [u32; 9] = [
    3_000, 5_000, 6_000, 7_200, 8_600, 10_200, 12_500, 16_000, 24_000,
];
const TALK: [u32; 17] = [
    8_000, 43_000, 60_000, 77_000, 93_000, 109_000, 128_000, 148_000, 170_000, 196_000, 227_000,
    264_000, 312_000, 378_000, 479_000, 676_000, 1_500_000,
];
const PATIENCE: [u32; 9] = [
    4_000, 9_000, 14_000, 20_000, 28_000, 40_000, 60_000, 95_000, 180_000,
];
const PATIENCE_IN_QUEUE: [u32; 9] = [
    20_000, 45_000, 65_000, 90_000, 120_000, 150_000, 190_000, 250_000, 420_000,
];
const MESSAGE: [u32; 8] = [
    8_000, 14_000, 20_000, 26_000, 32_000, 40_000, 52_000, 90_000,
];

/// Setting a call up takes a few milliseconds, so its length is never quite the sum of its parts.
fn set_up(dice: &mut Dice) -> u64 {
    u64::from(10 + dice.below(30))
}

fn answered(dice: &mut Dice) -> Counts {
    let set_up = set_up(dice);
    let ring = u64::from(dice.quantile(&RING));
    let talk = u64::from(dice.quantile(&TALK));
    Counts {
        answered: 1,
        ring,
        talk,
        length: set_up + ring + talk,
        ..Counts::default()
    }
}

/// The caller gave up; also missed.
fn abandoned(patience: &[u32], dice: &mut Dice) -> Counts {
    let set_up = set_up(dice);
    let waited = u64::from(dice.quantile(patience));
    Counts {
        abandoned: 1,
        missed: 1,
        waited,
        length: set_up + waited,
        ..Counts::default()
    }
}

/// Missed, but not abandoned. So many of a thousand leave a message.
fn missed(voicemail: u32, dice: &mut Dice) -> Counts {
    let leaves_one = dice.permille(voicemail);
    let set_up = set_up(dice);
    let times: &[u32] = if leaves_one { &MESSAGE } else { &PATIENCE };
    Counts {
        missed: 1,
        voicemail: leaves_one.into(),
        length: set_up + u64::from(dice.quantile(times)),
        ..Counts::default()
    }
}

fn missed_or_answered(missed_of: u32, voicemail: u32, dice: &mut Dice) -> Counts {
    if dice.permille(missed_of) {
        missed(voicemail, dice)
    } else {
        answered(dice)
    }
}

/// One call.
struct Call {
    /// The Unix time at which it counts.
    second: i64,
    direction: Direction,
    /// What it adds to the sums.
    counts: Counts,
}
