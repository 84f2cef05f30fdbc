//! Windows: the periods for which 8x8 is asked. Pure: the time is an argument everywhere.
//!
//! A window is a pair of instants, never of wall clock readings. 8x8 takes wall clock times and a
//! zone, and a wall clock that is set back shows the same time twice, so times always go out in UTC;
//! the configured zone only says where a day begins.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The longest rolling window: 8x8 keeps two years of calls and silently cuts a longer query.
pub const LONGEST: Duration = Duration::from_hours(17520);

/// A configured window. Its label is the `window` label of every sample.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    label: Box<str>,
    span: Span,
}

/// What a window covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// The given time up to the window's end.
    Rolling(Duration),
    /// From local midnight to the window's end.
    Today,
}

/// Why a text is no window.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WindowError {
    /// Neither a duration nor `today`.
    #[error("`{0}` is not a window: use `today` or a duration such as `15m` or `1h`")]
    Unreadable(String),
    /// 8x8's times have no fractions of a second.
    #[error("`{0}` is not a whole number of seconds")]
    Fraction(String),
    /// Nothing to ask for.
    #[error("`{0}` is empty: a window lasts at least 1s")]
    Empty(String),
    /// 8x8 would cut it.
    #[error("`{0}` is longer than the two years (730 days) that 8x8 keeps")]
    TooLong(String),
}

impl std::str::FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let label = text.trim();
        let own = || label.to_owned();
        let span = if label == "today" {
            Span::Today
        } else {
            let length =
                humantime::parse_duration(label).map_err(|_| WindowError::Unreadable(own()))?;
            if length.subsec_nanos() != 0 {
                return Err(WindowError::Fraction(own()));
            }
            if length.is_zero() {
                return Err(WindowError::Empty(own()));
            }
            if length > LONGEST {
                return Err(WindowError::TooLong(own()));
            }
            Span::Rolling(length)
        };
        Ok(Window {
            label: label.into(),
            span,
        })
    }
}

impl Window {
    /// The window as it was configured.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What it covers.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The instants that the window covers at `now`: its end is `now` less `delay`, in whole
    /// seconds, and `today` is the day of that end in `zone`.
    #[must_use]
    pub fn period(&self, now: Timestamp, delay: Duration, zone: &TimeZone) -> Period {
        let end = floor_to_second(before(now, delay));
        let start = match self.span {
            Span::Rolling(length) => before(end, length),
            // Only a day at the edge of jiff's range, year -9999 or 9999, has no start.
            Span::Today => end
                .to_zoned_datetime(zone.clone())
                .start_of_day()
                .map_or(end, |midnight| midnight.timestamp()),
        };
        Period { start, end }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

fn before(instant: Timestamp, length: Duration) -> Timestamp {
    SignedDuration::try_from(length)
        .ok()
        .and_then(|length| instant.checked_sub(length).ok())
        .unwrap_or(Timestamp::MIN)
}

fn floor_to_second(instant: Timestamp) -> Timestamp {
    let whole = instant.as_second() - i64::from(instant.subsec_nanosecond() < 0);
    Timestamp::from_second(whole).unwrap_or(Timestamp::MIN)
}

/// Two instants in whole seconds, the start not after the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first instant.
    pub start: Timestamp,
    /// The instant after the last. Whether 8x8 counts a call in its very second is not documented.
    pub end: Timestamp,
}

impl Period {
    /// Nothing lies in it, so 8x8 isn't asked: `today` in the first second of a day.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Its length.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::try_from(self.end.duration_since(self.start)).unwrap_or_default()
    }

    /// Start and end in the form of 8x8's query, wall clock times of [`QUERY_ZONE`].
    #[must_use]
    pub fn query_times(&self) -> [String; 2] {
        [self.start, self.end].map(|instant| instant.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }
}

/// The zone that goes with [`Period::query_times`].
pub const QUERY_ZONE: &str = "UTC";

#[cfg(test)]
mod tests;
