//! Wires everything together and runs it: configuration, account, web server, signals.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::account::{Account, AccountError};
use crate::clock::Clock;
use crate::config::{self, Config, DemoConfig, requests_per_minute};
use crate::eightxeight;
use crate::secret::{Credentials, Source};
use crate::simulator::{self, Simulator};
use crate::telemetry::{BUILD, log};
use crate::web::{App, Server, listen, router};

/// How long the runtime may take to end what still runs after the last connection.
const LONGEST_END: Duration = Duration::from_millis(500);

/// Why the program could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The account can't be set up.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// An address can't be listened on.
    #[error(transparent)]
    Listen(#[from] listen::ListenError),
    /// The system refuses what every program needs.
    #[error("the system refused {what}: {source}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
}

impl Failure {
    /// Whether the configuration is to blame, and nothing has been started.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(self, Failure::Account(_))
    }
}

/// Runs the exporter until it is told to stop.
///
/// # Errors
///
/// When it can't start.
pub fn serve(config: Config) -> Result<(), Failure> {
    run(config.log, async move {
        exporter(config.account, config.web, None).await
    })
}

/// Runs the exporter against a simulated 8x8 until it is told to stop.
///
/// # Errors
///
/// When it can't start.
pub fn demo(config: DemoConfig) -> Result<(), Failure> {
    run(config.log, async move {
        let secrets = ["demo-key", "demo-user", "demo-password"];
        let [key, username, password] =
            secrets.map(|name| format!("{name}-{:016x}", rand::random::<u64>()));
        let mut settings = simulator::Settings::new(simulator::Credentials {
            api_key: key,
            username,
            password,
        });
        settings.scenario = config.scenario;
        let simulator = Simulator::start(settings)
            .await
            .map_err(|source| Failure::System {
                what: "a loopback port for the simulator",
                source,
            })?;
        let account = demo_account(&simulator, config.collect);
        exporter(account, config.web, Some((simulator, config.scenario))).await
    })
}

/// The configuration of an account whose 8x8 is `simulator`, with its first customer's credentials.
#[must_use]
pub fn demo_account(simulator: &Simulator, collect: crate::collect::Settings) -> config::Account {
    let source = |name: &str, secret| Source::text(format!("the demo's {name}"), secret);
    let simulator::Credentials {
        api_key: key,
        username,
        password,
    } = simulator.credentials();
    // The simulator wrote the URL, so it is a good one.
    #[allow(clippy::expect_used)]
    let url = config::url(&simulator.url()).expect("a loopback URL");
    // The demo has no budget to keep to, but the metric shall mean something.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let needed = requests_per_minute(&collect).ceil() as u32;
    config::Account {
        api: eightxeight::Settings {
            url,
            credentials: Credentials {
                key: source("key", key),
                username: source("user", username),
                password: source("password", password),
            },
            pbx_ids: vec!["allpbxes".to_owned()],
            timeout: Duration::from_secs(30),
            ca_file: None::<PathBuf>,
            max_requests_per_minute: (needed + 2).max(10),
            login_retry_interval: Duration::from_mins(15),
            interval: collect.interval,
        },
        collect,
    }
}

fn run(
    log: log::Settings,
    program: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    log::install(log);
    // The only provider in the program; a second install, which only tests make, changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::System {
            what: "threads",
            source,
        })?;
    let result = runtime.block_on(program);
    // A request to 8x8 may be under way; nobody waits for it any more.
    runtime.shutdown_timeout(LONGEST_END);
    result
}

async fn exporter(
    config: config::Account,
    web: config::Web,
    demo: Option<(Simulator, simulator::Scenario)>,
) -> Result<(), Failure> {
    let clock = Clock::System;
    let warnings = config.warnings();
    let account = Arc::new(Account::new(config.clone(), clock)?);
    let listeners = listen::bind(&web.listen).await?;
    let stop = stop_signal()?;
    let telemetry_path = web.telemetry_path.clone();
    log_start(&config, &web, &listeners);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    if let Some((simulator, scenario)) = &demo {
        log_demo(simulator, *scenario, &listeners, &telemetry_path);
    }
    let app = App::new(account.clone(), web, clock.now().wall, stop.clone());
    let collecting = tokio::spawn(async move { account.run().await });
    let stopped = Server::new(listeners).run(router(app), stop).await;
    collecting.abort();
    if stopped.cut > 0 {
        tracing::warn!(
            connections = stopped.cut,
            "connections cut that were still being answered"
        );
    }
    tracing::info!("stopped");
    Ok(())
}

/// A token that is cancelled by SIGTERM or SIGINT.
fn stop_signal() -> Result<CancellationToken, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|source| Failure::System {
            what: "a signal handler",
            source,
        })
    };
    let (mut terminate, mut interrupt) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            let signal = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal, "stopping");
            stop.cancel();
        }
    });
    Ok(stop)
}

fn log_start(config: &config::Account, web: &config::Web, listeners: &[TcpListener]) {
    let addresses: Vec<_> = addresses(listeners);
    let windows: Vec<_> = config
        .collect
        .windows
        .iter()
        .map(ToString::to_string)
        .collect();
    let duration = humantime::format_duration;
    tracing::info!(
        version = BUILD.version,
        revision = BUILD.revision,
        address = addresses.join(","),
        telemetry_path = web.telemetry_path,
        api = %config.api.url,
        pbx_id = config.api.pbx_ids.join(","),
        mode = config.collect.mode.name(),
        interval = %duration(config.collect.interval),
        windows = windows.join(","),
        time_zone = config.collect.zone.iana_name().unwrap_or("UTC"),
        delay = %duration(config.collect.delay),
        max_staleness = %duration(config.collect.max_staleness),
        max_requests_per_minute = config.api.max_requests_per_minute,
        "listening"
    );
}

fn log_demo(
    simulator: &Simulator,
    scenario: simulator::Scenario,
    listeners: &[TcpListener],
    telemetry_path: &str,
) {
    let port = listeners
        .first()
        .and_then(|listener| listener.local_addr().ok());
    let port = port.map_or(0, |address| address.port());
    let control = format!("http://{}/simulator/scenario", simulator.address());
    tracing::info!(
        %scenario,
        page = format!("http://localhost:{port}/"),
        metrics = format!("http://localhost:{port}{telemetry_path}"),
        another_scenario = format!("curl -X PUT -d outage {control}"),
        "demo: the numbers come from a simulated 8x8"
    );
}

fn addresses(listeners: &[TcpListener]) -> Vec<String> {
    listeners
        .iter()
        .filter_map(|listener| Some(listener.local_addr().ok()?.to_string()))
        .collect()
}
