//! Configuration: from options as given to one that is checked, or to all that is wrong with it.
//!
//! [`options`] is the table of what can be set. [`layers`] holds what was set on the command line, in the
//! environment and in the [`mod@file`]; [`values`] turns texts into values, [`credentials`] finds the secrets'
//! sources, [`show`] renders what is in force, [`warnings`] finds what is allowed and hardly meant.

mod credentials;
mod file;
mod layers;
pub mod options;
mod show;
pub(crate) mod values;
mod warnings;

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::names::USER_AGENT;
use crate::{collect, telemetry::log};
use eightxeight::ClientError;
use eightxeight::transport::TransportError;
use eightxeight_simulator::Scenario;
use exporter_toolkit::WebSecurity;

use exporter_toolkit::listen::ListenAddress;
pub use layers::{Environment, Flags, environment};
pub(crate) use values::{OTHER_PATHS, url};
pub(crate) use warnings::requests_per_minute;

use file::AccountEntry;
use layers::{Raw, Sources};
use options::{Group, OptionValues};

/// Everything that is wrong with a configuration, a line for each.
#[derive(Debug)]
pub struct Problems(pub Vec<String>);

impl Problems {
    /// What several accounts inherit is told once.
    fn new(problems: &[String]) -> Problems {
        let mut told = HashSet::new();
        let mut lines: Vec<_> = problems.iter().map(|problem| one_line(problem)).collect();
        lines.retain(|line| told.insert(line.clone()));
        Problems(lines)
    }
}

/// A problem without control characters: a key or a value of several lines must not look like several problems.
fn one_line(problem: &str) -> String {
    let escaped = |letter: char| -> String {
        if letter.is_control() {
            letter.escape_default().collect()
        } else {
            letter.into()
        }
    };
    problem.chars().map(escaped).collect()
}

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
pub(crate) struct Running(Raw);

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
    /// The configuration as YAML, without secrets.
    pub shown: String,
    /// What a user should know of the whole although it isn't wrong; see also [`Account::warnings`].
    pub(crate) warnings: Vec<String>,
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
    /// The configuration as YAML.
    pub shown: String,
    /// As [`Config::warnings`].
    pub(crate) warnings: Vec<String>,
}

/// The configuration of a command that asks 8x8 for one account and serves nothing.
#[derive(Debug)]
pub struct AccountConfig {
    /// The account to collect.
    pub account: Account,
    /// How to log.
    pub log: log::Settings,
    /// As [`Config::warnings`].
    pub(crate) warnings: Vec<String>,
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
    /// The path of the metrics, after the prefix.
    pub telemetry_path: String,
    /// The only prefix of all paths, if one was asked for; see [`Web::prefixes`].
    pub route_prefix: Option<String>,
    /// How others reach it.
    pub external_url: Option<Url>,
    /// Where Grafana is.
    pub grafana_url: Option<Url>,
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
        OptionValues::default().web
    }
}

impl Web {
    /// What the paths begin with, without a slash at the end: empty, or `/eight`. The first is the one to name.
    ///
    /// A path of the external URL alone doesn't tell whether the proxy keeps or strips it, so both are served.
    pub(crate) fn prefixes(&self) -> Vec<&str> {
        let external = self.external_url.as_ref().map_or("/", Url::path);
        let mut prefixes = match self.route_prefix.as_deref() {
            Some(prefix) => vec![prefix],
            None => vec!["/", external],
        };
        for prefix in &mut prefixes {
            *prefix = prefix.trim_end_matches('/');
        }
        prefixes.dedup();
        prefixes
    }
}

impl Origin {
    /// What is given now, for a later [`Origin::reload`].
    pub(crate) fn running(&self) -> Result<Running, Problems> {
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
    pub(crate) fn reload(
        &self,
        running: &Running,
    ) -> Result<(Config, Vec<&'static str>), Problems> {
        self.load_over(Some(running))
    }

    fn load_over(
        &self,
        running: Option<&Running>,
    ) -> Result<(Config, Vec<&'static str>), Problems> {
        let mut sources = self.sources()?;
        let values = sources.read(|group| group != Group::Demo);
        let warnings = sources.warnings(&values.web);
        let Sources {
            mut raw,
            accounts: entries,
            mut problems,
        } = sources;
        let accounts = match &entries {
            None => vec![self.account(&raw, None, &mut problems)],
            Some(entries) => entries
                .iter()
                .map(|entry| self.account(&raw, Some(entry), &mut problems))
                .collect(),
        };
        let differing = running.map(|Running(running)| raw.keep_running(running));
        let config = Config {
            accounts: accounts.into_iter().flatten().collect(),
            web: values.web,
            log: values.log,
            check_only: values.check_only,
            shown: show::yaml(&raw, entries.as_deref(), Group::Demo),
            warnings,
        };
        finish((config, differing.unwrap_or_default()), &problems)
    }

    /// Loads and checks what `demo` needs.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn load_demo(&self) -> Result<DemoConfig, Problems> {
        let mut sources = self.sources()?;
        let values = sources.read(|group| group != Group::Api);
        let config = DemoConfig {
            warnings: sources.warnings(&values.web),
            scenario: values.scenario,
            collect: values.collect,
            web: values.web,
            log: values.log,
            check_only: values.check_only,
            shown: show::yaml(&sources.raw, None, Group::Api),
        };
        finish(config, &sources.problems)
    }

    /// Loads and checks what `health` needs: where the exporter listens.
    pub(crate) fn load_web(&self) -> Result<Web, Problems> {
        let mut sources = self.sources()?;
        let values = sources.read(|group| group == Group::Web);
        finish(values.web, &sources.problems)
    }

    /// Loads and checks one account: the one of this name, or the only one.
    pub(crate) fn load_account(&self, name: Option<&str>) -> Result<AccountConfig, Problems> {
        let mut sources = self.sources()?;
        let log = sources.read(|group| group == Group::Log).log;
        let warnings = warnings::environment(&sources.raw, sources.accounts.as_deref());
        let Sources {
            raw,
            accounts,
            mut problems,
        } = sources;
        let account = match choose(accounts.as_deref(), name) {
            Ok(entry) => self.account(&raw, entry, &mut problems),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        match account {
            Some(account) if problems.is_empty() => Ok(AccountConfig {
                account,
                log,
                warnings,
            }),
            _ => Err(Problems::new(&problems)),
        }
    }

    /// An account of the file, or without any the one that the options describe, unless something is wrong.
    fn account(
        &self,
        raw: &Raw,
        entry: Option<&AccountEntry>,
        problems: &mut Vec<String>,
    ) -> Option<Account> {
        let own = entry.map(|entry| raw.for_account(entry));
        let raw = own.as_ref().unwrap_or(raw);
        let OptionValues { api, collect, .. } = OptionValues::read(
            raw,
            |group| matches!(group, Group::Api | Group::Collect),
            problems,
        );
        let credentials = credentials::find(raw, self.environment, entry, problems)?;
        Some(Account {
            name: entry.map(|entry| entry.name.clone()),
            labels: entry.map(|entry| entry.labels.clone()).unwrap_or_default(),
            api: eightxeight::Settings {
                url: api.url?,
                credentials,
                pbx_ids: api.pbx_ids,
                timeout: api.timeout,
                ca_file: api.ca_file,
                max_requests_per_minute: api.max_requests_per_minute,
                login_retry_interval: api.login_retry_interval,
                interval: collect.interval,
                user_agent: USER_AGENT.to_owned(),
            },
            collect,
        })
    }

    fn sources(&self) -> Result<Sources, Problems> {
        Raw::gather(&self.flags, self.environment).map_err(|problems| Problems::new(&problems))
    }
}

/// The configuration, if nothing was wrong.
fn finish<T>(config: T, problems: &[String]) -> Result<T, Problems> {
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(Problems::new(problems))
    }
}

impl Sources {
    /// What to warn of besides the accounts. Notes, too, what is wrong with what the web server's options name.
    fn warnings(&mut self, web: &Web) -> Vec<String> {
        let path = &*web.telemetry_path;
        let is_taken = |below: &str| below.is_empty() || OTHER_PATHS.contains(&below);
        let mut prefixes = web.prefixes().into_iter();
        if prefixes.any(|prefix| path.strip_prefix(prefix).is_some_and(is_taken)) {
            self.problems.push(format!(
                "--web.telemetry-path: `{path}` is taken: the exporter serves something else there"
            ));
        }
        let named = |text: &String| format!("--web.config.file: {text}");
        let mut warnings = warnings::environment(&self.raw, self.accounts.as_deref());
        warnings.extend(warnings::quoted_password());
        match web.config_file.as_deref().map(WebSecurity::open) {
            Some(Ok(security)) => warnings.extend(security.warnings().iter().map(named)),
            Some(Err(problems)) => self.problems.extend(problems.iter().map(named)),
            None => {}
        }
        warnings
    }
}

/// The account of this name, or the only one; `None` where the file has none and none is named.
fn choose<'a>(
    entries: Option<&'a [AccountEntry]>,
    name: Option<&str>,
) -> Result<Option<&'a AccountEntry>, String> {
    let entries = match (entries, name) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(
                "--account: there is no configuration file with accounts: leave it out".to_owned(),
            );
        }
        (Some(entries), _) => entries,
    };
    let names = || {
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        names.join(", ")
    };
    match (entries, name) {
        ([only], None) => Ok(Some(only)),
        (_, None) => Err(format!(
            "there are several accounts: name one with --account ({})",
            names()
        )),
        (entries, Some(name)) => entries
            .iter()
            .find(|entry| entry.name == name)
            .map(Some)
            .ok_or_else(|| format!("--account: `{name}` is none of {}", names())),
    }
}

/// Says of which option a client's problem is.
pub(crate) fn client_problem(error: &ClientError) -> String {
    match error {
        ClientError::Transport(TransportError::CaUnreadable(_) | TransportError::CaUnusable) => {
            format!("--api.ca-file: {error}")
        }
        _ => error.to_string(),
    }
}
