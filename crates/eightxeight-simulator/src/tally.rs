//! Sums over calls. Sums of neighbouring periods add up; everything else in an answer follows from them.

use std::ops::AddAssign;

use eightxeight::answer::Values;
use eightxeight::fields::Field;

/// Between whom a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
    /// Extension to extension.
    Internal,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered,
    /// The caller gave up; also missed.
    Abandoned,
    /// Missed, but not abandoned.
    Missed {
        voicemail: bool,
    },
}

/// One call. All durations are in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The Unix time at which it counts.
    pub(crate) second: i64,
    pub(crate) direction: Direction,
    pub(crate) outcome: Outcome,
    /// Until it was answered; 0 when it wasn't.
    pub(crate) ring: u64,
    /// Spent talking.
    pub(crate) talk: u64,
    /// Until the caller gave up.
    pub(crate) abandoned: u64,
    /// From beginning to end.
    pub(crate) length: u64,
}

/// Calls of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    answered: u64,
    abandoned: u64,
    /// Abandoned ones included.
    missed: u64,
}

impl Counts {
    fn total(self) -> u64 {
        self.answered + self.missed
    }
}

/// The sums over the calls of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    inbound: Counts,
    outbound: Counts,
    internal: Counts,
    voicemail: u64,
    ring: u64,
    talk: u64,
    abandoned: u64,
    length: u64,
}

impl Tally {
    /// Counts one call.
    pub(crate) fn add(&mut self, call: &Call) {
        let counts = match call.direction {
            Direction::Inbound => &mut self.inbound,
            Direction::Outbound => &mut self.outbound,
            Direction::Internal => &mut self.internal,
        };
        match call.outcome {
            Outcome::Answered => counts.answered += 1,
            Outcome::Abandoned => {
                counts.abandoned += 1;
                counts.missed += 1;
            }
            Outcome::Missed { voicemail } => {
                counts.missed += 1;
                self.voicemail += u64::from(voicemail);
            }
        }
        self.ring += call.ring;
        self.talk += call.talk;
        self.abandoned += call.abandoned;
        self.length += call.length;
    }

    /// What 8x8 answers for a field, in its unit: calls or milliseconds.
    ///
    /// In every published answer the fields for calls from outside and inside the company, and the
    /// percents, are 0. What the means for ring and abandoned time are divided by isn't published;
    /// here it is the answered and the abandoned calls.
    pub(crate) fn get(&self, field: Field) -> u64 {
        let answered = self.inbound.answered + self.outbound.answered + self.internal.answered;
        let abandoned = self.inbound.abandoned + self.outbound.abandoned + self.internal.abandoned;
        let total = self.inbound.total() + self.outbound.total() + self.internal.total();
        match field {
            Field::InboundTotal => self.inbound.total(),
            Field::InboundAnswered => self.inbound.answered,
            Field::InboundAbandoned => self.inbound.abandoned,
            Field::InboundMissed => self.inbound.missed,
            Field::OutboundTotal => self.outbound.total(),
            Field::OutboundAnswered => self.outbound.answered,
            Field::OutboundAbandoned => self.outbound.abandoned,
            Field::TotalExtToExt => self.internal.total(),
            Field::TotalExtToExtAnswered => self.internal.answered,
            Field::TotalExtToExtAbandoned => self.internal.abandoned,
            Field::TotalExtToExtMissed => self.internal.missed,
            Field::TotalCall => total,
            Field::TotalAnswered => answered,
            Field::TotalAbandoned => abandoned,
            Field::TotalMissed => {
                self.inbound.missed + self.outbound.abandoned + self.internal.missed
            }
            Field::TotalVm => self.voicemail,
            Field::TotalRingTime => self.ring,
            Field::TotalTalkTime => self.talk,
            Field::TotalAbandonedTime => self.abandoned,
            Field::TotalCallTime => self.length,
            Field::AvgRingTime => mean(self.ring, answered),
            Field::AvgTalkTime => mean(self.talk, answered),
            Field::AvgAbandonedTime => mean(self.abandoned, abandoned),
            Field::AvgCallTime => mean(self.length, total),
            _ => 0,
        }
    }

    /// Whether there was no call at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.get(Field::TotalCall) == 0
    }

    /// The row that a client should make of it.
    pub(crate) fn values(&self) -> Values {
        let mut values = Values::default();
        for field in Field::ALL {
            values.set(field, Some(exact(self.get(field))));
        }
        values
    }
}

fn mean(total: u64, calls: u64) -> u64 {
    total.checked_div(calls).unwrap_or(0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "2^53 ms of calls are 285,000 years"
)]
fn exact(number: u64) -> f64 {
    number as f64
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.missed += other.missed;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.inbound += other.inbound;
        self.outbound += other.outbound;
        self.internal += other.internal;
        self.voicemail += other.voicemail;
        self.ring += other.ring;
        self.talk += other.talk;
        self.abandoned += other.abandoned;
        self.length += other.length;
    }
}
