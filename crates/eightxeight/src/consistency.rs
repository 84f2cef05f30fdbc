//! The sums that hold in every answer 8x8 has published. It doesn't promise them, so one that fails is
//! counted and shown, and never a reason to drop data.

use crate::answer::Values;
use crate::fields::Field;

/// How many of the sums `values` violate. One that lacks a number isn't judged.
#[must_use]
pub fn violations(values: &Values) -> usize {
    let sums = SUMS.iter().filter(|(total, parts)| {
        let parts: Option<f64> = parts.iter().map(|part| values.get(*part)).sum();
        matches!((values.get(*total), parts), (Some(total), Some(parts)) if differ(total, parts))
    });
    let means = MEANS.iter().filter(|(mean, total, calls)| {
        match (values.get(*mean), values.get(*total), values.get(*calls)) {
            (Some(mean), Some(total), Some(calls)) => differ(mean, whole_mean(total, calls)),
            _ => false,
        }
    });
    let bounds = BOUNDS.iter().filter(|(smaller, larger)| {
        matches!((values.get(*smaller), values.get(*larger)), (Some(smaller), Some(larger)) if smaller > larger)
    });
    sums.count() + means.count() + bounds.count()
}

/// `total / calls` cut to a whole number as 8x8 does, and 0 without calls.
#[must_use]
pub fn whole_mean(total: f64, calls: f64) -> f64 {
    if calls == 0.0 {
        0.0
    } else {
        (total / calls).trunc()
    }
}

/// All are whole numbers, so half of one tells them apart.
fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > 0.5
}

use Field::{
    AvgCallTime, AvgTalkTime, InboundAbandoned, InboundAnswered, InboundMissed, InboundTotal,
    OutboundAbandoned, OutboundAnswered, OutboundTotal, TotalAbandoned, TotalAnswered, TotalCall,
    TotalCallTime, TotalExtToExt, TotalExtToExtAbandoned, TotalExtToExtAnswered,
    TotalExtToExtMissed, TotalMissed, TotalTalkTime,
};

/// The first is the sum of the others.
const SUMS: [(Field, &[Field]); 6] = [
    (InboundTotal, &[InboundAnswered, InboundMissed]),
    (OutboundTotal, &[OutboundAnswered, OutboundAbandoned]),
    (
        TotalAnswered,
        &[InboundAnswered, OutboundAnswered, TotalExtToExtAnswered],
    ),
    (
        TotalAbandoned,
        &[InboundAbandoned, OutboundAbandoned, TotalExtToExtAbandoned],
    ),
    (
        TotalMissed,
        &[InboundMissed, OutboundAbandoned, TotalExtToExtMissed],
    ),
    (TotalCall, &[InboundTotal, OutboundTotal, TotalExtToExt]),
];

/// The first is the second divided by the third, cut to whole milliseconds.
const MEANS: [(Field, Field, Field); 2] = [
    (AvgTalkTime, TotalTalkTime, TotalAnswered),
    (AvgCallTime, TotalCallTime, TotalCall),
];

/// The first is at most the second.
const BOUNDS: [(Field, Field); 1] = [(InboundAbandoned, InboundMissed)];
