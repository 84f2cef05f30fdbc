//! How long a server wants to be left alone, in all the ways in which servers, proxies and gateways say it.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

/// Their older and newer names. They are looked at when a 429 has no `Retry-After`.
const RESETS: [&str; 5] = [
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "x-ratelimit-reset-after",
    "ratelimit",
];

/// A number this large is no length of 31 years but a time since 1970.
const EPOCH: f64 = 1e9;

/// One this large is such a time in milliseconds.
const EPOCH_MILLISECONDS: f64 = 1e12;

static RFC_2822: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);

/// What the headers of an answer ask for; `now` is the server's time, since the clocks may differ.
pub(crate) fn wait(status: u16, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let longest = |name: &str| {
        let values = headers.get_all(name).into_iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        texts.filter_map(|text| parse(text, now)).max()
    };
    let resets = || RESETS.into_iter().find_map(longest);
    longest(RETRY_AFTER.as_str()).or_else(|| (status == 429).then(resets)?)
}

/// The wait that a header's text asks for: until a date, or the longest of a list of lengths.
#[must_use]
pub fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let until = |instant: Timestamp| {
        let length = instant.duration_since(now);
        Duration::try_from(length).unwrap_or_default()
    };
    if let Some(instant) = instant(text.trim().trim_matches('"')) {
        return Some(until(instant));
    }
    let wait = |part| {
        let seconds = match seconds(part)? {
            milliseconds if milliseconds >= EPOCH_MILLISECONDS => milliseconds / 1000.0,
            seconds => seconds,
        };
        // They are digits, so the only thing that can be wrong with them is that they are many.
        let length = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        if seconds < EPOCH {
            return Some(length);
        }
        let instant = Timestamp::UNIX_EPOCH.checked_add(length);
        Some(instant.map_or(Duration::MAX, until))
    };
    text.split([',', ';']).filter_map(wait).max()
}

/// The value of a `Date` header.
pub(crate) fn date(value: &HeaderValue) -> Option<Timestamp> {
    instant(value.to_str().ok()?.trim())
}

fn instant(text: &str) -> Option<Timestamp> {
    // Eight digits would be a day.
    if is_number(text) {
        return None;
    }
    if let Ok(date) = httpdate::parse_http_date(text) {
        return Timestamp::try_from(date).ok();
    }
    let without_zone = |_| {
        let local: DateTime = text.trim_end_matches(" UTC").parse()?;
        TimeZone::UTC.to_timestamp(local)
    };
    let instant = RFC_2822.parse_timestamp(text).or_else(|_| text.parse());
    instant.or_else(without_zone).ok()
}

/// One element of a list, `600`, `600.0`, `10m` or `reset=600`, in seconds.
fn seconds(text: &str) -> Option<f64> {
    let value = match text.trim().split_once('=') {
        Some((name, value)) if ["reset", "t"].contains(&name.trim()) => value,
        Some(_) => return None,
        None => text,
    };
    let value = value.trim().trim_matches('"');
    if is_number(value) {
        return value.parse().ok();
    }
    let length: SignedDuration = value.parse().ok()?;
    Some(length.as_secs_f64()).filter(|seconds| *seconds >= 0.0)
}

fn is_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-03T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn all_forms_of_ten_minutes() {
        let epoch = now().as_second() + 600;
        for text in [
            "600",
            " 600 ",
            "600.0",
            "599.9999, 600",
            "600, 600",
            "600;600",
            "\"600\"",
            "600s",
            "600 s",
            "600 seconds",
            "10m",
            "10 min",
            "PT10M",
            "00:10:00",
            "Tue, 03 Mar 2026 12:10:00 GMT",
            "Tuesday, 03-Mar-26 12:10:00 GMT",
            "Tue Mar  3 12:10:00 2026",
            "Tue, 03 Mar 2026 12:10:00 -0000",
            "Tue, 03 Mar 2026 13:10:00 +0100",
            "Mon, 03 Mar 2026 12:10:00 +0000",
            "03 Mar 2026 12:10:00 UT",
            "2026-03-03T12:10:00Z",
            "2026-03-03T13:10:00+01:00",
            "2026-03-03T12:10:00.000Z",
            "2026-03-03T12:10:00",
            "2026-03-03 12:10:00",
            "2026-03-03 12:10:00 UTC",
            &epoch.to_string(),
            &format!("{epoch}.0"),
            &format!("{epoch}000"),
            "limit=10, remaining=0, reset=600",
            "\"default\";r=0;t=600",
        ] {
            let wait = parse(text, now());
            assert_eq!(wait, Some(Duration::from_mins(10)), "{text}");
        }
    }

    #[test]
    fn what_has_passed_is_no_wait_and_what_is_no_time_is_nothing() {
        for text in [
            "0",
            "Tue, 03 Mar 2026 11:00:00 GMT",
            "2026-03-03T11:00:00Z",
            "1700000000",
        ] {
            assert_eq!(parse(text, now()), Some(Duration::ZERO), "{text}");
        }
        for text in [
            "", "-5", "NaN", "1e9", "soon", "...", "inf", "0x10", "limit=10", "\u{663}",
        ] {
            assert_eq!(parse(text, now()), None, "{text}");
        }
        let days = Some(Duration::from_secs(20_260_303));
        assert_eq!(parse("20260303", now()), days, "no day");
        let century = parse("99999999999999999999999", now());
        assert!(century.is_none_or(|wait| wait > Duration::from_hours(1)));
    }

    #[test]
    fn a_reset_counts_for_a_429_without_retry_after() {
        let wait = |status, headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| {
                (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())
            });
            super::wait(status, &headers.collect(), now()).map(|wait| wait.as_secs())
        };
        let epoch = (now().as_second() + 90).to_string();
        assert_eq!(wait(429, &[("x-ratelimit-reset", &epoch)]), Some(90));
        assert_eq!(wait(429, &[("ratelimit-reset", "45")]), Some(45));
        assert_eq!(wait(429, &[("ratelimit", "limit=1, reset=7")]), Some(7));
        assert_eq!(wait(503, &[("ratelimit-reset", "45")]), None);
        let both = [("x-ratelimit-reset", "45"), ("retry-after", "5")];
        assert_eq!(wait(429, &both), Some(5));
        let nonsense = [("x-ratelimit-reset", "45"), ("retry-after", "soon")];
        assert_eq!(wait(429, &nonsense), Some(45));
        assert_eq!(wait(503, &[("retry-after", "5")]), Some(5));
    }
}
