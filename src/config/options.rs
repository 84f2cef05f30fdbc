//! The option table: name, default, effect and meaning of everything that can be set.
//!
//! The command line, the environment, `--help` and the documentation are made from it.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

use At::{Reload, Start};
use Set::{List, One};

use super::values;
use super::web::Web;
use crate::collect::{self, Mode};
use crate::telemetry::log;
use eightxeight_simulator::Scenario;

/// One option.
#[derive(Debug)]
pub struct Opt {
    /// Its name without dashes: `collect.interval`.
    pub name: &'static str,
    /// What stands for its value in `--help`; empty for a switch.
    pub value: &'static str,
    /// What holds when nobody sets it; empty for nothing.
    pub default: &'static str,
    /// Whether it takes several values, given one by one or separated by commas.
    pub repeatable: bool,
    /// Whether it exists only in the configuration file.
    pub file_only: bool,
    /// What it means.
    pub help: &'static str,
    /// When a change takes effect.
    pub(crate) at: At,
    pub(crate) set: Set,
}

/// When a change of an option takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Reload,
    Start,
}

/// How the values of an option are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Set {
    One(fn(&mut OptionValues, &str) -> Result<(), String>),
    List(fn(&mut OptionValues, &[String]) -> Result<(), String>),
    /// It says where one of the three secrets is: see [`super::credentials`].
    Secret,
    /// The same, in the configuration file only.
    FileSecret,
    /// By the command that has it.
    Own,
    OwnList,
}

/// The values of all options but those that lead to a secret.
#[derive(Debug)]
pub(crate) struct OptionValues {
    pub api: Api,
    pub collect: collect::Settings,
    pub scenario: Scenario,
    pub web: Web,
    pub log: log::Settings,
    pub check_only: bool,
}

/// How 8x8 is asked.
#[derive(Debug, Default)]
pub(crate) struct Api {
    /// Always there: it has a default.
    pub url: Option<Url>,
    pub pbx_ids: Vec<String>,
    pub timeout: Duration,
    pub ca_file: Option<PathBuf>,
    pub max_requests_per_minute: u32,
    pub login_retry_interval: Duration,
}

impl Default for OptionValues {
    /// The table's defaults.
    fn default() -> OptionValues {
        let mut values = OptionValues {
            api: Api::default(),
            collect: collect::Settings {
                mode: Mode::Scrape,
                interval: Duration::ZERO,
                windows: Vec::new(),
                zone: TimeZone::UTC,
                delay: Duration::ZERO,
                max_staleness: Duration::ZERO,
            },
            scenario: Scenario::Calm,
            web: Web {
                listen: Vec::new(),
                systemd_socket: false,
                config_file: None,
                health_listen: None,
                telemetry_path: String::new(),
                route_prefix: None,
                external_url: None,
                grafana_url: None,
                max_requests: 0,
                timeout_offset: Duration::ZERO,
                enable_lifecycle: false,
            },
            log: log::Settings {
                level: log::Level::INFO,
                format: log::Format::Logfmt,
            },
            check_only: false,
        };
        for option in OPTIONS.iter().filter(|option| !option.default.is_empty()) {
            // A test sees to it that all are good.
            let _ = option.set(&mut values, &option.values_in(option.default));
        }
        values
    }
}

/// What is collected when nobody sets an option.
#[must_use]
pub fn default_collect() -> collect::Settings {
    OptionValues::default().collect
}

impl Default for Web {
    /// As it is when nobody sets an option.
    fn default() -> Web {
        OptionValues::default().web
    }
}

/// What an option is about: the part of its name before the dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The configuration file.
    Config,
    /// How 8x8 is asked.
    Api,
    /// What is collected.
    Collect,
    /// The simulated 8x8.
    Demo,
    /// The exporter's own web server.
    Web,
    /// The log.
    Log,
}

impl Group {
    /// The heading in `--help`.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Group::Config => "Configuration file",
            Group::Api => "8x8's API",
            Group::Collect => "Collection",
            Group::Demo => "Demo",
            Group::Web => "Web server",
            Group::Log => "Log",
        }
    }
}

impl Opt {
    /// What the option is about.
    #[must_use]
    pub fn group(&self) -> Group {
        match self.name.split('.').next() {
            Some("config") => Group::Config,
            Some("api") => Group::Api,
            Some("collect") => Group::Collect,
            Some("demo") => Group::Demo,
            Some("log") => Group::Log,
            _ => Group::Web,
        }
    }

    /// The option as typed: `--collect.interval`.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.name)
    }

    /// The environment variable: `EIGHTXEIGHT_COLLECT_INTERVAL`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!(
            "EIGHTXEIGHT_{}",
            self.name.replace(['.', '-'], "_").to_ascii_uppercase()
        )
    }

    /// Its place in the configuration file: `collect.max_staleness`.
    pub(super) fn yaml_path(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Whether it is on or off and takes no other value.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        self.value.is_empty()
    }

    /// The values in one text: several, separated by commas, where the option is repeatable.
    pub(super) fn values_in(&self, text: &str) -> Vec<String> {
        if self.repeatable {
            text.split(',').map(|text| text.trim().to_owned()).collect()
        } else {
            vec![text.to_owned()]
        }
    }

    pub(super) fn set(&self, into: &mut OptionValues, given: &[String]) -> Result<(), String> {
        match (self.set, given) {
            (List(_), []) => Err("an empty list; leave the key out for the default".to_owned()),
            (List(set), given) => set(into, given),
            (One(set), [value, ..]) => set(into, value),
            _ => Ok(()),
        }
    }
}

pub(crate) const fn opt(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    at: At,
    set: Set,
    help: &'static str,
) -> Opt {
    Opt {
        name,
        value,
        default,
        repeatable: matches!(set, List(_) | Set::OwnList),
        file_only: matches!(set, Set::FileSecret),
        help,
        at,
        set,
    }
}

/// Stores a value if it is good.
fn put<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

/// The table.
#[rustfmt::skip]
pub static OPTIONS: &[Opt] = &[
    opt("config.file", "FILE", "", Start, Set::Own,
        "YAML file with options and accounts; not needed to run"),
    opt("config.check", "", "false", Start, One(|s, v| put(&mut s.check_only, values::switch(v))),
        "Check the configuration and exit"),

    opt("api.url", "URL", "https://api.8x8.com/analytics/work", Reload, One(|s, v| put(&mut s.api.url, values::url(v).map(Some))),
        "Base URL of the API; https, or http to a loopback address"),
    opt("api.key-file", "FILE", "", Reload, Set::Secret,
        "File with the API key; or EIGHTXEIGHT_API_KEY holds the key"),
    opt("api.key-env", "VARIABLE", "", Reload, Set::FileSecret,
        "Environment variable that holds the API key"),
    opt("api.username", "NAME", "", Reload, Set::Secret,
        "Name of a user with access to Work Analytics; or --api.username-file"),
    opt("api.username-file", "FILE", "", Reload, Set::Secret,
        "File with that name"),
    opt("api.username-env", "VARIABLE", "", Reload, Set::FileSecret,
        "Environment variable that holds that name"),
    opt("api.password-file", "FILE", "", Reload, Set::Secret,
        "File with that user's password; or EIGHTXEIGHT_API_PASSWORD holds it"),
    opt("api.password-env", "VARIABLE", "", Reload, Set::FileSecret,
        "Environment variable that holds the password"),
    opt("api.pbx-id", "NAME", "allpbxes", Reload, List(|s, v| put(&mut s.api.pbx_ids, values::pbx_ids(v))),
        "PBXs to ask for, by the names in 8x8 Admin Console; repeatable or comma separated"),
    opt("api.timeout", "DURATION", "30s", Reload, One(|s, v| put(&mut s.api.timeout, values::timeout(v))),
        "Longest time for one request, from connect to last byte"),
    opt("api.ca-file", "FILE", "", Reload, One(|s, v| put(&mut s.api.ca_file, Ok(Some(v.into())))),
        "PEM file with roots to trust besides the system's, for a proxy that inspects TLS"),
    opt("api.max-requests-per-minute", "N", "10", Reload, One(|s, v| put(&mut s.api.max_requests_per_minute, values::positive(v))),
        "Most requests for an 8x8 user in any 60 s, logins included; its accounts share them"),
    opt("api.login-retry-interval", "DURATION", "15m", Reload, One(|s, v| put(&mut s.api.login_retry_interval, values::interval(v))),
        "Wait after 8x8 refused the credentials; doubles with each refusal, up to 24h"),

    opt("collect.mode", "MODE", "scrape", Reload, One(|s, v| put(&mut s.collect.mode, values::mode(v))),
        "scrape: ask 8x8 when scraped; timer: ask in the background"),
    opt("collect.interval", "DURATION", "50s", Reload, One(|s, v| put(&mut s.collect.interval, values::interval(v))),
        "Least time between two collections of a window; a little less than the scrape interval"),
    opt("collect.window", "WINDOW", "1h,today", Reload, List(|s, v| put(&mut s.collect.windows, values::windows(v))),
        "Windows: a duration, which rolls, or `today`, from local midnight to now; repeatable or comma separated"),
    opt("collect.time-zone", "ZONE", "UTC", Reload, One(|s, v| put(&mut s.collect.zone, values::zone(v))),
        "IANA zone whose midnight `today` means, such as Europe/London"),
    opt("collect.delay", "DURATION", "0s", Reload, One(|s, v| put(&mut s.collect.delay, values::delay(v))),
        "How far behind now a window ends, for late call records"),
    opt("collect.max-staleness", "DURATION", "10m", Reload, One(|s, v| put(&mut s.collect.max_staleness, values::duration(v))),
        "How long the last good answer is served while 8x8 fails; at least two intervals"),

    opt("demo.scenario", "NAME", "calm", Start, One(|s, v| put(&mut s.scenario, values::scenario(v))),
        "What happens in the simulated company: calm, abandon-spike, outage or rate-limited"),

    opt("web.listen-address", "ADDRESS", "[::]:10888", Start, List(|s, v| put(&mut s.web.listen, values::listen(v))),
        "Address to listen on; `:10888` means all, port 0 picks one; repeatable"),
    opt("web.telemetry-path", "PATH", "/metrics", Start, One(|s, v| put(&mut s.web.telemetry_path, values::path(v))),
        "Path of the metrics"),
    opt("web.route-prefix", "PATH", "", Start, One(|s, v| put(&mut s.web.route_prefix, values::path(v).map(Some))),
        "Prefix of all paths, for a proxy that keeps it; by default paths work with and without that of --web.external-url"),
    opt("web.config.file", "FILE", "", Start, One(|s, v| put(&mut s.web.config_file, Ok(Some(v.into())))),
        "TLS, users, headers and rate limit, in the format of exporter-toolkit's web configuration"),
    opt("web.health-listen-address", "ADDRESS", "", Start, One(|s, v| put(&mut s.web.health_listen, values::listen_one(v).map(Some))),
        "Another address, with plain HTTP and only /-/healthy and /-/ready, for probes"),
    opt("web.external-url", "URL", "", Start, One(|s, v| put(&mut s.web.external_url, values::external_url(v).map(Some))),
        "How others reach the exporter, for service discovery and links"),
    opt("web.grafana-url", "URL", "", Start, One(|s, v| put(&mut s.web.grafana_url, values::external_url(v).map(Some))),
        "Where Grafana is, for a link from the status page to the overview dashboard"),
    opt("web.max-requests", "N", "40", Start, One(|s, v| put(&mut s.web.max_requests, values::positive(v).map(|n| n as usize))),
        "Scrapes that may wait at once; more are answered at once with what there is"),
    opt("web.timeout-offset", "DURATION", "500ms", Start, One(|s, v| put(&mut s.web.timeout_offset, values::duration(v))),
        "Taken off Prometheus' scrape timeout"),
    opt("web.systemd-socket", "", "false", Start, One(|s, v| put(&mut s.web.systemd_socket, values::switch(v))),
        "Listen on the sockets that systemd hands over"),
    opt("web.enable-lifecycle", "", "false", Start, One(|s, v| put(&mut s.web.enable_lifecycle, values::switch(v))),
        "Allow POST /-/reload, which reads the configuration file again"),

    opt("log.level", "LEVEL", "info", Reload, One(|s, v| put(&mut s.log.level, values::level(v))),
        "error, warn, info, debug or trace"),
    opt("log.format", "FORMAT", "logfmt", Start, One(|s, v| put(&mut s.log.format, values::format(v))),
        "logfmt or json, on standard error"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_variables_follow_them() {
        let mut names: Vec<_> = OPTIONS.iter().map(|option| option.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OPTIONS.len());
        let by_name = |name| OPTIONS.iter().find(|option| option.name == name).unwrap();
        let interval = by_name("collect.interval");
        assert_eq!(interval.variable(), "EIGHTXEIGHT_COLLECT_INTERVAL");
        let key = by_name("api.key-file");
        assert_eq!(key.variable(), "EIGHTXEIGHT_API_KEY_FILE");
    }

    #[test]
    fn every_default_is_good() {
        let mut values = OptionValues::default();
        for option in OPTIONS.iter().filter(|option| !option.default.is_empty()) {
            let read = option.set(&mut values, &option.values_in(option.default));
            assert_eq!(read, Ok(()), "{}", option.name);
        }
        assert!(values.api.url.is_some());
    }
}
