//! Weeks of life in seconds: the exporter's collections and pages under a clock that is moved by hand, scraped
//! by a stand-in that leaves behind just the samples, and the marks of staleness, that Prometheus would.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use eightxeight::answer::{Answer, Drift, Row, Snapshot};
use eightxeight::clock::Clock;
use eightxeight::fields::Field;
use eightxeight::window::{Period, Window};
use eightxeight::{Cause, Endpoint, Error, Failure, Question, UserId, Users};
use eightxeight_exporter::collect::{Collector, Mode, Plan, Settings, Upstream};
use eightxeight_exporter::page::metric;
use eightxeight_simulator::{Company, History};
use exposition::{Body, Encoding, Format, Variant};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;

/// What Prometheus stores where a series ends.
pub(super) const STALE: u64 = 0x7ff0_0000_0000_0002;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// These metrics are kept; the others would only take time.
const KEPT: [Field; 4] = [
    Field::InboundTotal,
    Field::InboundAnswered,
    Field::InboundAbandoned,
    Field::TotalTalkTime,
];

/// A span of time.
pub(super) type Span = (Timestamp, Timestamp);

fn within(span: Span, instant: Timestamp) -> bool {
    (span.0..span.1).contains(&instant)
}

/// The company's calls, and what 8x8 knows of them when.
#[derive(Clone)]
pub(super) struct Truth {
    company: Arc<Company>,
    history: Arc<History>,
}

impl Truth {
    pub(super) fn new() -> Truth {
        Truth {
            company: Arc::new(Company::acme(8)),
            history: Arc::default(),
        }
    }

    pub(super) fn rows(&self, period: Period, now: Timestamp) -> Vec<Row> {
        self.company.answer(period, now, &self.history)
    }

    /// A field's number for each PBX.
    pub(super) fn numbers(&self, field: Field, (start, end): Span) -> BTreeMap<String, f64> {
        let rows = self.rows(Period { start, end }, end);
        rows.iter()
            .map(|row| (row.pbx_id.to_string(), row.base(field).unwrap()))
            .collect()
    }
}

/// How 8x8 treats the newest calls.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Records {
    /// It knows all at once.
    Prompt,
    /// It learns of an answered call this long after it counts, of others at once.
    Late(SignedDuration),
}

/// One exporter, as Prometheus sees it.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) instance: &'static str,
    /// At which second of each minute it is scraped.
    pub(super) second: i64,
    /// When it doesn't run. It starts again, knowing nothing, after each.
    pub(super) down: Vec<Span>,
}

/// What goes on.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) span: Span,
    pub(super) windows: &'static [&'static str],
    pub(super) zone: &'static str,
    pub(super) delay: Duration,
    pub(super) targets: Vec<Target>,
    pub(super) outage: Option<Span>,
    pub(super) records: Records,
}

/// A series' labels, its name among them, and its samples by Unix time in milliseconds.
pub(super) type Series = BTreeMap<BTreeMap<String, String>, Vec<(i64, f64)>>;

impl Life {
    /// What one exporter, scraped once a minute, sees of a span.
    pub(super) fn simple(span: Span) -> Life {
        let target = Target {
            instance: "a",
            second: 17,
            down: Vec::new(),
        };
        Life {
            span,
            windows: &["1h", "today"],
            zone: "Europe/London",
            delay: Duration::ZERO,
            targets: vec![target],
            outage: None,
            records: Records::Prompt,
        }
    }

    /// Lives it: what Prometheus would have stored, an hour in each element.
    pub(super) fn live(self, truth: Truth) -> Vec<Series> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(self.lived(truth))
    }

    async fn lived(self, truth: Truth) -> Vec<Series> {
        let clock = Clock::starting_at(self.span.0);
        let mut scraped: Vec<Scraped> = self.targets.iter().cloned().map(Scraped::new).collect();
        let mut hours = Vec::new();
        let mut hour = Series::new();
        let mut minute = self.span.0;
        while minute < self.span.1 {
            // Queries look at whole hours and five minutes back: what is scraped around half past
            // changes nothing.
            let of_hour = minute.as_second().rem_euclid(3600) / 60;
            if !(6..53).contains(&of_hour) {
                for target in &mut scraped {
                    let at = minute + SignedDuration::from_secs(target.target.second);
                    // A little after the second, so that a timer's rounding changes no second.
                    let at = at + SignedDuration::from_millis(250);
                    let until = at.duration_since(clock.now().wall);
                    tokio::time::sleep(Duration::try_from(until).unwrap()).await;
                    target.scrape(&self, &truth, clock, at, &mut hour).await;
                }
            } else if of_hour == 30 {
                hours.push(std::mem::take(&mut hour));
            }
            minute += MINUTE;
        }
        hours.push(hour);
        hours
    }

    fn collector(&self, truth: &Truth, clock: Clock) -> Collector {
        let interval = Duration::from_secs(50);
        let windows: Vec<Window> = self
            .windows
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let settings = Settings {
            mode: Mode::Scrape,
            interval,
            windows,
            zone: TimeZone::get(self.zone).unwrap(),
            delay: self.delay,
            max_staleness: Duration::from_mins(10),
        };
        let upstream = Records8x8 {
            truth: truth.clone(),
            outage: self.outage,
            records: self.records,
            clock,
        };
        let plan = Plan {
            settings,
            upstream: Arc::new(upstream),
            retries_failures: false,
        };
        Collector::start(None, plan, Users::new(clock), clock, Duration::ZERO)
    }
}

/// 8x8, as far as a collector sees it.
struct Records8x8 {
    truth: Truth,
    outage: Option<Span>,
    records: Records,
    clock: Clock,
}

impl Upstream for Records8x8 {
    fn ask(
        &self,
        period: Period,
    ) -> Pin<Box<dyn Future<Output = Result<Snapshot, Error>> + Send + '_>> {
        let now = self.clock.now().wall;
        let answer = if self.outage.is_some_and(|outage| within(outage, now)) {
            Err(Error::Request(Failure {
                endpoint: Endpoint::Compsum,
                cause: Cause::ServerError,
                status: Some(503),
                retry_after: None,
            }))
        } else {
            Ok(Snapshot {
                period,
                received: now,
                answer: Answer {
                    rows: known(&self.truth, self.records, period, now),
                    drift: Drift::default(),
                },
            })
        };
        Box::pin(std::future::ready(answer))
    }

    fn question(&self, window: &Window, zone: &TimeZone, delay: Duration) -> Question {
        Question {
            user: UserId::default(),
            secrets: 0,
            pbx_ids: "allpbxes".into(),
            span: window.span(),
            zone: zone.iana_name().unwrap_or_default().into(),
            delay,
        }
    }
}

/// What 8x8 knows at `now`.
fn known(truth: &Truth, records: Records, period: Period, now: Timestamp) -> Vec<Row> {
    let mut rows = truth.rows(period, now);
    if let Records::Late(late) = records {
        let end = period.end.min(now - late).max(period.start);
        let prompt = truth.rows(Period { end, ..period }, now);
        for (row, answered) in rows.iter_mut().zip(prompt) {
            for field in [Field::InboundAnswered, Field::TotalTalkTime] {
                row.values.set(field, answered.values.get(field));
            }
            let sum = |row: &Row, parts: [Field; 2]| {
                parts
                    .into_iter()
                    .map(|part| row.values.get(part).unwrap())
                    .sum::<f64>()
            };
            let total = sum(row, [Field::InboundAnswered, Field::InboundMissed]);
            row.values.set(Field::InboundTotal, Some(total));
        }
    }
    rows
}

/// A target, and which of its series Prometheus takes to be alive.
struct Scraped {
    target: Target,
    collector: Option<Collector>,
    alive: BTreeSet<BTreeMap<String, String>>,
}

impl Scraped {
    fn new(target: Target) -> Scraped {
        Scraped {
            target,
            collector: None,
            alive: BTreeSet::new(),
        }
    }

    async fn scrape(
        &mut self,
        life: &Life,
        truth: &Truth,
        clock: Clock,
        at: Timestamp,
        into: &mut Series,
    ) {
        let samples = if self.target.down.iter().any(|span| within(*span, at)) {
            self.collector = None;
            BTreeMap::new()
        } else {
            let collector = self
                .collector
                .get_or_insert_with(|| life.collector(truth, clock));
            samples(&page(collector).await, self.target.instance)
        };
        let at = at.as_millisecond();
        let alive = samples.keys().cloned().collect();
        for gone in self.alive.difference(&alive) {
            into.entry(gone.clone())
                .or_default()
                .push((at, f64::from_bits(STALE)));
        }
        self.alive = alive;
        for (labels, value) in samples {
            into.entry(labels).or_default().push((at, value));
        }
    }
}

/// The page as it is sent.
async fn page(collector: &Collector) -> String {
    let variant = Variant::new(Format::Text, Encoding::Identity);
    let room = Semaphore::new(1);
    let (_, segment) = collector
        .scrape(variant, &room, std::future::pending())
        .await;
    let mut body = Body::new(variant, [segment.unwrap()]);
    let mut text = Vec::new();
    while let Some(frame) =
        std::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut body), context))
            .await
    {
        text.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    String::from_utf8(text).unwrap()
}

/// The samples of the kept metrics with the labels that Prometheus adds.
fn samples(page: &str, instance: &str) -> BTreeMap<BTreeMap<String, String>, f64> {
    let kept: BTreeSet<_> = KEPT.iter().map(|field| metric(*field).name).collect();
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let (name, rest) = line.split_once('{').unwrap();
            kept.contains(name).then_some(())?;
            let (pairs, value) = rest.split_once("} ").unwrap();
            let pairs = pairs.split(',').map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                (name.to_owned(), value.trim_matches('"').to_owned())
            });
            let own = [
                ("__name__", name),
                ("instance", instance),
                ("job", "eightxeight"),
            ];
            let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
            Some((pairs.chain(own).collect(), value.parse().unwrap()))
        })
        .collect()
}
