//! When callers overrun the lines. The past never changes, so that history stays additive.

use std::ops::Range;

/// The abandon spikes, in Unix times: many more call, and a third give up. All else is as on any day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    spikes: Vec<Range<i64>>,
}

impl Timeline {
    pub(crate) fn is_spike(&self, second: i64) -> bool {
        self.spikes.iter().any(|spike| spike.contains(&second))
    }

    /// Whether there is a spike anywhere from `start` to before `end`.
    pub(crate) fn has_spike(&self, start: i64, end: i64) -> bool {
        let mut spikes = self.spikes.iter();
        spikes.any(|spike| spike.start < end && start < spike.end)
    }

    /// This up to before `from`, where a spike of `length` seconds begins, or calm if that is 0.
    #[must_use]
    pub(crate) fn switched(&self, from: i64, length: i64) -> Timeline {
        let past = self
            .spikes
            .iter()
            .map(|spike| spike.start..spike.end.min(from));
        let all = past.chain(std::iter::once(from..from + length));
        Timeline {
            spikes: all.filter(|spike| !spike.is_empty()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_changes_nothing_before_it() {
        let first = Timeline::default().switched(100, 100);
        assert!(!first.is_spike(99));
        assert!(first.is_spike(100));
        assert!(!first.is_spike(200));
        let second = first.switched(150, 0);
        assert!(second.is_spike(149));
        assert!(!second.is_spike(150));
        let third = second.switched(150, 1000);
        assert!(third.is_spike(1000));
        let fourth = third.switched(100, 0);
        assert!(!fourth.is_spike(100) && !fourth.is_spike(1000));
    }

    #[test]
    fn a_spike_is_found_wherever_it_holds() {
        let line = Timeline::default().switched(100, 10);
        assert!(!line.has_spike(0, 100));
        assert!(line.has_spike(0, 101));
        assert!(line.has_spike(105, 106));
        assert!(line.has_spike(109, 200));
        assert!(!line.has_spike(110, 200));
    }
}
