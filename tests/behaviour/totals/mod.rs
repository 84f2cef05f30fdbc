//! Totals over any range, as a real Prometheus computes them from what it would have scraped, against what
//! there truly was.

mod life;
mod remote_write;

use std::collections::BTreeMap;
use std::time::Duration;

use eightxeight::fields::Field;
use eightxeight_exporter::page::metric;
use jiff::{SignedDuration, Timestamp};

use crate::fixture::Prometheus;
use life::{Life, Records, Span, Target, Truth};

const CALLS: Field = Field::InboundTotal;
const ABANDONED: Field = Field::InboundAbandoned;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
const WEEK: i32 = 7 * 24;

/// From the scrape before a whole hour to that hour, for a target that is scraped at second 17.
const LAG: SignedDuration = SignedDuration::from_secs(43);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What a Prometheus has that lived through it.
async fn lived(life: Life, truth: &Truth) -> Prometheus {
    let truth = truth.clone();
    let hours = tokio::task::spawn_blocking(move || life.live(truth))
        .await
        .unwrap();
    let prometheus = Prometheus::over(None, &[remote_write::RECEIVER]).await;
    for hour in hours {
        remote_write::write(&prometheus, &hour).await;
    }
    prometheus.settle().await;
    prometheus
}

/// A number for each PBX.
type Numbers = BTreeMap<String, f64>;

/// What an expression answers for each PBX.
async fn answer(prometheus: &Prometheus, expression: &str, at: Timestamp) -> Numbers {
    let answer = prometheus.query_at(expression, at).await;
    let count = answer.len();
    let by_pbx = answer.into_iter();
    let by_pbx = by_pbx.map(|(mut labels, value)| (labels.remove("pbx_id").unwrap(), value));
    let by_pbx: Numbers = by_pbx.collect();
    assert_eq!(by_pbx.len(), count, "a PBX twice");
    by_pbx
}

/// An expression answers these numbers.
async fn assert_answers(
    prometheus: &Prometheus,
    expression: &str,
    at: Timestamp,
    expected: &Numbers,
) {
    let found = answer(prometheus, expression, at).await;
    assert!(found.keys().eq(expected.keys()), "{found:?} {expected:?}");
    for (pbx, expected) in expected {
        let found = found[pbx];
        // Counts are exact; the sum of seconds is one of doubles.
        let is_equal = (found - expected).abs() <= expected * 1e-12;
        assert!(
            is_equal,
            "{expression}, {pbx}: {found}, but there were {expected}"
        );
    }
}

fn add(sum: &mut Numbers, numbers: &Numbers) {
    for (pbx, number) in numbers {
        *sum.entry(pbx.clone()).or_default() += number;
    }
}

/// The form of the contract.
fn total(field: Field, hours: i32) -> String {
    total_over(field, &format!("{hours}h"))
}

fn total_over(field: Field, range: &str) -> String {
    let metric = metric(field).name;
    format!(r#"sum_over_time({metric}{{window="1h"}}[{range}:1h])"#)
}

/// The weeks in which the clocks of London change, from noon to noon.
fn weeks() -> [Span; 2] {
    ["2025-03-27T12:00:00Z", "2025-10-23T12:00:00Z"].map(|from| {
        let from = at(from);
        (from, from + HOUR * WEEK)
    })
}

/// The exporter has run an hour and a bit before, as any that has something to show.
fn before((from, to): Span) -> Span {
    (from - HOUR * 2, to + MINUTE)
}

#[tokio::test]
async fn a_week_is_what_there_was_hour_by_hour() {
    let truth = Truth::new();
    for (from, to) in weeks() {
        let prometheus = lived(Life::simple(before((from, to))), &truth).await;
        for field in [CALLS, ABANDONED, Field::TotalTalkTime] {
            let expected = truth.numbers(field, (from - LAG, to - LAG));
            let week = total(field, WEEK);
            assert_answers(&prometheus, &week, to + SECOND, &expected).await;
            // At a whole hour Prometheus 2 counts both ends of the range, unless it is a little shorter. By a whole second would
            // be too much for Prometheus 3, which never counts the first end.
            let shorter = total_over(field, "6d23h59m59s500ms");
            for when in [to, to + SECOND, to + MINUTE * 59 + SECOND * 59] {
                assert_answers(&prometheus, &shorter, when, &expected).await;
            }
        }
        // Hour by hour, over midnights and over the change of the clocks.
        let metric = metric(CALLS).name;
        let hourly = format!(r#"{metric}{{window="1h"}}"#);
        let series = prometheus.query_range(&hourly, from + HOUR, to, 3600).await;
        assert_eq!(series.len(), 4);
        for (labels, points) in series {
            assert_eq!(points.len(), usize::try_from(WEEK).unwrap());
            for (hour, value) in points {
                let period = (hour - HOUR - LAG, hour - LAG);
                let expected = truth.numbers(CALLS, period);
                assert_eq!(value, expected[&labels["pbx_id"]], "{labels:?} {hour}");
            }
        }
    }
}

#[tokio::test]
async fn an_hour_of_outage_is_missing_and_nothing_else() {
    let truth = Truth::new();
    let (from, to) = weeks()[0];
    let noon = from + HOUR * 48;
    let life = Life {
        outage: Some((noon + MINUTE * 20, noon + MINUTE * 80)),
        ..Life::simple(before((from, to)))
    };
    let prometheus = lived(life, &truth).await;
    let mut expected = truth.numbers(CALLS, (from - LAG, noon - LAG));
    let after = truth.numbers(CALLS, (noon + HOUR - LAG, to - LAG));
    add(&mut expected, &after);
    assert_answers(&prometheus, &total(CALLS, WEEK), to + SECOND, &expected).await;
}

#[tokio::test]
async fn a_restart_costs_nothing_unless_it_hides_the_scrape_before_the_hour() {
    let truth = Truth::new();
    let (from, to) = weeks()[1];
    let life = |down: &[Span]| {
        let mut life = Life::simple(before((from, to)));
        life.targets[0].down = down.to_vec();
        life
    };
    let noon = from + HOUR * 24;
    // Just after a whole hour, and well before one.
    let harmless = [
        (noon, noon + MINUTE * 2),
        (noon + HOUR + MINUTE * 54, noon + HOUR + MINUTE * 56),
    ];
    let prometheus = lived(life(&harmless), &truth).await;
    let all = truth.numbers(CALLS, (from - LAG, to - LAG));
    assert_answers(&prometheus, &total(CALLS, WEEK), to + SECOND, &all).await;

    // Down at the scrape before noon, so that Prometheus takes the series to have ended.
    let hiding = [(noon - MINUTE, noon)];
    let prometheus = lived(life(&hiding), &truth).await;
    let mut expected = truth.numbers(CALLS, (from - LAG, noon - HOUR - LAG));
    add(&mut expected, &truth.numbers(CALLS, (noon - LAG, to - LAG)));
    assert_answers(&prometheus, &total(CALLS, WEEK), to + SECOND, &expected).await;
    // The longer form reads the scrape before that instead: a minute counts twice, and one not at all.
    let metric = metric(CALLS).name;
    let longer =
        format!(r#"sum_over_time(last_over_time({metric}{{window="1h"}}[5m])[{WEEK}h:1h])"#);
    let early = (noon - HOUR - LAG - MINUTE, noon - LAG - MINUTE);
    add(&mut expected, &truth.numbers(CALLS, early));
    assert_answers(&prometheus, &longer, to + SECOND, &expected).await;
}

#[tokio::test]
async fn of_a_pair_one_counts() {
    let truth = Truth::new();
    let (from, to) = weeks()[0];
    let noon = from + HOUR * 24;
    let pair = |second: i64| {
        let mut life = Life::simple(before((from, to)));
        // Each is down for hours, one after the other.
        life.targets[0].down = vec![(noon - MINUTE * 90, noon + MINUTE * 90)];
        life.targets.push(Target {
            instance: "b",
            second,
            down: vec![(noon + HOUR * 24, noon + HOUR * 30)],
        });
        life
    };
    let metric = metric(CALLS).name;
    let largest = format!(
        r#"sum_over_time(max by (job, account, pbx_id, window) ({metric}{{window="1h"}})[{WEEK}h:1h])"#
    );
    // Scraped in the same second they have the same numbers.
    let prometheus = lived(pair(17), &truth).await;
    let expected = truth.numbers(CALLS, (from - LAG, to - LAG));
    assert_answers(&prometheus, &largest, to + SECOND, &expected).await;

    // Half a minute apart, the larger of the two counts in each hour, so the total is a little high.
    let prometheus = lived(pair(47), &truth).await;
    let other = SignedDuration::from_secs(13);
    let mut larger = BTreeMap::new();
    let mut first_or_second = BTreeMap::new();
    for hour in 1..=WEEK {
        let hour = from + HOUR * hour;
        let of = |lag: SignedDuration| truth.numbers(CALLS, (hour - HOUR - lag, hour - lag));
        let a_is_down = (noon - MINUTE * 90..noon + MINUTE * 90).contains(&(hour - LAG));
        let b_is_down = (noon + HOUR * 24..noon + HOUR * 30).contains(&(hour - other));
        let mut numbers = of(if a_is_down { other } else { LAG });
        add(&mut first_or_second, &numbers);
        if !a_is_down && !b_is_down {
            let b = of(other);
            for (pbx, number) in &mut numbers {
                *number = number.max(b[pbx]);
            }
        }
        add(&mut larger, &numbers);
    }
    assert_answers(&prometheus, &largest, to + SECOND, &larger).await;
    for (pbx, expected) in &expected {
        let more = larger[pbx] / expected - 1.0;
        assert!((0.0..0.03).contains(&more), "{pbx}: {more}");
    }
    // One before the other leaves no such doubt.
    let of = |instance: &str| {
        format!(
            r#"max by (job, account, pbx_id, window) ({metric}{{window="1h",instance="{instance}"}})"#
        )
    };
    let preferred = format!("sum_over_time(({} or {})[{WEEK}h:1h])", of("a"), of("b"));
    assert_answers(&prometheus, &preferred, to + SECOND, &first_or_second).await;
}

/// The calls of the hour before last that 8x8 didn't know of when that hour had just ended.
fn late_calls() -> String {
    let metric = metric(CALLS).name;
    format!(
        r#"({metric}{{window="2h"}} - ignoring (window) {metric}{{window="1h"}}) - ignoring (window) ({metric}{{window="1h"}} offset 1h)"#
    )
}

#[tokio::test]
async fn late_records_are_found_out_and_a_delay_waits_for_them() {
    let truth = Truth::new();
    let (from, to) = (at("2025-06-10T06:00:00Z"), at("2025-06-10T18:00:00Z"));
    let lateness = MINUTE * 10;
    let life = |delay: Duration| Life {
        windows: &["15m", "1h", "2h"],
        delay,
        records: Records::Late(lateness),
        ..Life::simple(before((from, to)))
    };
    let [abandoned, calls] = [ABANDONED, CALLS].map(|field| metric(field).name);
    let rate = format!(r#"{abandoned}{{window="15m"}} / {calls}{{window="15m"}}"#);
    let quarter = MINUTE * 15;
    let true_rate = |end: Timestamp| {
        let of = |field| truth.numbers(field, (end - quarter, end))["acme-support"];
        of(ABANDONED) / of(CALLS)
    };

    let prometheus = lived(life(Duration::ZERO), &truth).await;
    // Of each hour the answered calls of the last ten minutes are missing, and are found an hour later.
    let end = to - HOUR - LAG;
    let newest = truth.numbers(Field::InboundAnswered, (end - lateness, end));
    assert_answers(&prometheus, &late_calls(), to, &newest).await;
    let found = answer(&prometheus, &total(CALLS, 12), to + SECOND).await;
    let all = truth.numbers(CALLS, (from - LAG, to - LAG));
    let short = found["acme-support"] / all["acme-support"];
    assert!((0.8..0.9).contains(&short), "ten minutes of sixty: {short}");
    // What was abandoned is known at once, so the rate of the newest minutes reads high.
    let high = answer(&prometheus, &rate, to).await["acme-support"] / true_rate(to - LAG);
    assert!(high > 2.0, "{high}");

    let prometheus = lived(life(Duration::from_mins(10)), &truth).await;
    let found = answer(&prometheus, &late_calls(), to).await;
    assert!(found.values().all(|late| *late == 0.0), "{found:?}");
    let lag = LAG + lateness;
    let all = truth.numbers(CALLS, (from - lag, to - lag));
    assert_answers(&prometheus, &total(CALLS, 12), to + SECOND, &all).await;
    let found = answer(&prometheus, &rate, to).await["acme-support"];
    assert!((found - true_rate(to - lag)).abs() < 1e-12);
}
