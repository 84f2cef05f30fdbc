//! What mood the calls are in, and since when. The past never changes, so that history stays additive.

/// How callers behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As on any day.
    Calm,
    /// Many more call, and a third give up.
    Spike,
}

/// A list of changes of mood; calm before the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    /// Unix times, rising, each with the mode that holds from it on.
    changes: Vec<(i64, Mode)>,
}

impl Timeline {
    /// The mode at a Unix time.
    pub(crate) fn mode(&self, second: i64) -> Mode {
        let after = self.changes.partition_point(|(from, _)| *from <= second);
        self.changes
            .get(after.wrapping_sub(1))
            .map_or(Mode::Calm, |(_, mode)| *mode)
    }

    /// Whether `mode` holds anywhere from `start` to before `end`.
    pub(crate) fn has(&self, mode: Mode, start: i64, end: i64) -> bool {
        self.mode(start) == mode
            || self
                .changes
                .iter()
                .rev()
                .take_while(|(from, _)| *from > start)
                .any(|(from, changed)| *from < end && *changed == mode)
    }

    /// This up to before `from`, and from there on `changes`, whose times rise and aren't before `from`.
    #[must_use]
    pub(crate) fn switched(&self, from: i64, changes: &[(i64, Mode)]) -> Timeline {
        let mut past: Vec<_> = self.changes.clone();
        past.retain(|(at, _)| *at < from);
        past.push((from, Mode::Calm));
        past.extend_from_slice(changes);
        // Two changes at one time: the later one holds.
        past.reverse();
        past.dedup_by_key(|(at, _)| *at);
        past.reverse();
        Timeline { changes: past }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_changes_nothing_before_it() {
        let first = Timeline::default().switched(100, &[(100, Mode::Spike), (200, Mode::Calm)]);
        assert_eq!(first.mode(99), Mode::Calm);
        assert_eq!(first.mode(100), Mode::Spike);
        assert_eq!(first.mode(200), Mode::Calm);
        let second = first.switched(150, &[]);
        assert_eq!(second.mode(149), Mode::Spike);
        assert_eq!(second.mode(150), Mode::Calm);
        let third = second.switched(150, &[(150, Mode::Spike)]);
        assert_eq!(third.mode(1000), Mode::Spike);
    }

    #[test]
    fn a_mode_is_found_wherever_it_holds() {
        let line = Timeline::default().switched(100, &[(100, Mode::Spike), (110, Mode::Calm)]);
        assert!(!line.has(Mode::Spike, 0, 100));
        assert!(line.has(Mode::Spike, 0, 101));
        assert!(line.has(Mode::Spike, 109, 200));
        assert!(!line.has(Mode::Spike, 110, 200));
        assert!(line.has(Mode::Calm, 105, 111));
        assert!(!line.has(Mode::Calm, 105, 110));
    }
}
