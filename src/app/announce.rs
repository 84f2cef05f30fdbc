//! What the log says at a start.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config;
use crate::exporter::Exporter;
use crate::telemetry::BUILD;
use eightxeight_simulator::{Scenario, Simulator};

/// Logs the configuration in one line; several accounts get a line each after it.
pub(super) fn start(exporter: &Exporter, web: &config::Web, listeners: &[TcpListener]) {
    let addresses: Vec<_> = addresses(listeners)
        .map(|address| address.to_string())
        .collect();
    let web = Some((web, addresses.join(",")));
    match exporter.accounts().as_slice() {
        [only] => log_configuration("listening", web, Some(only.config())),
        accounts => {
            log_configuration("listening", web, None);
            for account in accounts {
                log_configuration("collecting", None, Some(account.config()));
            }
        }
    }
}

fn log_configuration(
    message: &str,
    web: Option<(&config::Web, String)>,
    account: Option<&config::Account>,
) {
    let (web, address) = web.unzip();
    let api = account.map(|account| &account.api);
    let collect = account.map(|account| &account.collect);
    let duration = |duration| humantime::format_duration(duration).to_string();
    tracing::info!(
        version = web.map(|_| BUILD.version),
        revision = web.map(|_| BUILD.revision),
        address,
        telemetry_path = web.map(|web| &*web.telemetry_path),
        max_requests = web.map(|web| web.max_requests),
        timeout_offset = web.map(|web| duration(web.timeout_offset)),
        account = account.and_then(|account| account.name.as_deref()),
        api = api.map(|api| api.url.as_str()),
        pbx_id = api.map(|api| api.pbx_ids.join(",")),
        timeout = api.map(|api| duration(api.timeout)),
        max_requests_per_minute = api.map(|api| api.max_requests_per_minute),
        mode = collect.map(|collect| collect.mode.name()),
        interval = collect.map(|collect| duration(collect.interval)),
        windows = collect.map(|collect| {
            collect
                .windows
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",")
        }),
        time_zone = collect.map(|collect| collect.zone.iana_name().unwrap_or("UTC")),
        delay = collect.map(|collect| duration(collect.delay)),
        max_staleness = collect.map(|collect| duration(collect.max_staleness)),
        "{message}"
    );
}

pub(super) fn demo(
    simulator: &Simulator,
    scheme: &str,
    web: &config::Web,
    listeners: &[TcpListener],
) {
    let port = addresses(listeners)
        .next()
        .map_or(0, |address| address.port());
    let base = format!("{scheme}://localhost:{port}{}", web.prefixes()[0]);
    let control = format!("http://{}/simulator/scenario", simulator.address());
    let scenario = simulator.scenario();
    let other = if scenario == Scenario::Outage {
        Scenario::Calm
    } else {
        Scenario::Outage
    };
    tracing::info!(
        %scenario,
        page = format!("{base}/"),
        metrics = format!("{base}{}", web.telemetry_path),
        another_scenario = format!("curl -X PUT -d {other} {control}"),
        "demo: the numbers come from a simulated 8x8"
    );
}

pub(super) fn addresses(listeners: &[TcpListener]) -> impl Iterator<Item = SocketAddr> {
    listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
}
