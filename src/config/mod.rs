//! Configuration: from options as given to one that is checked, or to all that is wrong with it.
//!
//! [`options`] is the table of what can be set, and [`values`] turns texts into values. [`sources`] collects what is
//! [`given`] on the command line, in the environment and in the [`mod@file`]; [`credentials`] finds the secrets'
//! sources, [`show`] renders what is in force, [`warnings`] finds what is allowed and hardly meant.

mod credentials;
mod file;
mod given;
pub mod options;
mod show;
mod sources;
pub(crate) mod values;
mod warnings;
mod web;

use std::collections::HashSet;

use crate::collect;
use crate::names::USER_AGENT;
use eightxeight::transport::{self, TransportError};
use exporter_toolkit::WebSecurity;

pub use options::default_collect;
pub use sources::{Environment, Flags, environment};
pub(crate) use values::url;
pub(crate) use warnings::{requests_per_minute, zone_warning};
pub use web::Web;

use file::AccountEntry;
use given::Raw;
use options::{Group, OptionValues};
use sources::Sources;

/// Everything that is wrong with a configuration, a line for each.
#[derive(Debug)]
pub struct Problems(pub Vec<String>);

impl Problems {
    /// What several accounts inherit is told once.
    fn new(problems: &[String]) -> Problems {
        let mut told = HashSet::new();
        let mut lines: Vec<_> = problems.iter().map(|problem| printable(problem)).collect();
        lines.retain(|line| told.insert(line.clone()));
        Problems(lines)
    }
}

/// A text without control characters: one of several lines must not look like several, nor a name write to the terminal.
pub(crate) fn printable(text: &str) -> String {
    let escaped = |letter: char| -> String {
        if letter.is_control() {
            letter.escape_default().collect()
        } else {
            letter.into()
        }
    };
    text.chars().map(escaped).collect()
}

/// What to warn of when a file has an empty list of accounts.
pub(crate) const NO_ACCOUNTS: &str =
    "accounts: the configuration file lists none, so nothing is collected";

/// Where the configuration comes from. It can be loaded again.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What was typed.
    pub flags: Flags,
    /// The environment.
    pub environment: Environment,
}

/// The configuration that the program was started with, and where a newer one comes from.
#[derive(Debug)]
pub struct Running {
    origin: Origin,
    given: Raw,
}

/// A configuration that has been checked.
#[derive(Debug)]
pub struct Config {
    /// The accounts to collect; none for the demo, whose 8x8 isn't there yet.
    pub accounts: Vec<Account>,
    /// All options but those of the accounts.
    pub(crate) options: OptionValues,
    /// The configuration as YAML, without secrets.
    pub shown: String,
    /// What a user should know of the whole although it isn't wrong; see also [`Account::warnings`].
    pub(crate) warnings: Vec<String>,
    /// After a reload: options that have changed and take effect at the next start.
    pub(crate) later: Vec<&'static str>,
    given: Raw,
}

/// What a configuration is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose<'a> {
    /// The exporter.
    Serve,
    /// The exporter against a simulated 8x8.
    Demo,
    /// A command that asks 8x8 for the account of this name, or the only one.
    Account(Option<&'a str>),
    /// Asking a running exporter.
    Health,
}

impl Purpose<'_> {
    fn needs(self, group: Group) -> bool {
        match self {
            Purpose::Serve => group != Group::Demo,
            Purpose::Demo => group != Group::Api,
            Purpose::Account(_) => group == Group::Log,
            Purpose::Health => group == Group::Web,
        }
    }
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

impl Origin {
    /// Loads and checks what is needed, and that the secrets can be read.
    ///
    /// # Errors
    ///
    /// All problems at once.
    pub fn load(&self, purpose: Purpose<'_>) -> Result<Config, Problems> {
        self.load_over(purpose, None)
    }

    /// The same under a program that was started with what is `running`: the options that need a start keep their values.
    fn load_over(&self, purpose: Purpose<'_>, running: Option<&Raw>) -> Result<Config, Problems> {
        let mut sources = Sources::gather(&self.flags, self.environment);
        let wanted = |group| purpose.needs(group);
        let options = sources.raw.read(wanted, &mut sources.problems);
        let mut warnings = match purpose {
            Purpose::Health => Vec::new(),
            _ => sources.warnings(&options.web),
        };
        let is_empty = sources.accounts.as_ref().is_some_and(Vec::is_empty);
        match purpose {
            Purpose::Serve if is_empty => warnings.push(NO_ACCOUNTS.to_owned()),
            Purpose::Demo if sources.accounts.is_some() => warnings.push(
                "accounts: the demo uses its own account; those in the configuration file are ignored".to_owned(),
            ),
            _ => {}
        }
        let Sources {
            mut raw,
            accounts: entries,
            is_whole,
            mut problems,
        } = sources;
        let wanted = match (purpose, &entries) {
            (Purpose::Demo | Purpose::Health, _) => Vec::new(),
            _ if !is_whole => Vec::new(),
            (Purpose::Serve, Some(entries)) => entries.iter().map(Some).collect(),
            (Purpose::Serve, None) => vec![None],
            (Purpose::Account(name), entries) => {
                let chosen = choose(entries.as_deref(), name);
                let chosen = chosen.map_err(|problem| problems.push(problem));
                chosen.into_iter().collect()
            }
        };
        let accounts = wanted.into_iter();
        let accounts =
            accounts.filter_map(|entry| self.account(&raw, entry, &mut problems, &mut warnings));
        let accounts = accounts.collect();
        if !problems.is_empty() {
            return Err(Problems::new(&problems));
        }
        let later = running.map(|running| raw.keep_running(running));
        let is_demo = matches!(purpose, Purpose::Demo);
        let shown = entries.as_deref().filter(|_| !is_demo);
        Ok(Config {
            accounts,
            shown: show::yaml(&raw, shown, is_demo),
            options,
            warnings,
            later: later.unwrap_or_default(),
            given: raw,
        })
    }

    /// An account of the file, or without any the one that the options describe, unless something is wrong.
    fn account(
        &self,
        raw: &Raw,
        entry: Option<&AccountEntry>,
        problems: &mut Vec<String>,
        warnings: &mut Vec<String>,
    ) -> Option<Account> {
        let own = entry.map(|entry| raw.with(&entry.options));
        let raw = own.as_ref().unwrap_or(raw);
        let wanted = |group| matches!(group, Group::Api | Group::Collect);
        let OptionValues { api, collect, .. } = raw.read(wanted, problems);
        let credentials = credentials::find(raw, self.environment, entry, problems);
        let blank = credentials.as_ref().and_then(warnings::blank);
        warnings.extend(blank.filter(|warning| !warnings.contains(warning)));
        if let Err(error) = transport::check(api.url.as_ref()?, api.ca_file.as_deref()) {
            problems.push(match error {
                TransportError::Proxy(error) => error.to_string(),
                error => format!("{}: {error}", raw.origin("api.ca-file")),
            });
        }
        Some(Account {
            name: entry.map(|entry| entry.name.clone()),
            labels: entry.map(|entry| entry.labels.clone()).unwrap_or_default(),
            api: eightxeight::Settings {
                url: api.url?,
                credentials: credentials?,
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
}

impl Running {
    /// `config` was loaded from `origin`.
    pub(crate) fn new(origin: Origin, config: &Config) -> Running {
        Running {
            origin,
            given: config.given.clone(),
        }
    }

    /// Loads the configuration again.
    ///
    /// # Errors
    ///
    /// Those of [`Origin::load`].
    pub(crate) fn reload(&self) -> Result<Config, Problems> {
        self.origin.load_over(Purpose::Serve, Some(&self.given))
    }
}

impl Sources {
    /// What to warn of besides the accounts. Notes, too, what is wrong with what the web server's options name.
    fn warnings(&mut self, web: &Web) -> Vec<String> {
        if let Some(path) = web.clash() {
            let usual = Web {
                telemetry_path: Web::default().telemetry_path,
                ..web.clone()
            };
            let (option, what) = match usual.clash() {
                Some(_) => ("web.external-url", &path),
                None => ("web.telemetry-path", &web.telemetry_path),
            };
            self.problems.push(format!(
                "{}: `{what}` is taken: the exporter serves something else there",
                self.raw.origin(option)
            ));
        }
        if let Some(address) = &web.health_listen
            && address.port() != 0
            && !web.systemd_socket
            && web.listen.contains(address)
        {
            self.problems.push(format!(
                "{}: `{address}` is taken: the metrics are served there",
                self.raw.origin("web.health-listen-address")
            ));
        }
        let file = self.raw.origin("web.config.file");
        let named = |text: &String| format!("{file}: {text}");
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
