//! Repeatable chance.
//!
//! `SplitMix64` is written out, and nothing here goes through the platform's mathematics library, so
//! that a seed means the same calls on every platform and with every version of every library.

/// A generator whose whole state is a number.
#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn scramble(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// One number out of several; each of them, and their order, matters.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(STEP, |state, part| {
        scramble((state ^ part).wrapping_add(STEP))
    })
}

/// A number for a text.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(mix(&[]), |state, byte| mix(&[state, u64::from(byte)]))
}

impl Dice {
    /// Dice that fall the same way for the same parts.
    pub(crate) fn new(parts: &[u64]) -> Dice {
        Dice { state: mix(parts) }
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        scramble(self.state)
    }

    /// A number from 0 to `bound - 1`, and 0 when there is none.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let product = (self.next() >> 32) * u64::from(bound);
        u32::try_from(product >> 32).unwrap_or(0)
    }

    /// True `share` times in a thousand.
    pub(crate) fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    /// At least 0 and less than 1.
    fn unit(&mut self) -> f64 {
        // 32 bits convert without loss and are fine enough for a number of calls.
        f64::from(self.below(u32::MAX)) / f64::from(u32::MAX)
    }

    /// How many events happen where `mean` are expected, given [`none`] of that mean.
    pub(crate) fn poisson(&mut self, none: f64) -> u32 {
        let mut count = 0;
        let mut product = self.unit();
        while product > none {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// A number with the distribution of `quantiles`, which stand at equal steps of probability; in
    /// their unit.
    pub(crate) fn quantile(&mut self, quantiles: &[u32]) -> u32 {
        const FINE: u32 = 1024;
        let steps = u32::try_from(quantiles.len().saturating_sub(1)).unwrap_or(0);
        let place = self.below(steps * FINE);
        let at = usize::try_from(place / FINE).unwrap_or(0);
        match quantiles.get(at..at + 2) {
            Some([low, high]) => {
                low + (high - low) / FINE * (place % FINE)
                    + (high - low) % FINE * (place % FINE) / FINE
            }
            _ => 0,
        }
    }
}

/// The probability that nothing happens where `mean` events are expected: e to the power of `-mean`.
/// Good to two parts in a thousand up to a mean of 20, beyond which it isn't used.
pub(crate) fn none(mean: f64) -> f64 {
    let small = mean.clamp(0.0, 20.0) / 64.0;
    let square = small * small;
    let root = 1.0 - small + square / 2.0 - square * small / 6.0 + square * square / 24.0;
    (0..6).fold(root, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_never_changes() {
        // A change here would change the history that a seed stands for.
        let mut dice = Dice::new(&[1, 2, 3]);
        assert_eq!(
            [dice.next(), dice.next(), dice.next()],
            [
                15_197_624_596_428_956_037,
                4_675_633_479_863_895_687,
                11_827_096_546_058_038_440
            ]
        );
        assert_eq!(hash("acmecorp"), 6_428_256_686_456_020_573);
    }

    #[test]
    fn parts_and_their_order_matter() {
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(mix(&[1]), mix(&[1, 0]));
        assert_ne!(hash("ab"), hash("ba"));
    }

    #[test]
    fn as_many_events_happen_as_expected() {
        for tenths in [1, 5, 10, 45, 100, 200] {
            let mean = f64::from(tenths) / 10.0;
            let none = none(mean);
            assert!((none / (-mean).exp() - 1.0).abs() < 0.02, "{mean}");
            let mut dice = Dice::new(&[7]);
            let sum: u32 = (0..20_000).map(|_| dice.poisson(none)).sum();
            let found = f64::from(sum) / 20_000.0;
            assert!((found / mean - 1.0).abs() < 0.1, "{found} for {mean}");
        }
    }

    #[test]
    fn a_quantile_lies_within_its_table() {
        let mut dice = Dice::new(&[9]);
        for _ in 0..10_000 {
            let value = dice.quantile(&[10, 20, 4_000_000]);
            assert!((10..4_000_000).contains(&value));
        }
        assert_eq!(dice.quantile(&[]), 0);
        assert_eq!(dice.quantile(&[5]), 0);
    }
}
