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

mod asking;
mod serving;

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
    secrets: AtomicU64,
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
            secrets: self.secrets.load(Ordering::SeqCst),
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
