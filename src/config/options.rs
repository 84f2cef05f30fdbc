//! The option table: name, default and meaning of everything that can be set.
//!
//! The command line, the environment, `--help` and the documentation are made from it.

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

    /// Whether it is on or off and takes no other value.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        self.value.is_empty()
    }

    /// Whether a change takes effect at the next start only, and not at a reload.
    #[must_use]
    pub fn needs_start(&self) -> bool {
        match self.group() {
            Group::Config | Group::Demo | Group::Web => true,
            Group::Api | Group::Collect => false,
            Group::Log => self.name == "log.format",
        }
    }

    /// The option of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Opt> {
        OPTIONS.iter().find(|option| option.name == name)
    }
}

/// An option with a single value.
pub(crate) const fn one(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> Opt {
    Opt {
        name,
        value,
        default,
        repeatable: false,
        file_only: false,
        help,
    }
}

const fn many(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> Opt {
    Opt {
        repeatable: true,
        ..one(name, value, default, help)
    }
}

const fn switch(name: &'static str, help: &'static str) -> Opt {
    one(name, "", "false", help)
}

const fn in_file(name: &'static str, value: &'static str, help: &'static str) -> Opt {
    Opt {
        file_only: true,
        ..one(name, value, "", help)
    }
}

/// The table.
#[rustfmt::skip]
pub static OPTIONS: &[Opt] = &[
    one("config.file", "FILE", "",
        "YAML file with options and accounts; not needed to run"),
    switch("config.check",
        "Check the configuration and exit"),

    one("api.url", "URL", "https://api.8x8.com/analytics/work",
        "Base URL of the API; https, or http to a loopback address"),
    one("api.key-file", "FILE", "",
        "File with the API key; or EIGHTXEIGHT_API_KEY holds the key"),
    in_file("api.key-env", "VARIABLE",
        "Environment variable that holds the API key"),
    one("api.username", "NAME", "",
        "Name of a user with access to Work Analytics; or --api.username-file"),
    one("api.username-file", "FILE", "",
        "File with that name"),
    in_file("api.username-env", "VARIABLE",
        "Environment variable that holds that name"),
    one("api.password-file", "FILE", "",
        "File with that user's password; or EIGHTXEIGHT_API_PASSWORD holds it"),
    in_file("api.password-env", "VARIABLE",
        "Environment variable that holds the password"),
    many("api.pbx-id", "NAME", "allpbxes",
        "PBXs to ask for, by the names in 8x8 Admin Console; repeatable or comma separated"),
    one("api.timeout", "DURATION", "30s",
        "Longest time for one request, from connect to last byte"),
    one("api.ca-file", "FILE", "",
        "PEM file with roots to trust besides the system's, for a proxy that inspects TLS"),
    one("api.max-requests-per-minute", "N", "10",
        "Most requests for an 8x8 user in any 60 s, logins included; its accounts share them"),
    one("api.login-retry-interval", "DURATION", "15m",
        "Wait after 8x8 refused the credentials; doubles with each refusal, up to 24h"),

    one("collect.mode", "MODE", "scrape",
        "scrape: ask 8x8 when scraped; timer: ask in the background"),
    one("collect.interval", "DURATION", "50s",
        "Least time between two collections of a window; a little less than the scrape interval"),
    many("collect.window", "WINDOW", "1h,today",
        "Windows: a duration, which rolls, or `today`, from local midnight to now; repeatable or comma separated"),
    one("collect.time-zone", "ZONE", "UTC",
        "IANA zone whose midnight `today` means, such as Europe/London"),
    one("collect.delay", "DURATION", "0s",
        "How far behind now a window ends, for late call records"),
    one("collect.max-staleness", "DURATION", "10m",
        "How long the last good answer is served while 8x8 fails; at least two intervals"),

    one("demo.scenario", "NAME", "calm",
        "What happens in the simulated company: calm, abandon-spike, outage or rate-limited"),

    many("web.listen-address", "ADDRESS", "[::]:10888",
        "Address to listen on; `:10888` means all, port 0 picks one; repeatable"),
    one("web.telemetry-path", "PATH", "/metrics",
        "Path of the metrics"),
    one("web.config.file", "FILE", "",
        "TLS, users, headers and rate limit, in the format of exporter-toolkit's web configuration"),
    one("web.health-listen-address", "ADDRESS", "",
        "Another address, with plain HTTP and only /-/healthy and /-/ready, for probes"),
    one("web.external-url", "URL", "",
        "How others reach the exporter, for service discovery and links"),
    one("web.max-requests", "N", "40",
        "Scrapes that may wait at once; more are answered at once with what there is"),
    one("web.timeout-offset", "DURATION", "500ms",
        "Taken off Prometheus' scrape timeout"),
    switch("web.systemd-socket",
        "Listen on the sockets that systemd hands over"),
    switch("web.enable-lifecycle",
        "Allow POST /-/reload, which reads the configuration file again"),

    one("log.level", "LEVEL", "info",
        "error, warn, info, debug or trace"),
    one("log.format", "FORMAT", "logfmt",
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
        let interval = Opt::named("collect.interval").unwrap();
        assert_eq!(interval.variable(), "EIGHTXEIGHT_COLLECT_INTERVAL");
        let key = Opt::named("api.key-file").unwrap();
        assert_eq!(key.variable(), "EIGHTXEIGHT_API_KEY_FILE");
    }
}
