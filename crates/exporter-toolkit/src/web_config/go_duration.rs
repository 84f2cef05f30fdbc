//! Durations as Go writes them: `1s`, `1m30s`, `1.5h`, `100ms`.

use std::time::Duration;

const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("μs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

/// A duration that isn't negative; a bare number is nanoseconds, which is what Go makes of it.
pub(super) fn parse(text: &str) -> Option<Duration> {
    if let Ok(nanoseconds) = text.parse() {
        return Some(Duration::from_nanos(nanoseconds));
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return None;
    }
    let of_number = |letter: char| letter.is_ascii_digit() || letter == '.';
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|letter| !of_number(letter))?);
        let (unit, after) = after.split_at(after.find(of_number).unwrap_or(after.len()));
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: f64 = number.parse().ok()?;
        let part = Duration::try_from_secs_f64(number * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = after;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_does() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("1s", 1000),
            ("+1s", 1000),
            ("100ms", 100),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("2000000", 2),
            ("1500us", 1),
        ] {
            let duration = parse(text).unwrap();
            assert_eq!(duration.as_millis(), millis, "{text}");
        }
        for bad in [
            "",
            "+",
            "-1s",
            "1",
            "1 s",
            "s",
            ".s",
            "1.2.3s",
            "1d",
            "1e3s",
            "inf",
            "NaN",
            "1s2",
            "9999999999999999h",
        ] {
            // A bare 1 is a nanosecond.
            assert_eq!(parse(bad).is_some(), bad == "1", "{bad}");
        }
    }
}
