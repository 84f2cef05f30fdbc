//! When 8x8 is asked.

use super::*;

#[tokio::test(start_paused = true)]
async fn at_most_once_per_interval_counted_from_the_start() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 4 * SECOND;
    for _ in 0..300 {
        scrape(&collector).await;
        sleep(SECOND).await;
    }
    let asked = upstream.asked.lock().unwrap();
    assert_eq!(asked.len(), 7);
    for pair in asked.windows(2) {
        let apart = pair[1] - pair[0];
        assert!((50 * SECOND..52 * SECOND).contains(&apart), "{apart:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_shows_nothing_old_and_asks_at_once() {
    let bench = bench(settings(Mode::Scrape, &["1h"]), "2026-03-03T12:00:00Z");
    let view = scrape(&bench.collector).await;
    let awake = |slept: Duration| {
        let now = bench.clock.now();
        // The steady clock stood still.
        Moment {
            instant: now.instant,
            wall: now.wall + slept,
        }
    };
    let window = &view.windows[0];
    for (slept, shown, due) in [
        (Duration::ZERO, true, false),
        (MINUTE, true, true),
        (120 * MINUTE, false, true),
    ] {
        let now = awake(slept);
        assert_eq!(window.shown(&view.plan, now).is_some(), shown, "{slept:?}");
        assert_eq!(window.is_due(&view.plan, now), due, "{slept:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_scrape_nothing_is_asked() {
    let (collector, upstream) = one_window(Mode::Scrape);
    sleep(60 * MINUTE).await;
    assert!(!served(&collector.view()));
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_outage_backs_off_goes_stale_and_heals() {
    let (collector, upstream) = one_window(Mode::Scrape);
    assert!(scrape(&collector).await.windows[0].is_up());
    let good = Instant::now();
    upstream.fail(Cause::ServerError);
    sleep(50 * SECOND).await;
    let mut first = true;
    while good.elapsed() < 60 * MINUTE {
        let view = scrape(&collector).await;
        assert!(!view.windows[0].is_up());
        assert_eq!(
            served(&view),
            good.elapsed() <= 10 * MINUTE,
            "{:?}",
            good.elapsed()
        );
        assert!(
            !first
                || view.windows[0]
                    .collection
                    .as_ref()
                    .unwrap()
                    .hold(collector.clock.now(), 50 * SECOND)
                    .is_some()
        );
        first = false;
        sleep(SECOND).await;
    }
    // 50 s, 100 s, 200 s, then at most every five minutes.
    let asked = upstream.asked.lock().unwrap().clone();
    assert!((14..=18).contains(&asked.len()), "{}", asked.len());
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[1] - pair[0] >= 50 * SECOND)
    );
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[1] - pair[0] <= 5 * MINUTE + SECOND)
    );

    upstream.heal();
    sleep(5 * MINUTE).await;
    let view = scrape(&collector).await;
    assert!(view.windows[0].is_up() && served(&view));
    upstream.fail(Cause::ServerError);
    sleep(50 * SECOND).await;
    scrape(&collector).await;
    upstream.heal();
    sleep(56 * SECOND).await;
    assert!(
        scrape(&collector).await.windows[0].is_up(),
        "the count of failures starts again at one"
    );
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed_up_to_an_hour() {
    for (asked_for, waited) in [(3, 50), (400, 400), (10_000_000, 3600)] {
        let (collector, upstream) = one_window(Mode::Scrape);
        *upstream.error.lock().unwrap() = Some(Error::Request(Failure {
            endpoint: Endpoint::Compsum,
            cause: Cause::ServerError,
            status: Some(503),
            retry_after: Some(Duration::from_secs(asked_for)),
        }));
        while upstream.asked() < 2 {
            scrape(&collector).await;
            sleep(SECOND).await;
        }
        let asked = upstream.asked.lock().unwrap();
        let apart = (asked[1] - asked[0]).as_secs();
        assert!(
            (waited..=waited + 6).contains(&apart),
            "{asked_for}: {apart}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_asked_nothing_is_tried_again_after_one_interval() {
    let (collector, upstream) = one_window(Mode::Scrape);
    let until = Clock::System.now() + 60 * MINUTE;
    *upstream.error.lock().unwrap() = Some(Error::Refused {
        until,
        failure: Failure {
            endpoint: Endpoint::Token,
            cause: Cause::BadCredentials,
            status: Some(400),
            retry_after: None,
        },
    });
    for _ in 0..=500 {
        scrape(&collector).await;
        sleep(SECOND).await;
    }
    assert_eq!(upstream.asked(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_timer_keeps_its_period_without_any_scrape() {
    let (collector, upstream) = one_window(Mode::Timer);
    *upstream.takes.lock().unwrap() = 7 * SECOND;
    assert!(
        !served(&scrape(&collector).await),
        "a scrape doesn't wait for a timer"
    );
    sleep(501 * SECOND).await;
    let asked = upstream.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 11);
    assert!(
        asked
            .windows(2)
            .all(|pair| pair[1] - pair[0] < 50 * SECOND + SECOND / 50)
    );
    assert!(served(&scrape(&collector).await));
    assert_eq!(upstream.asked(), 11);
}

#[tokio::test(start_paused = true)]
async fn an_empty_window_is_not_asked() {
    let (collector, upstream) = start(settings(Mode::Scrape, &["today"]), "2026-03-03T00:00:00Z");
    assert!(!served(&scrape(&collector).await));
    assert_eq!(upstream.asked(), 0);
    sleep(SECOND).await;
    assert!(served(&scrape(&collector).await));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_collection_and_not_the_end() {
    for mode in Mode::ALL {
        let (collector, upstream) = one_window(mode);
        *upstream.panics.lock().unwrap() = true;
        while upstream.asked() < 2 {
            scrape(&collector).await;
            sleep(SECOND).await;
        }
        let view = collector.view();
        let error = view.windows[0].collection.as_ref().unwrap().error.clone();
        assert!(matches!(error, Some(Error::Panicked)), "{error:?}");
        *upstream.panics.lock().unwrap() = false;
        sleep(5 * MINUTE).await;
        assert!(scrape(&collector).await.windows[0].is_up());
    }
}

#[tokio::test(start_paused = true)]
async fn new_settings_may_be_the_cure_for_a_failure() {
    let bench = bench(settings(Mode::Scrape, &["1h"]), "2026-03-03T10:00:00Z");
    bench.upstream.fail(Cause::ServerError);
    scrape(&bench.collector).await;
    bench.upstream.heal();
    assert!(!served(&scrape(&bench.collector).await));
    let same = settings(Mode::Scrape, &["1h"]);
    bench.collector.reconfigure(bench.plan(same, true));
    sleep(SECOND).await;
    assert!(served(&scrape(&bench.collector).await));
    assert_eq!(bench.upstream.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn new_settings_are_tried_at_once_when_the_old_ones_have_failed_meanwhile() {
    let bench = bench(settings(Mode::Scrape, &["1h"]), "2026-03-03T10:00:00Z");
    bench.upstream.fail(Cause::ServerError);
    *bench.upstream.takes.lock().unwrap() = 20 * SECOND;
    scrape(&bench.collector).await;
    let same = settings(Mode::Scrape, &["1h"]);
    bench.collector.reconfigure(bench.plan(same, true));
    sleep(15 * SECOND).await;
    bench.upstream.heal();
    *bench.upstream.takes.lock().unwrap() = SECOND;
    assert!(served(&scrape(&bench.collector).await));
    scrape(&bench.collector).await;
    assert_eq!(bench.upstream.asked(), 2, "once, and not again");
}

#[tokio::test(start_paused = true)]
async fn whose_secrets_have_changed_no_longer_shares_the_others_answers() {
    let bench = bench(settings(Mode::Scrape, &["1h"]), "2026-03-03T10:00:00Z");
    let upstream = Arc::new(Stand::default());
    let plan = Plan {
        upstream: upstream.clone(),
        ..bench.plan(settings(Mode::Scrape, &["1h"]), false)
    };
    let (users, clock) = (bench.users.clone(), bench.clock);
    let another = Collector::start(None, plan, users, clock, Duration::ZERO);
    for asked in [1, 3] {
        scrape(&bench.collector).await;
        scrape(&another).await;
        assert_eq!(bench.upstream.asked() + upstream.asked(), asked);
        upstream.secrets.store(1, Ordering::SeqCst);
        sleep(50 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_new_settings_fail_at_is_not_tried_again_for_a_reload_that_changes_nothing() {
    let bench = bench(settings(Mode::Scrape, &["1h"]), "2026-03-03T10:00:00Z");
    let reload = |is_cure| {
        let same = settings(Mode::Scrape, &["1h"]);
        bench.collector.reconfigure(bench.plan(same, is_cure));
    };
    bench.upstream.fail(Cause::ServerError);
    scrape(&bench.collector).await;
    reload(true);
    *bench.upstream.takes.lock().unwrap() = 20 * SECOND;
    scrape(&bench.collector).await;
    reload(false);
    sleep(15 * SECOND).await;
    scrape(&bench.collector).await;
    assert_eq!(bench.upstream.asked(), 2);
}
