//! Windows and the instants that they cover.

use std::time::Duration;

use eightxeight::window::{LONGEST, Period, QUERY_ZONE, Span, Window};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Noon, a midnight, hours that clocks skip or show twice, before the epoch, and the end of all calendars.
const INSTANTS: [&str; 7] = [
    "2026-03-03T12:00:00.9Z",
    "2026-03-03T00:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-10-25T00:59:59Z",
    "2018-11-04T03:00:00Z",
    "1969-12-31T23:59:59.5Z",
    "9999-12-30T22:00:00Z",
];

/// The last has days that begin at one o'clock.
const ZONES: [&str; 4] = [
    "UTC",
    "Europe/London",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
];

/// The first byte is the delay in minutes, the rest the window. What was read is read again from its label, and
/// covers what it says.
pub(crate) fn window(input: &[u8]) {
    let Some((delay, text)) = input.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let window: Window = match text.parse() {
        Ok(window) => window,
        Err(_) => return,
    };
    assert_eq!(window.label(), text.trim());
    assert_eq!(window.to_string(), window.label());
    let again: Window = window.label().parse().unwrap();
    assert_eq!(again, window);
    let delay = Duration::from_mins(u64::from(*delay));
    for now in INSTANTS {
        for zone in ZONES {
            covers(
                &window,
                now.parse().unwrap(),
                delay,
                &TimeZone::get(zone).unwrap(),
            );
        }
    }
}

fn covers(window: &Window, now: Timestamp, delay: Duration, zone: &TimeZone) {
    let period = window.period(now, delay, zone);
    let Period { start, end } = period;
    assert!(start <= end);
    let behind = now.duration_since(end) - SignedDuration::try_from(delay).unwrap();
    assert!(
        !behind.is_negative() && behind < SignedDuration::from_secs(1),
        "{behind:?}"
    );
    match window.span() {
        Span::Rolling(length) => {
            assert!(length <= LONGEST && !length.is_zero() && length.subsec_nanos() == 0);
            assert_eq!(period.length(), length);
            assert!(!period.is_empty());
        }
        Span::Today => {
            let [first, last] = [start, end].map(|instant| instant.to_zoned_datetime(zone.clone()));
            assert_eq!(first.date(), last.date());
            let before = (start - SignedDuration::from_secs(1)).to_zoned_datetime(zone.clone());
            assert_ne!(before.date(), first.date());
        }
    }
    assert_eq!(QUERY_ZONE, "UTC");
    let read = period.query_times().map(|text| {
        let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", &text).unwrap();
        TimeZone::UTC.to_timestamp(time).unwrap()
    });
    assert_eq!(read, [start, end]);
}
