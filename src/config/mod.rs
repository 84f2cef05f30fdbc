//! Configuration: from options as given to one that is checked, or to all that is wrong with it.
//!
//! [`options`] is the table of what can be set, [`raw`] layers what was set, [`read`] and [`values`]
//! turn texts into values, [`credentials`] finds the secrets' sources.

mod credentials;
pub mod options;
pub mod raw;
mod read;
mod values;

use std::fmt::Write as _;
use std::time::Duration;

use crate::eightxeight;
use crate::simulator::Scenario;
use crate::{collect, telemetry::log};

pub use raw::{Environment, Raw, environment};
pub use values::{Listen, url};

use read::Reader;

/// Everything that is wrong with a configuration, a line for each.
#[derive(Debug)]
pub struct Problems(pub Vec<String>);

/// The configuration of `serve`.
#[derive(Debug)]
pub struct Config {
    /// Whom to ask for what.
    pub account: Account,
    /// How to serve it.
    pub web: Web,
    /// How to log.
    pub log: log::Settings,
}

/// The configuration of `demo`: all but how to ask 8x8, which is known when the simulator runs.
#[derive(Debug)]
pub struct DemoConfig {
    /// What happens in the simulated company.
    pub scenario: Scenario,
    /// What is collected.
    pub collect: collect::Settings,
    /// How to serve it.
    pub web: Web,
    /// How to log.
    pub log: log::Settings,
}

/// One 8x8 account.
#[derive(Clone, Debug)]
pub struct Account {
    /// How it is asked.
    pub api: eightxeight::Settings,
    /// What is collected.
    pub collect: collect::Settings,
}

/// The exporter's own web server.
#[derive(Clone, Debug)]
pub struct Web {
    /// Where it listens.
    pub listen: Vec<Listen>,
    /// The path of the metrics.
    pub telemetry_path: String,
    /// How many scrapes may wait at once.
    pub max_requests: usize,
    /// What is taken off Prometheus' scrape timeout.
    pub timeout_offset: Duration,
}

impl Config {
    /// Checks everything, and that the secrets can be read.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn new(raw: &Raw, environment: &Environment) -> Result<Config, Problems> {
        let mut reader = Reader::new(raw);
        let collect = collect_settings(&mut reader);
        let api = api_settings(&mut reader, environment, &collect);
        let web = web(&mut reader);
        let log = log_settings(&mut reader);
        match api {
            Some(api) => reader.finish(Config {
                account: Account { api, collect },
                web,
                log,
            }),
            None => Err(reader.into_problems()),
        }
    }
}

impl DemoConfig {
    /// Checks everything.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn new(raw: &Raw) -> Result<DemoConfig, Problems> {
        let mut reader = Reader::new(raw);
        let scenario = reader.one("demo.scenario", values::scenario);
        let collect = collect_settings(&mut reader);
        let web = web(&mut reader);
        let log = log_settings(&mut reader);
        reader.finish(DemoConfig {
            scenario,
            collect,
            web,
            log,
        })
    }
}

impl Account {
    /// How many requests a minute the windows and the interval need, logins included.
    #[must_use]
    pub fn requests_per_minute(&self) -> f64 {
        requests_per_minute(&self.collect)
    }

    /// What a user should know although it isn't wrong.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let needed = self.requests_per_minute();
        let budget = self.api.max_requests_per_minute;
        if needed > f64::from(budget) {
            let mut text = String::new();
            let _ = write!(
                text,
                "{} windows every {} need {needed:.1} requests a minute with logins, and the budget \
                 (--api.max-requests-per-minute) is {budget}: collections will wait for their turn; \
                 take a longer --collect.interval or fewer windows",
                self.collect.windows.len(),
                humantime::format_duration(self.collect.interval),
            );
            warnings.push(text);
        }
        warnings
    }
}

/// How many requests a minute a collection needs, logins included.
#[must_use]
pub fn requests_per_minute(collect: &collect::Settings) -> f64 {
    /// A token of the documented life is renewed after 29 minutes.
    const LOGINS: f64 = 1.0 / 29.0;
    let windows = f64::from(u32::try_from(collect.windows.len()).unwrap_or(u32::MAX));
    windows * 60.0 / collect.interval.as_secs_f64() + LOGINS
}

fn collect_settings(reader: &mut Reader) -> collect::Settings {
    let settings = collect::Settings {
        mode: reader.one("collect.mode", values::mode),
        interval: reader.one("collect.interval", values::interval),
        windows: reader.list("collect.window", values::windows),
        zone: reader.one("collect.time-zone", values::zone),
        delay: reader.one("collect.delay", values::delay),
        max_staleness: reader.one("collect.max-staleness", values::duration),
    };
    if settings.max_staleness < settings.interval.saturating_mul(2) {
        reader.problem(
            "collect.max-staleness",
            &format!(
                "{} is less than two intervals (--collect.interval is {}): one slow answer would \
                 take the samples away",
                humantime::format_duration(settings.max_staleness),
                humantime::format_duration(settings.interval),
            ),
        );
    }
    settings
}

fn api_settings(
    reader: &mut Reader,
    environment: &Environment,
    collect: &collect::Settings,
) -> Option<eightxeight::Settings> {
    let url = reader.one("api.url", values::url);
    let pbx_ids = reader.list("api.pbx-id", values::pbx_ids);
    let timeout = reader.one("api.timeout", values::timeout);
    let ca_file = reader.optional("api.ca-file").map(Into::into);
    let max_requests_per_minute = reader.one("api.max-requests-per-minute", values::positive);
    let login_retry_interval = reader.one("api.login-retry-interval", values::interval);
    let credentials = credentials::find(reader, environment)?;
    Some(eightxeight::Settings {
        url,
        credentials,
        pbx_ids,
        timeout,
        ca_file,
        max_requests_per_minute,
        login_retry_interval,
        interval: collect.interval,
    })
}

fn web(reader: &mut Reader) -> Web {
    Web {
        listen: reader.list("web.listen-address", values::listen),
        telemetry_path: reader.one("web.telemetry-path", values::telemetry_path),
        max_requests: reader.one("web.max-requests", values::positive) as usize,
        timeout_offset: reader.one("web.timeout-offset", values::duration),
    }
}

fn log_settings(reader: &mut Reader) -> log::Settings {
    log::Settings {
        level: reader.one("log.level", values::level),
        format: reader.one("log.format", values::format),
    }
}
