//! Runs the exporter against the simulator on a clock that is moved by hand.
//!
//! Client, collections, outages and pages are the real ones; only time is not. Requests take no time
//! on such a clock, so durations are 0.

use std::error::Error;
use std::future::pending;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use eightxeight::clock::Clock;
use eightxeight_exporter::app::demo_account;
use eightxeight_exporter::collect;
use eightxeight_exporter::config::{Web, default_collect};
use eightxeight_exporter::exporter::Exporter;
use eightxeight_exporter::telemetry::write_exporter;
use eightxeight_simulator::{Credentials, Scenario, Settings, Simulator};
use exposition::{Body, Encoding, Format, Segment, Variant};
use http_body::Body as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What to live through.
pub(crate) struct Plan {
    /// The last scrape.
    pub(crate) end: Timestamp,
    /// How long the part before the one with a scrape a minute is.
    pub(crate) before: Duration,
    /// How far apart its scrapes are, in seconds. They are on the full multiples.
    pub(crate) step: i64,
    /// How long before the end there is a scrape a minute.
    pub(crate) each_minute: Duration,
    /// What goes on in the last minutes.
    pub(crate) scenario: Option<Scenario>,
}

const MINUTE: i64 = 60;
/// How long before the end a scenario begins. An outage of 12 minutes is then all but over.
const SCENARIO: i64 = 11 * MINUTE;
/// The same for a spike, so that it fills most of a window of an hour.
const SPIKE: i64 = 40 * MINUTE;
/// What Prometheus adds to each sample.
const TARGET: &str = r#"instance="demo:10888",job="eightxeight""#;

/// Lives through the plan and writes each page as a scrape would have stored it.
///
/// # Errors
///
/// When `out` can't be written, or the simulator can't be started.
pub(crate) fn replay(plan: &Plan, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    // A paused clock leaps to the next timeout whenever all wait, even for a packet; not while a
    // blocking task runs.
    let (end, ended) = std::sync::mpsc::channel::<()>();
    runtime.spawn_blocking(move || ended.recv());
    let written = runtime.block_on(live(plan, out));
    drop(end);
    written
}

async fn live(plan: &Plan, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    const VARIANT: Variant = Variant::new(Format::OpenMetrics, Encoding::Identity);
    let times = plan.times();
    let Some(first) = times.first() else {
        return Ok(());
    };
    let clock = Clock::starting_at(Timestamp::from_second(*first)?);
    let began = clock.now().wall;
    let mut settings = Settings::new(Credentials::random());
    settings.clock = clock;
    let simulator = Simulator::start(settings).await?;
    let config = demo_account(&simulator, collect_settings()?);
    let web = Web::default();
    let exporter = Exporter::start(vec![config], &web, String::new(), None, clock)?;
    let account = exporter.only_account().ok_or("there is one account")?;
    for time in times {
        let wait = time - clock.now().wall.as_second();
        tokio::time::advance(Duration::from_secs(wait.unsigned_abs())).await;
        if let Some(scenario) = plan.begins(time) {
            simulator.set_scenario(scenario);
        }
        let waiting = exporter.waiting();
        let segments = account.scrape(VARIANT, clock, waiting, pending()).await?;
        let reload = exporter.last_reload();
        let own = Segment::render(VARIANT, |writer| write_exporter(writer, reload, true))?;
        let page = text(Body::new(VARIANT, segments.into_iter().chain([own])))?;
        writeln!(out, "up{{{TARGET}}} 1 {time}")?;
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            // The process of this tool started long after its clock.
            if line.starts_with("process_start_time_seconds") {
                let began = began.as_second();
                writeln!(out, "process_start_time_seconds{{{TARGET}}} {began} {time}")?;
            } else {
                writeln!(out, "{} {time}", labelled(line))?;
            }
        }
    }
    writeln!(out, "# EOF")?;
    out.flush()?;
    Ok(())
}

impl Plan {
    /// Unix times of the scrapes.
    fn times(&self) -> Vec<i64> {
        let before = |instant: Timestamp, length: Duration| {
            let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::ZERO);
            instant.checked_sub(length).unwrap_or(Timestamp::MIN)
        };
        let end = self.end.as_second();
        let dense = before(self.end, self.each_minute);
        let first = before(dense, self.before).as_second();
        let dense = dense.as_second();
        let rare = (first..dense).filter(|second| second % self.step.max(1) == 0);
        let minutes = (dense..=end).filter(|second| (end - second) % MINUTE == 0);
        rare.chain(minutes).collect()
    }

    /// The scenario that is to be begun at a Unix time. A spike is over after five minutes unless it
    /// is begun again.
    fn begins(&self, time: i64) -> Option<Scenario> {
        let left = self.end.as_second() - time;
        self.scenario.filter(|scenario| match scenario {
            Scenario::AbandonSpike => left <= SPIKE,
            _ => (SCENARIO..SCENARIO + MINUTE).contains(&left),
        })
    }
}

/// The demo's, with the time zone of its company.
fn collect_settings() -> Result<collect::Settings, String> {
    let zone = TimeZone::get("Europe/London").map_err(|error| error.to_string())?;
    Ok(collect::Settings {
        zone,
        ..default_collect()
    })
}

/// A body's frames are ready from the start, so nothing is waited for.
fn text(mut body: Body) -> Result<String, Box<dyn Error>> {
    let mut context = Context::from_waker(Waker::noop());
    let mut bytes = Vec::new();
    while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(String::from_utf8(bytes)?)
}

/// The sample with the labels of its target.
fn labelled(line: &str) -> String {
    match line.split_once('{') {
        Some((name, rest)) => format!("{name}{{{TARGET},{rest}"),
        None => line.replacen(' ', &format!("{{{TARGET}}} "), 1),
    }
}
