//! The panels against calls that are known from outside: each test is about a fault that the dashboards had, or a promise
//! that they make.

use super::drawn::{
    ABANDONED, ANSWERED, DAY, HOUR, INBOUND, MISSED, Past, Pbx, number, numbers_by, panel, query,
    query_of,
};

/// Midnight of a Monday, five hours east of Greenwich.
const MONDAY: i64 = 1_777_834_800;

/// Every so many minutes, with the newest answer.
fn each(step: usize, until: i64) -> impl Iterator<Item = (i64, i64)> {
    (0..=until).step_by(step).map(|minute| (minute, minute))
}

#[tokio::test]
async fn a_failure_over_a_full_hour_costs_no_hour() {
    let pbx = Pbx::drawn(r#"instance="a",pbx_id="main""#, DAY, 5, 0..0);
    let mut past = Past::new(MONDAY);
    // From 11:54 to 12:02 8x8 fails, and the last good answer is shown.
    let failed = |at: i64| (12 * HOUR - 6..12 * HOUR + 2).contains(&at);
    let asked = |at: i64| if failed(at) { 12 * HOUR - 7 } else { at };
    past.shown(&pbx, (0..=DAY).map(|at| (at, asked(at))));
    past.account(r#"instance="a""#, (0..=DAY).map(|at| (at, !failed(at))));
    let prometheus = past.prometheus().await;
    let hours = (1..=24).map(|hour| asked(hour * HOUR));
    let expected: f64 = hours.map(|end| pbx.between(INBOUND, end - HOUR, end)).sum();
    let found = number(&prometheus, &query("Inbound, total", 0, 1), MONDAY + 86_400).await;
    assert_eq!(found, Some(expected));
    assert!((pbx.between(INBOUND, 0, DAY) - expected).abs() < 60.0);
}

#[tokio::test]
async fn hours_read_are_those_of_the_worst_account() {
    let mut past = Past::new(MONDAY);
    for (account, unread) in [("whole", 0), ("poor", 7)] {
        let labels = format!(r#"instance="a",account="{account}""#);
        let pbx = Pbx::drawn(&format!(r#"{labels},pbx_id="main""#), DAY, 2, 0..0);
        past.shown(
            &pbx,
            each(5, DAY).filter(move |(at, _)| *at > unread * HOUR),
        );
        past.account(&labels, (0..=DAY).step_by(5).map(|at| (at, true)));
    }
    let worst = query("Hours read", 0, 1);
    let prometheus = past.prometheus().await;
    let end = MONDAY + 86_400;
    assert_eq!(number(&prometheus, &worst, end).await, Some(17.0 / 24.0));

    let mut past = Past::new(MONDAY);
    let pbx = Pbx::drawn(
        r#"instance="a",account="whole",pbx_id="main""#,
        DAY,
        2,
        0..0,
    );
    past.shown(&pbx, each(5, DAY));
    past.account(
        r#"instance="a",account="without data""#,
        (0..=DAY).step_by(5).map(|at| (at, false)),
    );
    let prometheus = past.prometheus().await;
    assert_eq!(number(&prometheus, &worst, end).await, Some(0.0));
}

#[tokio::test]
async fn a_mean_of_no_calls_is_a_gap() {
    let quiet = Pbx::drawn(r#"instance="a",pbx_id="quiet""#, HOUR, 0, 0..0);
    let busy = Pbx::drawn(r#"instance="a",pbx_id="busy""#, HOUR, 9, 0..0);
    let mut past = Past::new(MONDAY);
    for (pbx, name, mean) in [(&quiet, "quiet", 0.0), (&busy, "busy", 95.0)] {
        past.shown(pbx, each(1, HOUR));
        let series = format!(
            r#"eightxeight_company_average_talk_time_seconds{{job="eightxeight",instance="a",pbx_id="{name}",window="1h"}}"#
        );
        past.series(&series, (0..=HOUR).map(|at| (at, mean)));
    }
    let prometheus = past.prometheus().await;
    let query = query_of(&panel("pbx", "Mean time spent talking"), 0, 1);
    let found = numbers_by(&prometheus, &query, MONDAY + 3600, ["pbx_id"]).await;
    assert_eq!(found, [(["busy".to_owned()], 95.0)].into());
}

#[tokio::test]
async fn a_pbx_without_history_is_ranked_by_all_that_it_lost() {
    let new = Pbx::drawn(r#"instance="a",pbx_id="new""#, HOUR, 9, 0..HOUR);
    let quiet = Pbx::drawn(r#"instance="a",pbx_id="quiet""#, HOUR, 0, 0..0);
    let mut past = Past::new(MONDAY);
    past.shown(&new, each(1, HOUR));
    past.shown(&quiet, each(1, HOUR));
    let prometheus = past.prometheus().await;
    let column = async |number| {
        let query = query("Each PBX ($window), most callers lost first", number, 1);
        numbers_by(&prometheus, &query, MONDAY + 3600, ["pbx_id"]).await
    };
    let [new_pbx, quiet_pbx] = ["new", "quiet"].map(|name| [name.to_owned()]);
    let lost = new.between(ABANDONED, 0, HOUR);
    assert!(lost > 20.0);
    let beyond = column(0).await;
    assert_eq!(
        beyond,
        [(new_pbx.clone(), lost), (quiet_pbx.clone(), 0.0)].into()
    );
    // Below 0 there are few calls, so that the column stays at night.
    let rate = lost / new.between(INBOUND, 0, HOUR);
    assert_eq!(column(2).await, [(new_pbx, rate), (quiet_pbx, -1.0)].into());
    let table = panel("overview", "Each PBX ($window), most callers lost first").to_string();
    assert!(table.contains(r#""-1":{"index":0,"text":"few calls"}"#));
}

#[tokio::test]
async fn data_have_no_age_while_an_account_waits_for_its_first_answer() {
    for waiting in [false, true] {
        let mut past = Past::new(MONDAY);
        for (account, minutes) in [("fresh", 1), ("old", 9)] {
            let labels = format!(r#"instance="a",account="{account}""#);
            past.account(&labels, each(1, HOUR).map(|(at, _)| (at, true)));
            let last = MONDAY + 60 * (HOUR - minutes);
            let series = format!(
                r#"eightxeight_collection_last_success_timestamp_seconds{{job="eightxeight",{labels},window="1h"}}"#
            );
            let last = f64::from(u32::try_from(last).unwrap());
            past.series(&series, (0..=HOUR).map(|at| (at, last)));
        }
        if waiting {
            let labels = r#"instance="a",account="waiting""#;
            past.account(labels, each(1, HOUR).map(|(at, _)| (at, false)));
        }
        let prometheus = past.prometheus().await;
        for dashboard in ["overview", "exporter"] {
            let query = query_of(&panel(dashboard, "Data age"), 0, 1);
            let age = number(&prometheus, &query, MONDAY + 3600).await;
            assert_eq!(age, (!waiting).then_some(540.0), "{dashboard}");
        }
    }
}

#[tokio::test]
async fn in_an_outage_the_columns_of_today_stay() {
    let pbx = Pbx::drawn(r#"instance="a",pbx_id="main""#, 8 * DAY, 3, 0..0);
    let mut past = Past::new(MONDAY);
    let end = 7 * DAY + 12 * HOUR;
    past.shown(&pbx, each(5, end - 20));
    let prometheus = past.prometheus().await;
    let table = panel("overview", "Today so far and a week before");
    let mut columns = Vec::new();
    for column in 0..3 {
        let query = query_of(&table, column, 1);
        columns.push(numbers_by(&prometheus, &query, MONDAY + 60 * end, ["calls"]).await);
    }
    let week_before = |kind| pbx.between(kind, 0, 12 * HOUR);
    let (missed, abandoned) = (week_before(MISSED), week_before(ABANDONED));
    for (row, before) in [
        ("Inbound calls", week_before(INBOUND)),
        ("Answered", week_before(ANSWERED)),
        ("Rang out or voicemail", missed - abandoned),
        ("Abandoned", abandoned),
    ] {
        let columns = columns.iter();
        let cells: Vec<_> = columns.map(|column| column[&[row.to_owned()]]).collect();
        assert_eq!(cells, [-1.0, before, -2.0], "{row}");
    }
    // What is below 0 is drawn as a dash.
    for nothing in ["-1", "-2"] {
        let dash = format!(r#""{nothing}":{{"index":0,"text":"–"}}"#);
        assert!(table.to_string().contains(&dash), "{table}");
    }
}

#[test]
fn a_pbx_links_to_itself_and_not_to_its_namesakes() {
    let table = panel("overview", "Each PBX ($window), most callers lost first").to_string();
    assert!(table.contains(
        "&var-account=${__data.fields.account:percentencode}&var-pbx=${__value.raw:percentencode}"
    ));
    assert!(!table.contains("${account:queryparam}"));
}

#[tokio::test]
async fn clock_hours_add_up_and_the_running_one_is_absent() {
    let pbx = Pbx::drawn(r#"instance="a",pbx_id="main""#, DAY, 4, 0..0);
    let mut past = Past::new(MONDAY);
    past.shown(&pbx, each(1, 12 * HOUR + 25));
    let prometheus = past.prometheus().await;
    let hours = panel("overview", "Inbound calls in each clock hour");
    for hour in 0..14 {
        let mut parts = Vec::new();
        for part in 0..3 {
            let query = query_of(&hours, part, 1);
            parts.push(number(&prometheus, &query, MONDAY + 3600 * hour).await);
        }
        let of = |kind| pbx.between(kind, hour * HOUR, (hour + 1) * HOUR);
        let expected = [of(ANSWERED), of(MISSED) - of(ABANDONED), of(ABANDONED)];
        assert_eq!(expected.iter().sum::<f64>(), of(INBOUND));
        let expected = expected.map(|number| (hour < 12).then_some(number));
        assert_eq!(parts, expected, "{hour}");
    }
}

#[tokio::test]
async fn the_last_quarter_of_an_hour_is_what_today_has_gained() {
    let end = DAY + 12 * HOUR;
    // Both are busy at the end; the second's exporter was away for half an hour, until five minutes ago.
    let [here, away] = ["here", "away"].map(|account| {
        Pbx::drawn(
            &format!(r#"instance="a",account="{account}",pbx_id="main""#),
            end,
            9,
            end - 10..end,
        )
    });
    let mut past = Past::new(MONDAY);
    past.shown(&here, each(1, end));
    past.shown(
        &away,
        each(1, end).filter(move |(at, _)| !(end - 35..end - 5).contains(at)),
    );
    let prometheus = past.prometheus().await;
    let [many, few] = [0, 1].map(|number| query("Callers lost in the last 15 minutes", number, 1));
    let expect = |pbx: &Pbx, at: i64| {
        pbx.between(ABANDONED, at - 15, at) / pbx.between(INBOUND, at - 15, at)
    };
    let at = |minute: i64| MONDAY + 60 * minute;
    assert!(expect(&here, end) > 0.25);
    assert_eq!(
        number(&prometheus, &many, at(end)).await,
        Some(expect(&here, end))
    );
    assert_eq!(number(&prometheus, &few, at(end)).await, None);
    // Yesterday's calls are none of the first minutes of a day.
    for query in [&many, &few] {
        assert_eq!(number(&prometheus, query, at(DAY + 10)).await, None);
    }
}

#[tokio::test]
async fn the_usual_is_the_middle_of_four_weeks() {
    let end = 28 * DAY + 12 * HOUR;
    let [main, small] = [("main", 5), ("small", 1)].map(|(name, most)| {
        Pbx::drawn(
            &format!(r#"instance="a",pbx_id="{name}""#),
            end,
            most,
            end - 30..end,
        )
    });
    let mut past = Past::new(MONDAY);
    // Two exporters see the same calls; and of the weeks before there is one reading an hour.
    for pbx in [&main, &small] {
        past.shown(
            pbx,
            each(60, end - 60).chain(each(1, end).filter(move |(at, _)| *at > end - 60)),
        );
    }
    past.shown(&main.at("b"), each(60, end));
    let prometheus = past.prometheus().await;

    let middle = |mut numbers: Vec<f64>| {
        numbers.sort_by(f64::total_cmp);
        f64::midpoint(numbers[1], numbers[2])
    };
    let weeks =
        |of: &dyn Fn(i64) -> f64| middle((1..=4).map(|week| of(end - week * 7 * DAY)).collect());
    let both = |kind, at| main.between(kind, at - HOUR, at) + small.between(kind, at - HOUR, at);
    let calls = weeks(&|at| both(INBOUND, at));
    let rate = weeks(&|at| both(ABANDONED, at) / both(INBOUND, at));
    let lost = both(ABANDONED, end) - rate * both(INBOUND, end);
    assert!(lost > 20.0);
    for (title, expected) in [
        ("Inbound calls ($window)", both(INBOUND, end)),
        (
            "Abandon rate ($window)",
            both(ABANDONED, end) / both(INBOUND, end),
        ),
        ("Against the usual", both(INBOUND, end) / calls),
        ("Usual abandon rate", rate),
        ("Callers lost beyond the usual", lost),
    ] {
        let found = number(&prometheus, &query(title, 0, 1), MONDAY + 60 * end)
            .await
            .unwrap();
        assert!(
            (found - expected).abs() < 1e-9,
            "{title}: {found} {expected}"
        );
    }
    // The table, of each PBX for itself.
    let table = query("Each PBX ($window), most callers lost first", 0, 1);
    let found = numbers_by(&prometheus, &table, MONDAY + 60 * end, ["pbx_id"]).await;
    for (name, pbx) in [("main", &main), ("small", &small)] {
        let rate = weeks(&|at| {
            pbx.between(ABANDONED, at - HOUR, at) / pbx.between(INBOUND, at - HOUR, at)
        });
        let expected =
            pbx.between(ABANDONED, end - HOUR, end) - rate * pbx.between(INBOUND, end - HOUR, end);
        assert!(
            (found[&[name.to_owned()]] - expected).abs() < 1e-9,
            "{name}: {found:?} {expected}"
        );
    }
}

#[tokio::test]
async fn hours_and_days_are_those_of_the_company() {
    let end = 15 * DAY + 9 * HOUR;
    let pbx = Pbx::drawn(r#"instance="a",pbx_id="main""#, end, 4, 0..0);
    let mut past = Past::new(MONDAY);
    past.shown(&pbx, each(60, end));
    past.account(
        r#"instance="a""#,
        (60..=end).step_by(60).map(|at| (at, true)),
    );
    let prometheus = past.prometheus().await;
    let at = MONDAY + 60 * end;
    let lost = query("When are callers lost? Abandon rate by hour", 0, 1);
    let lost = numbers_by(&prometheus, &lost, at, ["weekday", "hour"]).await;
    let calls = query("When do calls come? Inbound calls an hour", 0, 1);
    let calls = numbers_by(&prometheus, &calls, at, ["weekday", "hour"]).await;
    assert_eq!((calls.len(), lost.len()), (168, 168));
    for (cell, found) in &calls {
        let [weekday, hour] = cell.each_ref().map(|label| label.parse::<i64>().unwrap());
        let first = (weekday - 1) * DAY + hour * HOUR;
        let of = |kind| -> Vec<f64> {
            let hours = (first..end).step_by(7 * 1440);
            hours
                .map(|from| pbx.between(kind, from, from + HOUR))
                .collect()
        };
        let inbound = of(INBOUND);
        let sum: f64 = inbound.iter().sum();
        assert!(
            (found - sum / f64::from(u8::try_from(inbound.len()).unwrap())).abs() < 1e-9,
            "{cell:?}"
        );
        assert!(
            (lost[cell] - of(ABANDONED).iter().sum::<f64>() / sum).abs() < 1e-9,
            "{cell:?}"
        );
    }
    // A day is named by its noon.
    let days = query("Inbound calls a day, and the abandon rate", 0, 1);
    let days = numbers_by(&prometheus, &days, at, ["day"]).await;
    let expected = (0..16).map(|day| {
        let answered = pbx.between(ANSWERED, day * DAY, ((day + 1) * DAY).min(end));
        (
            [(MONDAY + 60 * (day * DAY + 12 * HOUR)).to_string()],
            answered,
        )
    });
    assert_eq!(days, expected.collect());
    let full = query("Inbound calls by weekday and week", 0, 1);
    let full = numbers_by(&prometheus, &full, at, ["day"]).await;
    assert_eq!(full.len(), 15);
}
