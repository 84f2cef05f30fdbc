//! How long a scrape may take.

use std::time::Duration;

use axum::http::HeaderMap;

/// What Prometheus says it waits, in seconds.
const HEADER: &str = "x-prometheus-scrape-timeout-seconds";

/// What Prometheus waits unless it is told otherwise.
const DEFAULT: Duration = Duration::from_secs(10);

/// A longer timeout is taken for a mistake.
const LONGEST: Duration = Duration::from_mins(2);

/// The time that a scrape with these headers may take: Prometheus' timeout less `offset`.
pub(super) fn time_for(headers: &HeaderMap, offset: Duration) -> Duration {
    let timeout = headers
        .get(HEADER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|timeout| !timeout.is_zero() && *timeout <= LONGEST)
        .unwrap_or(DEFAULT);
    timeout
        .checked_sub(offset)
        .filter(|left| !left.is_zero())
        .unwrap_or(timeout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn time(header: Option<&str>, offset_ms: u64) -> f64 {
        let mut headers = HeaderMap::new();
        if let Some(text) = header {
            headers.insert(HEADER, HeaderValue::from_bytes(text.as_bytes()).unwrap());
        }
        time_for(&headers, Duration::from_millis(offset_ms)).as_secs_f64()
    }

    #[test]
    fn the_timeout_less_the_offset() {
        assert!((time(Some("10"), 500) - 9.5).abs() < 1e-9);
        assert!((time(Some("2.5"), 500) - 2.0).abs() < 1e-9);
        assert!((time(Some("120"), 0) - 120.0).abs() < 1e-9);
        assert!(
            (time(Some("0.5"), 500) - 0.5).abs() < 1e-9,
            "an offset that leaves nothing is ignored"
        );
    }

    #[test]
    fn what_no_prometheus_sends_counts_as_ten() {
        for header in [
            None,
            Some(""),
            Some("soon"),
            Some("NaN"),
            Some("-1"),
            Some("0"),
            Some("inf"),
            Some("1e300"),
            Some("121"),
            Some("1e-30"),
            Some("\u{fc}"),
        ] {
            assert!((time(header, 500) - 9.5).abs() < 1e-9, "{header:?}");
        }
    }
}
