//! Where days begin, in every zone and around every change of its offset.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

use super::*;

const YEARS: Range<i16> = 2020..2038;

fn utc(year: i16) -> Timestamp {
    Date::constant(year, 1, 1)
        .to_zoned_datetime(TimeZone::UTC)
        .unwrap()
        .timestamp()
}

fn later(instant: Timestamp, seconds: i64) -> Timestamp {
    instant
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap()
}

fn today() -> Window {
    "today".parse().unwrap()
}

/// Every zone that the bundled database has, with its changes of offset.
fn zones() -> Vec<(TimeZone, Vec<Timestamp>)> {
    let database = TimeZoneDatabase::bundled();
    let names: Vec<_> = database.available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400, "{} zones", names.len());
    let zones = names.into_iter().map(|name| {
        let zone = database.get(&name).unwrap();
        let end = utc(YEARS.end);
        let changes = zone
            .following(utc(YEARS.start))
            .map(|change| change.timestamp());
        let changes = changes.take_while(|change| *change < end).collect();
        (zone, changes)
    });
    zones.collect()
}

/// The first instant of the local day of `end`, found by looking at the clock on the wall each quarter of
/// an hour: since 2020 every offset and every change is a multiple of that.
fn first_of_day(zone: &TimeZone, end: Timestamp) -> Timestamp {
    const QUARTER: i64 = 15 * 60;
    let date = zone.to_datetime(end).date();
    let grid = end.as_second().div_euclid(QUARTER) * QUARTER;
    // A day and more back, since a day can last 25 hours, or be left out.
    let look = (0..=4 * 50).map(|back| Timestamp::from_second(grid - back * QUARTER).unwrap());
    look.take_while(|at| zone.to_datetime(*at).date() >= date)
        .filter(|at| zone.to_datetime(*at).date() == date)
        .last()
        .unwrap_or(end)
}

/// As a server reads a query's time: a wall clock in the zone that goes with it.
fn read_back(text: &str) -> Timestamp {
    let wall = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).unwrap();
    let zone = TimeZone::get(QUERY_ZONE).unwrap();
    zone.to_ambiguous_timestamp(wall).unambiguous().unwrap()
}

fn check(zone: &TimeZone, now: Timestamp) {
    let name = zone.iana_name().unwrap();
    let day = today().period(now, Duration::ZERO, zone);
    assert_eq!(day.end, now, "{name}");
    assert_eq!(day.start, first_of_day(zone, now), "{name} at {now}");
    let hour = "1h"
        .parse::<Window>()
        .unwrap()
        .period(now, Duration::ZERO, zone);
    assert_eq!(hour.length(), Duration::from_hours(1), "{name} at {now}");
    for period in [day, hour] {
        assert_eq!(
            period.query_times().map(|text| read_back(&text)),
            [period.start, period.end]
        );
    }
}

#[test]
fn a_day_begins_where_the_wall_clock_says_around_every_change_of_every_zone() {
    const HOUR: i64 = 3600;
    let mut changes_seen = 0;
    for (zone, changes) in zones() {
        for change in &changes {
            for offset in [
                -24 * HOUR,
                -HOUR,
                -1,
                0,
                1,
                HOUR,
                2 * HOUR,
                13 * HOUR,
                24 * HOUR,
                25 * HOUR,
            ] {
                check(&zone, later(*change, offset));
            }
        }
        changes_seen += changes.len();
        check(&zone, utc(2030));
    }
    assert!(changes_seen > 5_000, "{changes_seen} changes");
}

#[test]
fn days_of_23_and_25_hours_and_days_without_a_midnight() {
    let length = |zone: &str, year, month, day| {
        let zone = TimeZone::get(zone).unwrap();
        // A second before the next day begins.
        let next = Date::constant(year, month, day).tomorrow().unwrap();
        let next = next.to_zoned_datetime(zone.clone()).unwrap().timestamp();
        let period = today().period(later(next, -1), Duration::ZERO, &zone);
        (
            period.length().as_secs() + 1,
            zone.to_datetime(period.start).time().to_string(),
        )
    };
    let midnight = "00:00:00".to_owned();
    assert_eq!(
        length("Europe/London", 2026, 3, 28),
        (24 * 3600, midnight.clone())
    );
    assert_eq!(
        length("Europe/London", 2026, 3, 29),
        (23 * 3600, midnight.clone())
    );
    assert_eq!(
        length("Europe/London", 2026, 10, 25),
        (25 * 3600, midnight.clone())
    );
    assert_eq!(
        length("Australia/Lord_Howe", 2026, 4, 5),
        (24 * 3600 + 1800, midnight)
    );
    // The clock goes from 24:00 straight to 01:00.
    let one = "01:00:00".to_owned();
    assert_eq!(
        length("America/Santiago", 2026, 9, 6),
        (23 * 3600, one.clone())
    );
    assert_eq!(length("Asia/Beirut", 2026, 3, 29), (23 * 3600, one));
}

#[test]
fn the_end_is_now_less_the_delay_in_whole_seconds() {
    let now = "2026-03-03T10:00:00.999Z".parse().unwrap();
    let period =
        "15m"
            .parse::<Window>()
            .unwrap()
            .period(now, Duration::from_secs(90), &TimeZone::UTC);
    assert_eq!(period.end.to_string(), "2026-03-03T09:58:30Z");
    assert_eq!(period.start.to_string(), "2026-03-03T09:43:30Z");
    assert_eq!(
        period.query_times(),
        ["2026-03-03 09:43:30", "2026-03-03 09:58:30"]
    );
    // With a delay, `today` is the day of the window's end.
    let now = "2026-03-03T00:00:30Z".parse().unwrap();
    let period = today().period(now, Duration::from_secs(90), &TimeZone::UTC);
    assert_eq!(period.start.to_string(), "2026-03-02T00:00:00Z");
    let midnight = "2026-03-03T00:00:00.5Z".parse().unwrap();
    assert!(
        today()
            .period(midnight, Duration::ZERO, &TimeZone::UTC)
            .is_empty()
    );
}

proptest! {
    #[test]
    fn no_instant_and_no_delay_panics(second in any::<i64>(), nanos in 0i32..1_000_000_000, delay in any::<u64>(), length in 1u64..63_072_000) {
        let now = Timestamp::new(second.rem_euclid(253_402_207_200), nanos).unwrap_or(Timestamp::MAX);
        for window in [format!("{length}s"), "today".to_owned()] {
            let window: Window = window.parse().unwrap();
            for zone in ["UTC", "America/New_York", "Pacific/Apia"] {
                let zone = TimeZone::get(zone).unwrap();
                for now in [now, Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
                    let period = window.period(now, Duration::from_secs(delay), &zone);
                    prop_assert!(period.start <= period.end);
                }
            }
        }
    }
}
