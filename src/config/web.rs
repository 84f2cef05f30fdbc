//! The settings of the exporter's own web server.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use exporter_toolkit::listen::ListenAddress;
use url::Url;

use super::values::OTHER_PATHS;

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

impl Web {
    /// A path at which two things would be served.
    pub(super) fn clash(&self) -> Option<String> {
        let below = OTHER_PATHS.into_iter().chain([&*self.telemetry_path]);
        let mut taken = HashSet::new();
        let mut paths = self.prefixes().into_iter().flat_map(|prefix| {
            // The prefix leads to the page.
            let own = (!prefix.is_empty()).then(|| prefix.to_owned());
            let below = below.clone().map(move |path| format!("{prefix}{path}"));
            below.chain(own)
        });
        paths.find(|path| !taken.insert(path.clone()))
    }

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
