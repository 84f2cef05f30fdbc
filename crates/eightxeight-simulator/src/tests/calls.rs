//! The calls: they add up, repeat, and look like a company's.

use proptest::prelude::*;

use super::super::calls::tally;
use super::super::day::Pbx;
use super::super::tally::Tally;
use super::super::timeline::Timeline;
use super::*;
use eightxeight::consistency;

/// A Monday: 2024-06-03T00:00:00Z.
const MONDAY: i64 = 1_717_372_800;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn acme() -> Company {
    Company::acme(8)
}

fn support(company: &Company) -> &Pbx {
    company.pbxes.last().unwrap()
}

fn rate(tally: &Tally) -> f64 {
    let [abandoned, inbound] = [Field::InboundAbandoned, Field::InboundTotal]
        .map(|field| f64::from(u32::try_from(tally.get(field)).unwrap()));
    abandoned / inbound
}

/// Spikes that begin and end anywhere in two days from [`MONDAY`] on.
fn timelines() -> impl Strategy<Value = Timeline> {
    let change = (0..2 * DAY, any::<bool>());
    proptest::collection::vec(change, 0..4).prop_map(|changes| {
        changes
            .into_iter()
            .fold(Timeline::default(), |line, (at, spike)| {
                line.switched(MONDAY + at, if spike { 4 * DAY } else { 0 })
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neighbouring_periods_add_up(
        mut bounds in proptest::array::uniform3(-DAY / 4..2 * DAY),
        which in 0_usize..4,
        seed in 0_u64..4,
        timeline in timelines(),
    ) {
        bounds.sort_unstable();
        let [a, b, c] = bounds.map(|second| MONDAY + second);
        let company = Company::acme(seed);
        let pbx = &company.pbxes[which];
        let history = History::new(timeline.clone());
        let mut parts = history.tally(pbx, a, b);
        parts += history.tally(pbx, b, c);
        let whole = tally(pbx, &timeline, a, c);
        prop_assert_eq!(parts, whole);
        prop_assert_eq!(history.tally(pbx, a, c), whole);
    }

    #[test]
    fn every_identity_holds(
        start in 0..2 * DAY,
        length in 0..DAY,
        which in 0_usize..4,
        timeline in timelines(),
    ) {
        let company = acme();
        let pbx = &company.pbxes[which];
        let tally = tally(pbx, &timeline, MONDAY + start, MONDAY + start + length);
        let values = tally.values();
        prop_assert_eq!(consistency::violations(&values), 0);
        prop_assert_eq!(values.present(), Field::COUNT);
        for field in Field::ALL {
            let key = field.spec().key;
            if ["external", "internal", "percent"].iter().any(|start| key.starts_with(start)) {
                prop_assert_eq!(tally.get(field), 0, "{}", field);
            }
        }
    }

    #[test]
    fn a_switch_leaves_the_past_alone(
        at in 0..DAY,
        before in 1..4 * HOUR,
        which in 0_usize..4,
    ) {
        let company = acme();
        let pbx = &company.pbxes[which];
        let at = MONDAY + at;
        let spike = Timeline::default().switched(at, 4 * DAY);
        prop_assert_eq!(
            tally(pbx, &spike, at - before, at),
            tally(pbx, &Timeline::default(), at - before, at)
        );
    }
}

#[test]
fn the_line_has_sixty_inbound_calls_and_few_abandoned_in_every_rolling_hour() {
    let company = acme();
    let pbx = support(&company);
    for week in [0, 9, 23, 41] {
        let start = MONDAY + week * 7 * DAY;
        let minutes: Vec<[u64; 2]> = (0..7 * 24 * 60 + 60)
            .map(|minute| {
                let from = start + minute * 60 + 17;
                let tally = tally(pbx, &Timeline::default(), from, from + 60);
                [Field::InboundTotal, Field::InboundAbandoned].map(|field| tally.get(field))
            })
            .collect();
        let empty = minutes.iter().filter(|[inbound, _]| *inbound == 0).count();
        assert!(
            empty * 100 < minutes.len() * 2,
            "{empty} minutes without calls"
        );
        for hour in minutes.windows(60) {
            let inbound: u64 = hour.iter().map(|[inbound, _]| inbound).sum();
            let abandoned: u64 = hour.iter().map(|[_, abandoned]| abandoned).sum();
            assert!((60..800).contains(&inbound), "{inbound} calls in an hour");
            assert!(abandoned * 20 < inbound, "{abandoned} of {inbound}");
        }
    }
}

#[test]
fn weekdays_are_busy_by_the_clock_of_the_pbx() {
    let calm = Timeline::default();
    let company = acme();
    // Noon in London in June is 11:00 UTC, in New York 16:00 UTC.
    for (which, noon) in [(0, 11), (2, 16)] {
        let pbx = &company.pbxes[which];
        let inbound = |day: i64, hour: i64| {
            let start = MONDAY + day * DAY + (noon + hour) * HOUR;
            tally(pbx, &calm, start, start + HOUR).get(Field::InboundTotal)
        };
        for day in 0..5 {
            assert!(inbound(day, 0) > 40, "{}", pbx.name);
            assert!(inbound(day, -9) * 10 < inbound(day, 0));
        }
        assert!(inbound(5, 0) * 4 < inbound(4, 0));
        assert!(inbound(6, 0) * 4 < inbound(4, 0));
        let weekend: u64 = (0..24).map(|hour| inbound(5, hour)).sum();
        assert!(weekend > 0);
    }
}

#[test]
fn a_calm_week_looks_plausible() {
    for pbx in &acme().pbxes {
        let week = tally(pbx, &Timeline::default(), MONDAY, MONDAY + 7 * DAY);
        let rate = rate(&week);
        let name = &pbx.name;
        assert!((0.01..0.05).contains(&rate), "{name}: {rate}");
        assert!(week.get(Field::InboundMissed) > week.get(Field::InboundAbandoned));
        assert!(
            (180_000..300_000).contains(&week.get(Field::AvgTalkTime)),
            "{name}"
        );
        assert!(
            (5_000..20_000).contains(&week.get(Field::AvgRingTime)),
            "{name}"
        );
        assert!(week.get(Field::TotalVm) > 0, "{name}");
    }
}

#[test]
fn in_a_spike_any_minute_of_the_line_has_over_twenty_calls_and_a_third_of_them_abandoned() {
    let company = acme();
    let pbx = support(&company);
    let start = MONDAY + 3 * HOUR;
    let spike = Timeline::default().switched(start, 4 * DAY);
    for second in start..start + HOUR {
        let minute = tally(pbx, &spike, second, second + 60);
        let inbound = minute.get(Field::InboundTotal);
        assert!(inbound > 27, "{inbound} calls from {second}");
        assert!(rate(&minute) > 0.25, "{minute:?}");
    }
    assert!(rate(&tally(pbx, &spike, start, start + HOUR)) > 0.3);
}

#[test]
fn a_spike_reaches_the_open_main_office_only() {
    let company = acme();
    let [office, branch, us] = [0, 1, 2].map(|which| &company.pbxes[which]);
    let spike = Timeline::default().switched(MONDAY, 4 * DAY);
    let calm = Timeline::default();
    let hour = |pbx, line, hour| {
        let start = MONDAY + hour * HOUR;
        tally(pbx, line, start, start + HOUR)
    };
    assert!(rate(&hour(office, &spike, 10)) > 0.15);
    assert_eq!(hour(office, &spike, 1), hour(office, &calm, 1));
    assert_eq!(hour(branch, &spike, 10), hour(branch, &calm, 10));
    assert_eq!(hour(us, &spike, 15), hour(us, &calm, 15));
}

#[test]
fn the_calls_of_a_seed_never_change() {
    let day = tally(support(&acme()), &Timeline::default(), MONDAY, MONDAY + DAY);
    let some = [
        Field::TotalCall,
        Field::InboundAbandoned,
        Field::TotalCallTime,
    ];
    assert_eq!(
        some.map(|field| day.get(field)),
        [11_373, 271, 2_872_940_803]
    );
}

#[test]
fn the_spike_of_a_seed_never_changes() {
    let noon = MONDAY + 12 * HOUR;
    let spike = Scenario::AbandonSpike.timeline_at_start(noon);
    let company = acme();
    let hour = |pbx| tally(pbx, &spike, noon - HOUR, noon);
    let found: Vec<_> = company
        .pbxes
        .iter()
        .map(hour)
        .map(|hour| {
            [
                Field::InboundTotal,
                Field::InboundAbandoned,
                Field::TotalCallTime,
            ]
            .map(|field| hour.get(field))
        })
        .collect();
    assert_eq!(
        found,
        [
            [322, 74, 90_657_382],
            [1, 0, 165_936],
            [15, 0, 4_709_834],
            [1619, 499, 372_353_120]
        ]
    );
}
