//! Sums over calls, and the numbers that 8x8 makes of them.

use std::ops::AddAssign;

use eightxeight::answer::Values;
use eightxeight::fields::Field;

/// The two ends of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
    /// Extension to extension.
    Internal,
}

/// Sums over calls of one direction. All durations are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    /// Abandoned ones included.
    pub(crate) missed: u64,
    pub(crate) voicemail: u64,
    /// Until calls were answered.
    pub(crate) ring: u64,
    pub(crate) talk: u64,
    /// Until callers gave up.
    pub(crate) waited: u64,
    /// From beginning to end.
    pub(crate) length: u64,
}

impl Counts {
    fn total(self) -> u64 {
        self.answered + self.missed
    }
}

/// The sums over the calls of a period, by [`Direction`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally([Counts; 3]);

impl Tally {
    /// Adds a call.
    pub(crate) fn add(&mut self, direction: Direction, counts: Counts) {
        self.0[direction as usize] += counts;
    }

    /// What 8x8 answers for a field, in its unit: calls or milliseconds.
    ///
    /// In every published answer the fields for calls from outside and inside the company, and the
    /// percents, are 0. What the means for ring and abandoned time are divided by isn't published;
    /// here it is the answered and the abandoned calls.
    pub(crate) fn get(&self, field: Field) -> u64 {
        let [inbound, outbound, internal] = self.0;
        let mut all = inbound;
        all += outbound;
        all += internal;
        match field {
            Field::InboundTotal => inbound.total(),
            Field::InboundAnswered => inbound.answered,
            Field::InboundAbandoned => inbound.abandoned,
            Field::InboundMissed => inbound.missed,
            Field::OutboundTotal => outbound.total(),
            Field::OutboundAnswered => outbound.answered,
            Field::OutboundAbandoned => outbound.abandoned,
            Field::TotalExtToExt => internal.total(),
            Field::TotalExtToExtAnswered => internal.answered,
            Field::TotalExtToExtAbandoned => internal.abandoned,
            Field::TotalExtToExtMissed => internal.missed,
            Field::TotalCall => all.total(),
            Field::TotalAnswered => all.answered,
            Field::TotalAbandoned => all.abandoned,
            Field::TotalMissed => all.missed,
            Field::TotalVm => all.voicemail,
            Field::TotalRingTime => all.ring,
            Field::TotalTalkTime => all.talk,
            Field::TotalAbandonedTime => all.waited,
            Field::TotalCallTime => all.length,
            Field::AvgRingTime => mean(all.ring, all.answered),
            Field::AvgTalkTime => mean(all.talk, all.answered),
            Field::AvgAbandonedTime => mean(all.waited, all.abandoned),
            Field::AvgCallTime => mean(all.length, all.total()),
            _ => 0,
        }
    }

    /// The row that a client should make of it.
    pub(crate) fn values(&self) -> Values {
        let mut values = Values::default();
        for field in Field::ALL {
            values.set(field, serde_json::Value::from(self.get(field)).as_f64());
        }
        values
    }
}

fn mean(total: u64, calls: u64) -> u64 {
    total.checked_div(calls).unwrap_or(0)
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.missed += other.missed;
        self.voicemail += other.voicemail;
        self.ring += other.ring;
        self.talk += other.talk;
        self.waited += other.waited;
        self.length += other.length;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}
