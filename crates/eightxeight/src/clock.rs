//! The one place where the program asks what time it is.

use std::ops::Add;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A length beyond what either clock can hold means "never"; a century is as good.
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

/// A point in time on both clocks: the steady one, for waiting and comparing, and the wall clock, for
/// windows and for showing.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// On the clock that never jumps; tests can pause it.
    pub instant: Instant,
    /// On the wall clock.
    pub wall: Timestamp,
}

impl Moment {
    /// The time from `earlier` to this, zero when it is the other way round.
    #[must_use]
    pub fn since(&self, earlier: Moment) -> Duration {
        self.instant.saturating_duration_since(earlier.instant)
    }

    /// The larger of the times since `earlier` on the two clocks: a machine that slept has stopped its steady clock, and
    /// what was fresh before is old after.
    #[must_use]
    pub fn age_of(&self, earlier: Moment) -> Duration {
        let wall = Duration::try_from(self.wall.duration_since(earlier.wall)).unwrap_or_default();
        self.since(earlier).max(wall)
    }

    /// Whether this moment has come by `now`, on the steady clock.
    #[must_use]
    pub fn is_past(&self, now: Moment) -> bool {
        self.instant <= now.instant
    }
}

impl Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, length: Duration) -> Moment {
        let length = length.min(CENTURY);
        let wall = SignedDuration::try_from(length)
            .ok()
            .and_then(|length| self.wall.checked_add(length).ok())
            .unwrap_or(Timestamp::MAX);
        Moment {
            instant: self.instant + length,
            wall,
        }
    }
}

/// Where [`Moment`]s come from.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The machine's clocks.
    #[default]
    System,
    /// A wall clock that runs with the steady one from a chosen moment on, so that a test that pauses
    /// time pauses both.
    From(Moment),
}

impl Clock {
    /// A clock whose wall time is `wall` now.
    #[must_use]
    pub fn starting_at(wall: Timestamp) -> Clock {
        Clock::From(Moment {
            instant: Instant::now(),
            wall,
        })
    }

    /// The present moment.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // This is the place that the others are sent to.
    pub fn now(&self) -> Moment {
        match self {
            Clock::System => Moment {
                instant: Instant::now(),
                wall: Timestamp::now(),
            },
            Clock::From(origin) => *origin + origin.instant.elapsed(),
        }
    }
}
