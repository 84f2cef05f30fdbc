//! Outages, deadlines and days, under paused time and without HTTP.

use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, Weak};

use eightxeight::answer::{Answer, Row};
use eightxeight::{Cause, Endpoint, Failure, UserId};
use exposition::{Encoding, Format};
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::*;

const PLAIN: Variant = Variant::new(Format::Text, Encoding::Identity);
const GZIP: Variant = Variant::new(Format::OpenMetrics, Encoding::Gzip);

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// A stand-in for 8x8 that counts what it is asked.
#[derive(Default)]
struct Stand {
    asked: Mutex<Vec<Instant>>,
    takes: Mutex<Duration>,
    error: Mutex<Option<Error>>,
    running: AtomicUsize,
    panics: Mutex<bool>,
}

impl Stand {
    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn fail(&self, cause: Cause) {
        let failure = Failure {
            endpoint: Endpoint::Compsum,
            cause,
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

impl Upstream for Stand {
    fn ask(
        &self,
        period: Period,
    ) -> Pin<Box<dyn Future<Output = Result<Snapshot, Error>> + Send + '_>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(Instant::now());
            assert!(!*self.panics.lock().unwrap(), "as ordered");
            let before = self.running.fetch_add(1, Ordering::SeqCst);
            assert_eq!(before, 0, "two at once");
            let takes = *self.takes.lock().unwrap();
            sleep(takes).await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            match self.error.lock().unwrap().clone() {
                Some(error) => Err(error),
                None => Ok(Snapshot {
                    period,
                    received: Timestamp::UNIX_EPOCH,
                    answer: Answer {
                        rows: vec![Row {
                            pbx_id: "acme".into(),
                            values: eightxeight::answer::Values::default(),
                        }],
                        ..Answer::default()
                    },
                }),
            }
        })
    }

    fn question(&self, window: &Window, zone: &TimeZone, delay: Duration) -> Question {
        Question {
            user: UserId::default(),
            pbx_ids: "allpbxes".into(),
            span: window.span(),
            zone: zone.iana_name().unwrap_or_default().into(),
            delay,
        }
    }
}

/// A collector and what it asks.
struct Bench {
    collector: Arc<Collector>,
    upstream: Arc<Stand>,
    users: Arc<Users>,
    clock: Clock,
}

impl Bench {
    fn another(&self, settings: Settings) -> Collector {
        let plan = self.plan(settings, false);
        Collector::start(None, plan, self.users.clone(), self.clock, Duration::ZERO)
    }

    fn plan(&self, settings: Settings, retries_failures: bool) -> Plan {
        Plan {
            settings,
            upstream: self.upstream.clone(),
            retries_failures,
        }
    }
}

fn bench(settings: Settings, wall: &str) -> Bench {
    let clock = Clock::starting_at(wall.parse().unwrap());
    let upstream = Arc::new(Stand::default());
    let users = Users::new(clock);
    let plan = Plan {
        settings,
        upstream: upstream.clone(),
        retries_failures: false,
    };
    let collector = Collector::start(None, plan, users.clone(), clock, Duration::ZERO);
    Bench {
        collector: Arc::new(collector),
        upstream,
        users,
        clock,
    }
}

fn start(settings: Settings, wall: &str) -> (Arc<Collector>, Arc<Stand>) {
    let bench = bench(settings, wall);
    (bench.collector, bench.upstream)
}

fn one_window(mode: Mode) -> (Arc<Collector>, Arc<Stand>) {
    start(settings(mode, &["1h"]), "2026-03-03T10:00:00Z")
}

fn room() -> Semaphore {
    Semaphore::new(1000)
}

async fn scrape(collector: &Collector) -> Arc<View> {
    let (view, page) = collector.scrape(PLAIN, &room(), sleep(10 * SECOND)).await;
    assert_eq!(
        page.unwrap().into_bytes().is_empty(),
        view.page.shown().is_empty()
    );
    view
}

fn served(view: &Arc<View>) -> bool {
    !view.page.shown().is_empty()
}

fn answer(view: &Arc<View>) -> Arc<Snapshot> {
    view.page.shown()[0].1.clone()
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
    assert_eq!(collector.cache_requests(), (200, 199));
}

#[tokio::test(start_paused = true)]
async fn a_scraper_that_hangs_up_does_not_end_the_collection() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 5 * SECOND;
    assert!(timeout(SECOND, scrape(&collector)).await.is_err());
    sleep(5 * SECOND).await;
    assert!(served(&collector.view()));
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
async fn a_slow_collection_serves_the_last_answer_and_then_the_next_scrape() {
    let (collector, upstream) = one_window(Mode::Scrape);
    let first = scrape(&collector).await;
    *upstream.takes.lock().unwrap() = 20 * SECOND;
    sleep(MINUTE).await;
    let start = Instant::now();
    let second = scrape(&collector).await;
    assert_eq!(start.elapsed(), 10 * SECOND);
    let same = |a: &Arc<View>, b: &Arc<View>| Arc::ptr_eq(&answer(a), &answer(b));
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
        cause: Cause::BadCredentials,
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
async fn yesterday_is_no_answer_for_today() {
    let (collector, upstream) = start(settings(Mode::Scrape, &["today"]), "2026-03-03T23:59:40Z");
    assert!(served(&scrape(&collector).await));
    upstream.fail(Cause::Timeout);
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
async fn nothing_stays_behind_scrapes_that_give_up() {
    let (collector, upstream) = one_window(Mode::Scrape);
    *upstream.takes.lock().unwrap() = 10 * MINUTE;
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    scrape(&collector).await;
    let before = alive();
    for _ in 0..5000 {
        let (_, page) = collector.scrape(PLAIN, &room(), sleep(SECOND / 100)).await;
        assert!(page.is_ok());
    }
    assert!(alive() <= before, "{} of {before}", alive());
    assert_eq!(upstream.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_room_to_wait_gets_what_there_is_at_once() {
    let (collector, upstream) = one_window(Mode::Scrape);
    let first = scrape(&collector).await;
    *upstream.takes.lock().unwrap() = 5 * SECOND;
    sleep(MINUTE).await;
    let start = Instant::now();
    let full = Semaphore::new(0);
    let (view, page) = collector.scrape(PLAIN, &full, sleep(10 * SECOND)).await;
    assert!(page.is_ok() && start.elapsed() < SECOND);
    assert!(Arc::ptr_eq(&answer(&view), &answer(&first)));
    sleep(6 * SECOND).await;
    assert_eq!(upstream.asked(), 2, "it has been collected all the same");
}

#[tokio::test(start_paused = true)]
async fn what_is_known_is_kept_through_plans_and_names() {
    let bench = bench(settings(Mode::Scrape, &["1h"]), "2026-03-03T10:00:00Z");
    let first = scrape(&bench.collector).await;
    bench.upstream.fail(Cause::ServerError);
    let changed = Settings {
        max_staleness: 20 * MINUTE,
        ..settings(Mode::Scrape, &["1h", "today"])
    };
    bench.collector.reconfigure(bench.plan(changed, false));
    let second = scrape(&bench.collector).await;
    assert_eq!(second.windows.len(), 2);
    assert!(Arc::ptr_eq(&answer(&first), &answer(&second)));
    // Under another name the same is asked: nothing is.
    let renamed = bench.another(settings(Mode::Scrape, &["1h"]));
    let third = scrape(&renamed).await;
    assert!(Arc::ptr_eq(&answer(&first), &answer(&third)));
    assert_eq!(bench.upstream.asked(), 2, "only `today` was news");
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
async fn a_new_answer_is_rendered_before_somebody_waits_and_the_old_one_is_freed() {
    let (collector, upstream) = one_window(Mode::Timer);
    sleep(SECOND).await;
    collector
        .scrape(GZIP, &room(), sleep(SECOND))
        .await
        .1
        .unwrap();
    let old: Weak<Snapshot> = Arc::downgrade(&answer(&collector.view()));
    sleep(50 * SECOND).await;
    assert_eq!(upstream.asked(), 2);
    assert!(old.upgrade().is_none());
    assert_eq!(collector.view().page.rendered(), [GZIP]);
    // Nobody has asked for that one, so nobody may ever ask for what comes after it.
    sleep(50 * SECOND).await;
    assert_eq!(upstream.asked(), 3);
    assert_eq!(collector.view().page.rendered(), []);
}
