//! Outages, deadlines and days, under paused time and without HTTP.

use std::sync::atomic::AtomicUsize;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::*;
use eightxeight::answer::Answer;
use eightxeight::{Endpoint, Failure, Reason};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// A stand-in for 8x8 that counts what it is asked.
#[derive(Default)]
struct Upstream {
    asked: Mutex<Vec<Instant>>,
    takes: Mutex<Duration>,
    error: Mutex<Option<Error>>,
    running: AtomicUsize,
}

impl Upstream {
    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn fail(&self, reason: Reason) {
        let failure = Failure {
            endpoint: Endpoint::Compsum,
            reason,
            cause: None,
            status: None,
            retry_after: None,
        };
        *self.error.lock().unwrap() = Some(Error::Request(failure));
    }

    fn heal(&self) {
        *self.error.lock().unwrap() = None;
    }
}

fn settings(mode: Mode, windows: &[&str]) -> Settings {
    Settings {
        mode,
        interval: 50 * SECOND,
        windows: windows
            .iter()
            .map(|window| window.parse().unwrap())
            .collect(),
        zone: TimeZone::UTC,
        delay: Duration::ZERO,
        max_staleness: 10 * MINUTE,
    }
}

fn start(settings: Settings, wall: &str) -> (Collector, Arc<Upstream>) {
    let clock = Clock::starting_at(wall.parse().unwrap());
    let upstream = Arc::new(Upstream::default());
    let fetch: Fetch = Box::new({
        let upstream = upstream.clone();
        move |period| {
            let upstream = upstream.clone();
            Box::pin(async move {
                upstream.asked.lock().unwrap().push(Instant::now());
                assert_eq!(
                    upstream.running.fetch_add(1, Ordering::SeqCst),
                    0,
                    "two at once"
                );
                let takes = *upstream.takes.lock().unwrap();
                sleep(takes).await;
                upstream.running.fetch_sub(1, Ordering::SeqCst);
                match upstream.error.lock().unwrap().clone() {
                    Some(error) => Err(error),
                    None => Ok(Snapshot {
                        period,
                        received: Timestamp::UNIX_EPOCH,
                        answer: Answer::default(),
                    }),
                }
            })
        }
    });
    let prepare: Prepare = Box::new(|_, _| Box::pin(async {}));
    let collector = Collector::new(None, settings, clock, fetch, prepare);
    (collector, upstream)
}

fn one_window(mode: Mode) -> (Collector, Arc<Upstream>) {
    start(settings(mode, &["1h"]), "2026-03-03T10:00:00Z")
}

async fn scrape(collector: &Collector) -> View {
    collector.scrape(sleep(10 * SECOND)).await
}

fn served(view: &View) -> bool {
    view.windows[0].served.is_some()
}

#[tokio::test(start_paused = true)]
async fn two_hundred_scrapes_at_once_are_one_collection() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 2 * SECOND;
    let mut scrapes = JoinSet::new();
    for _ in 0..200 {
        let collector = collector.clone();
        scrapes.spawn(async move { served(&scrape(&collector).await) });
    }
    assert!(scrapes.join_all().await.into_iter().all(|served| served));
    assert_eq!(upstream.asked(), 1);
    let view = collector.view().await;
    assert_eq!((view.asked, view.hits), (200, 199));
}

#[tokio::test(start_paused = true)]
async fn a_scraper_that_hangs_up_does_not_end_the_collection() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 5 * SECOND;
    assert!(timeout(SECOND, scrape(&collector)).await.is_err());
    sleep(5 * SECOND).await;
    assert!(served(&collector.view().await));
    assert_eq!(upstream.asked(), 1);
}

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
async fn without_a_scrape_nothing_is_asked() {
    let (collector, upstream) = one_window(Mode::Scrape);
    sleep(60 * MINUTE).await;
    assert!(!served(&collector.view().await));
    assert_eq!(upstream.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slow_collection_serves_the_last_answer_and_then_the_next_scrape() {
    let (collector, upstream) = one_window(Mode::Scrape);
    let first = scrape(&collector).await;
    *upstream.takes.lock().unwrap() = 20 * SECOND;
    sleep(MINUTE).await;
    let start = Instant::now();
    let second = scrape(&collector).await;
    assert_eq!(start.elapsed(), 10 * SECOND);
    let same = |a: &View, b: &View| {
        Arc::ptr_eq(
            a.windows[0].served.as_ref().unwrap(),
            b.windows[0].served.as_ref().unwrap(),
        )
    };
    assert!(same(&first, &second));
    sleep(15 * SECOND).await;
    assert!(!same(&first, &scrape(&collector).await));
    assert_eq!(upstream.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_outage_backs_off_goes_stale_and_heals() {
    let (collector, upstream) = one_window(Mode::Scrape);
    assert!(scrape(&collector).await.windows[0].is_up());
    let good = Instant::now();
    upstream.fail(Reason::ServerError);
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
                    .outcome
                    .as_ref()
                    .unwrap()
                    .hold(view.now)
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
    upstream.fail(Reason::ServerError);
    sleep(50 * SECOND).await;
    scrape(&collector).await;
    upstream.heal();
    sleep(56 * SECOND).await;
    assert!(
        scrape(&collector).await.windows[0].is_up(),
        "the count of failures starts anew"
    );
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_obeyed_up_to_an_hour() {
    for (asked_for, waited) in [(3, 50), (400, 400), (10_000_000, 3600)] {
        let (collector, upstream) = one_window(Mode::Scrape);
        *upstream.error.lock().unwrap() = Some(Error::Request(Failure {
            endpoint: Endpoint::Compsum,
            reason: Reason::ServerError,
            cause: None,
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
    *upstream.error.lock().unwrap() = Some(Error::Refused { until });
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
    let timer = tokio::spawn(collector.clone().run_timer());
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
    timer.abort();
}

#[tokio::test(start_paused = true)]
async fn yesterday_is_no_answer_for_today() {
    let (collector, upstream) = start(settings(Mode::Scrape, &["today"]), "2026-03-03T23:59:40Z");
    assert!(served(&scrape(&collector).await));
    upstream.fail(Reason::Timeout);
    sleep(15 * SECOND).await;
    assert!(served(&scrape(&collector).await));
    sleep(10 * SECOND).await;
    assert!(!served(&scrape(&collector).await), "it is 00:00:05");
    upstream.heal();
    sleep(MINUTE).await;
    assert!(served(&scrape(&collector).await));
}

#[tokio::test(start_paused = true)]
async fn an_empty_window_is_not_asked() {
    let (collector, upstream) = start(settings(Mode::Scrape, &["today"]), "2026-03-03T00:00:00Z");
    assert!(!served(&scrape(&collector).await));
    assert_eq!(upstream.asked(), 0);
    sleep(SECOND).await;
    assert!(served(&scrape(&collector).await));
}
