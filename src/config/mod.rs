//! Configuration: from options as given to one that is checked, or to all that is wrong with it.
//!
//! [`options`] is the table of what can be set. [`raw`] layers what was set on the command line, in the
//! environment and in the [`mod@file`]; [`read`] and [`values`] turn texts into values, [`credentials`] finds
//! the secrets' sources.

mod credentials;
mod file;
pub mod options;
mod raw;
mod read;
mod show;
mod single;
pub(crate) mod values;

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::{collect, telemetry::log};
use eightxeight::ClientError;
use eightxeight::transport::TransportError;
use eightxeight_simulator::Scenario;
use exporter_toolkit::WebSecurity;

use exporter_toolkit::listen::ListenAddress;
pub use raw::{Environment, Flags, environment};
pub use single::AccountConfig;

pub use values::url;

use raw::{Raw, Sources};
use read::Reader;

/// Everything that is wrong with a configuration, a line for each.
#[derive(Debug)]
pub struct Problems(pub Vec<String>);

/// Where the configuration comes from. It can be loaded again.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What was typed.
    pub flags: Flags,
    /// The environment.
    pub environment: Environment,
}

/// What was given at the start, for the options that only a start changes.
#[derive(Debug)]
pub struct Running(Raw);

/// The configuration of `serve`.
#[derive(Debug)]
pub struct Config {
    /// The accounts to collect.
    pub accounts: Vec<Account>,
    /// How to serve it.
    pub web: Web,
    /// How to log.
    pub log: log::Settings,
    /// Whether to check the configuration and no more.
    pub check_only: bool,
    /// All of it as YAML, without secrets.
    pub shown: String,
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
    /// Whether to check the configuration and no more.
    pub check_only: bool,
    /// All of it as YAML.
    pub shown: String,
}

/// One 8x8 account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its name, unless it is the only one and the file names none.
    pub name: Option<String>,
    /// What its discovery entry has besides.
    pub labels: Vec<(String, String)>,
    /// How it is asked.
    pub api: eightxeight::Settings,
    /// What is collected.
    pub collect: collect::Settings,
}

/// The exporter's own web server.
#[derive(Clone, Debug, PartialEq)]
pub struct Web {
    /// Where it listens.
    pub listen: Vec<ListenAddress>,
    /// Whether it listens on the sockets that systemd hands over instead.
    pub systemd_socket: bool,
    /// The web configuration: TLS, users, headers, rate limit.
    pub config_file: Option<PathBuf>,
    /// Where it answers probes, and nothing else.
    pub health_listen: Option<ListenAddress>,
    /// The path of the metrics.
    pub telemetry_path: String,
    /// How others reach it.
    pub external_url: Option<Url>,
    /// How many scrapes may wait at once, in the whole process.
    pub max_requests: usize,
    /// What is taken off Prometheus' scrape timeout.
    pub timeout_offset: Duration,
    /// Whether `/-/reload` is allowed.
    pub enable_lifecycle: bool,
}

impl Default for Web {
    /// As it is when nobody sets an option.
    fn default() -> Web {
        web(&mut Reader::new(&Raw::default()))
    }
}

impl Origin {
    /// What is given now, for a later [`Origin::reload`].
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub fn running(&self) -> Result<Running, Problems> {
        Ok(Running(self.sources()?.raw))
    }

    /// Loads and checks everything, and that the secrets can be read.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn load(&self) -> Result<Config, Problems> {
        self.load_over(None).map(|(config, _)| config)
    }

    /// The same under a program that runs: the options that need a start keep their values. Those that differ.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn reload(&self, running: &Running) -> Result<(Config, Vec<&'static str>), Problems> {
        self.load_over(Some(running))
    }

    fn load_over(
        &self,
        running: Option<&Running>,
    ) -> Result<(Config, Vec<&'static str>), Problems> {
        let Sources {
            mut raw,
            accounts: entries,
            mut problems,
        } = self.sources()?;
        let (accounts, more) = self.accounts(&raw, entries.as_deref());
        problems.extend(more);
        let mut reader = Reader::new(&raw);
        if entries.is_some() {
            // Each account has read these already; without one nobody has.
            collect_settings(&mut reader);
        }
        let mut config = Config {
            accounts,
            web: checked_web(&mut reader),
            log: log_settings(&mut reader),
            check_only: reader.one("config.check", values::switch),
            shown: String::new(),
        };
        problems.extend(reader.into_problems());
        let differing = running.map(|Running(running)| raw.keep_running(running));
        config.shown = show::yaml(&raw, entries.as_deref(), options::Group::Demo);
        finish((config, differing.unwrap_or_default()), problems)
    }

    /// Loads and checks what `demo` needs.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn load_demo(&self) -> Result<DemoConfig, Problems> {
        let Sources {
            raw, mut problems, ..
        } = self.sources()?;
        let mut reader = Reader::new(&raw);
        let config = DemoConfig {
            scenario: reader.one("demo.scenario", values::scenario),
            collect: collect_settings(&mut reader),
            web: checked_web(&mut reader),
            log: log_settings(&mut reader),
            check_only: reader.one("config.check", values::switch),
            shown: show::yaml(&raw, None, options::Group::Api),
        };
        problems.extend(reader.into_problems());
        finish(config, problems)
    }

    /// Loads and checks what `health` needs: where the exporter listens.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn load_web(&self) -> Result<Web, Problems> {
        let Sources {
            raw, mut problems, ..
        } = self.sources()?;
        let mut reader = Reader::new(&raw);
        let web = web(&mut reader);
        problems.extend(reader.into_problems());
        finish(web, problems)
    }

    /// The accounts of the file, or without any the one that the options describe, and what is wrong.
    fn accounts(
        &self,
        raw: &Raw,
        entries: Option<&[file::AccountEntry]>,
    ) -> (Vec<Account>, Vec<String>) {
        let results: Vec<_> = match entries {
            None => vec![account(raw, None, self.environment)],
            Some(entries) => entries
                .iter()
                .map(|entry| account(&raw.of(entry), Some(entry), self.environment))
                .collect(),
        };
        let mut problems = Vec::new();
        let accounts = results
            .into_iter()
            .filter_map(|result| result.map_err(|more| problems.extend(more)).ok())
            .collect();
        (accounts, problems)
    }

    fn sources(&self) -> Result<Sources, Problems> {
        Raw::gather(&self.flags, self.environment).map_err(Problems)
    }
}

/// The configuration, if nothing was wrong; what several accounts inherit is told once.
fn finish<T>(config: T, problems: Vec<String>) -> Result<T, Problems> {
    if problems.is_empty() {
        return Ok(config);
    }
    let mut told = HashSet::new();
    Err(Problems(
        problems
            .into_iter()
            .filter(|problem| told.insert(problem.clone()))
            .collect(),
    ))
}

fn account(
    raw: &Raw,
    entry: Option<&file::AccountEntry>,
    environment: Environment,
) -> Result<Account, Vec<String>> {
    let mut reader = Reader::new(raw);
    let collect = collect_settings(&mut reader);
    let api = api_settings(&mut reader, environment, &collect);
    let problems = reader.into_problems();
    match api {
        Some(api) if problems.is_empty() => Ok(Account {
            name: entry.map(|entry| entry.name.clone()),
            labels: entry.map(|entry| entry.labels.clone()).unwrap_or_default(),
            api,
            collect,
        }),
        _ => Err(problems
            .into_iter()
            .map(|problem| in_account(entry, problem))
            .collect()),
    }
}

/// Says of which account a problem is that doesn't name a line of its own.
fn in_account(entry: Option<&file::AccountEntry>, problem: String) -> String {
    match entry {
        Some(entry) if problem.contains(" is missing") || problem.contains("needs all three") => {
            format!("{}: {problem}", entry.origin)
        }
        _ => problem,
    }
}

impl Account {
    /// What a user should know although it isn't wrong.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let needed = requests_per_minute(&self.collect);
        let budget = self.api.max_requests_per_minute;
        if needed <= f64::from(budget) {
            return Vec::new();
        }
        vec![format!(
            "{} windows every {} need {needed:.1} requests a minute with logins, and the budget \
             (--api.max-requests-per-minute) is {budget}: collections will wait for their turn; \
             take a longer --collect.interval or fewer windows",
            self.collect.windows.len(),
            humantime::format_duration(self.collect.interval),
        )]
    }
}

/// Says of which option a client's problem is.
#[must_use]
pub fn client_problem(error: &ClientError) -> String {
    match error {
        ClientError::Transport(TransportError::CaUnreadable(_) | TransportError::CaUnusable) => {
            format!("--api.ca-file: {error}")
        }
        _ => error.to_string(),
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
    environment: Environment,
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
        systemd_socket: reader.one("web.systemd-socket", values::switch),
        config_file: reader.optional("web.config.file").map(Into::into),
        health_listen: reader.maybe("web.health-listen-address", values::listen_one),
        telemetry_path: reader.one("web.telemetry-path", values::telemetry_path),
        external_url: reader.maybe("web.external-url", values::external_url),
        max_requests: reader.one("web.max-requests", values::positive) as usize,
        timeout_offset: reader.one("web.timeout-offset", values::duration),
        enable_lifecycle: reader.one("web.enable-lifecycle", values::switch),
    }
}

/// The web server's options, and whether what they name is good.
fn checked_web(reader: &mut Reader) -> Web {
    let web = web(reader);
    if let Some(Err(problems)) = web.config_file.as_deref().map(WebSecurity::open) {
        for problem in problems {
            reader.complain(format!("--web.config.file: {problem}"));
        }
    }
    web
}

fn log_settings(reader: &mut Reader) -> log::Settings {
    log::Settings {
        level: reader.one("log.level", values::level),
        format: reader.one("log.format", values::format),
    }
}
