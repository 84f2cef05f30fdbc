#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use jiff::tz::TimeZone;

use super::super::journal::tests::job;
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn plan(windows: &[&str], zone: &str, step: &str, from: &str, to: &str) -> Job {
    let mut job = job("dir".as_ref());
    job.options.from = at(from);
    job.options.to = at(to);
    job.options.step = humantime::parse_duration(step).unwrap();
    job.account.collect.windows = windows.iter().map(|text| text.parse().unwrap()).collect();
    job.account.collect.zone = TimeZone::get(zone).unwrap();
    job
}

fn shown(job: &Job) -> Vec<String> {
    let points = job.points();
    points
        .map(|Point { window, period }| {
            let [start, end] = [period.start, period.end].map(|at| at.to_string());
            format!("{} {start} {end}", job.account.collect.windows[window])
        })
        .collect()
}

#[test]
fn an_hour_for_each_hour_and_the_day_up_to_then() {
    let plan = plan(
        &["1h", "today"],
        "UTC",
        "1h",
        "2026-01-31T22:00:00Z",
        "2026-02-01T01:00:00Z",
    );
    assert_eq!(
        shown(&plan),
        [
            "1h 2026-01-31T22:00:00Z 2026-01-31T23:00:00Z",
            "today 2026-01-31T00:00:00Z 2026-01-31T23:00:00Z",
            "today 2026-01-31T00:00:00Z 2026-01-31T23:59:59Z",
            "1h 2026-01-31T23:00:00Z 2026-02-01T00:00:00Z",
            "1h 2026-02-01T00:00:00Z 2026-02-01T01:00:00Z",
            "today 2026-02-01T00:00:00Z 2026-02-01T01:00:00Z",
        ]
    );
}

#[test]
fn steps_end_at_whole_multiples_whatever_the_beginning() {
    let plan = plan(
        &["1h"],
        "UTC",
        "1h",
        "2026-01-31T22:20:00Z",
        "2026-02-01T00:59:59Z",
    );
    assert_eq!(
        shown(&plan),
        [
            "1h 2026-01-31T22:00:00Z 2026-01-31T23:00:00Z",
            "1h 2026-01-31T23:00:00Z 2026-02-01T00:00:00Z",
        ]
    );
}

#[test]
fn a_day_ends_where_no_step_does() {
    let plan = plan(
        &["today"],
        "Asia/Kolkata",
        "24h",
        "2026-01-31T00:00:00Z",
        "2026-02-01T18:30:00Z",
    );
    assert_eq!(
        shown(&plan),
        [
            "today 2026-01-30T18:30:00Z 2026-01-31T18:29:59Z",
            "today 2026-01-31T18:30:00Z 2026-02-01T00:00:00Z",
            "today 2026-01-31T18:30:00Z 2026-02-01T18:29:59Z",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_hour_is_covered_once_and_every_day_whole(
        zone in prop::sample::select(vec![
            "UTC", "Europe/London", "America/New_York", "America/Santiago", "Asia/Kolkata",
            "Australia/Lord_Howe", "Asia/Beirut", "Pacific/Apia", "Africa/Cairo",
        ]),
        start in 1_700_000_000i64..1_790_000_000,
        days in 1i64..20,
    ) {
        let from = Timestamp::from_second(start).unwrap();
        let to = Timestamp::from_second(start + days * 86_400).unwrap();
        let plan = plan(&["1h", "today"], zone, "1h", &from.to_string(), &to.to_string());
        let zone = plan.account.collect.zone.clone();
        let points: Vec<_> = plan.points().collect();
        let ends: Vec<_> = points.iter().map(|point| (point.period.end, point.window)).collect();
        prop_assert!(ends.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice");

        let hours: Vec<_> = points.iter().filter(|point| point.window == 0).collect();
        for pair in hours.windows(2) {
            prop_assert_eq!(pair[0].period.end, pair[1].period.start);
        }
        let steps = to.as_second() / 3600 - from.as_second() / 3600;
        prop_assert_eq!(i64::try_from(hours.len()).unwrap(), steps);

        // Each day that ends in the range has a last point one second before the next begins.
        let mut days = BTreeMap::new();
        for point in points.iter().filter(|point| point.window == 1) {
            let day = point.period.end.to_zoned_datetime(zone.clone()).date();
            prop_assert_eq!(point.period.start, day.to_zoned_datetime(zone.clone()).unwrap().start_of_day().unwrap().timestamp());
            days.insert(day, point.period.end);
        }
        let mut midnight = plan.next_midnight(from);
        while midnight <= to {
            let last = midnight - SignedDuration::from_secs(1);
            let day = last.to_zoned_datetime(zone.clone()).date();
            prop_assert_eq!(days.get(&day), Some(&last));
            midnight = plan.next_midnight(midnight);
        }
    }
}

#[test]
fn what_cannot_be_asked_for_is_refused_with_the_reason() {
    let now = at("2026-03-03T12:00:00Z");
    let plan = |from, to| plan(&["1h"], "UTC", "1h", from, to);
    for (from, to, says) in [
        (
            "2026-03-01T00:00:00Z",
            "2026-03-03T09:00:01Z",
            "the latest is 2026-03-03T09:00:00+00:00",
        ),
        (
            "2026-03-01T00:00:00Z",
            "2026-03-04T00:00:00Z",
            "--to: it lies in the future",
        ),
        (
            "2026-03-04T00:00:00Z",
            "2026-03-05T00:00:00Z",
            "--from: it lies in the future",
        ),
        (
            "2026-03-02T00:00:00Z",
            "2026-03-01T00:00:00Z",
            "isn't after --from",
        ),
        (
            "2026-03-01T00:00:00Z",
            "2026-03-01T00:00:00Z",
            "isn't after --from",
        ),
        (
            "2026-03-01T10:10:00Z",
            "2026-03-01T10:50:00Z",
            "no step of 1h ends",
        ),
    ] {
        let problems = plan(from, to).problems(now).join("; ");
        assert!(problems.contains(says), "{from} {to}: {problems}");
    }
    let fine = plan("2026-03-01T00:00:00Z", "2026-03-03T09:00:00Z");
    assert!(fine.problems(now).is_empty());
    assert_eq!(fine.points().count(), 57);
}

#[test]
fn two_years_back_and_no_farther() {
    let now = at("2026-03-03T12:00:00Z");
    // 730 days before: 2024-03-03T12:00:00Z.
    let reaches = |windows: &[&str], zone: &str, from: &str| {
        let plan = plan(windows, zone, "1h", from, "2026-01-01T00:00:00Z");
        plan.reaches(0, now)
    };
    assert!(reaches(&["1h"], "UTC", "2024-03-03T12:00:00Z").is_ok());
    let problem = reaches(&["1h"], "UTC", "2024-03-03T11:00:00Z").unwrap_err();
    assert!(
        problem.contains("the earliest is 2024-03-03T12:01:00+00:00"),
        "{problem}"
    );
    let problem = reaches(&["1h", "24h"], "UTC", "2024-03-03T12:00:00Z").unwrap_err();
    assert!(problem.contains("window `24h`"), "{problem}");
    assert!(
        problem.contains("the earliest is 2024-03-04T11:01:00+00:00"),
        "{problem}"
    );
    assert!(reaches(&["1h", "24h"], "UTC", "2024-03-04T11:01:00Z").is_ok());
    let problem = reaches(&["1h", "today"], "Europe/London", "2024-03-03T12:00:00Z").unwrap_err();
    assert!(
        problem.contains("the earliest is 2024-03-04T00:01:00+00:00"),
        "{problem}"
    );
    assert!(reaches(&["1h", "today"], "Europe/London", "2024-03-04T00:01:00Z").is_ok());
    // What has been fetched already may be older.
    let old = plan(
        &["1h"],
        "UTC",
        "1h",
        "2024-03-03T00:00:00Z",
        "2026-01-01T00:00:00Z",
    );
    assert!(old.reaches(11, now).is_err());
    assert!(old.reaches(12, now).is_ok());
}
