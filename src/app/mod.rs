//! Starts what a command needs and runs it until it is told to stop.

mod announce;
mod runtime;

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::account::{AccountError, Prepared, excesses};
use crate::commands::backfill::{self, BackfillError};
use crate::commands::{check, health};
use crate::config::{self, Account, Config, Origin, Running, requests_per_minute};
use crate::exporter::Exporter;
use crate::names::USER_AGENT;
use crate::telemetry::log;
use eightxeight::clock::Clock;
use eightxeight::credentials::{Credentials, Source};
use eightxeight::{Client, Users};
use eightxeight_simulator::{self, Simulator};
use exporter_toolkit::{Server, WebSecurity, listen};
use exposition::Variant;

use crate::web::{App, health_router, router};
use runtime::LEAST_DESCRIPTORS;

/// How long the runtime may take to end what still runs after the last connection.
const LONGEST_END: Duration = Duration::from_millis(500);

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// An account can't be set up.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// An address can't be listened on.
    #[error("--web.listen-address: {0}")]
    Listen(#[from] listen::ListenError),
    /// The address for probes can't be listened on.
    #[error("--web.health-listen-address: {0}")]
    ListenForProbes(#[source] listen::ListenError),
    /// systemd has handed over no sockets.
    #[error("--web.systemd-socket: {0}")]
    Systemd(#[from] listen::NoSockets),
    /// The web configuration was good a moment ago and isn't any more.
    #[error("{}", .0.join("; "))]
    WebConfiguration(Vec<String>),
    /// Somebody stopped a check.
    #[error("stopped")]
    Stopped,
    /// A check's report can't be written.
    #[error("the report can't be written: {0}")]
    Report(std::io::Error),
    /// A backfill didn't get to its end.
    #[error(transparent)]
    Backfill(#[from] BackfillError),
    /// The system lets too few files be open.
    #[error(
        "only {0} files may be open, and {LEAST_DESCRIPTORS} are needed: raise the limit (ulimit -n, LimitNOFILE)"
    )]
    FewDescriptors(u64),
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
    pub(crate) fn is_configuration(&self) -> bool {
        matches!(
            self,
            Failure::Account(_)
                | Failure::WebConfiguration(_)
                | Failure::Backfill(BackfillError::Usage(_))
        )
    }
}

/// Runs the exporter until it is told to stop.
///
/// # Errors
///
/// When it can't start.
pub(crate) fn serve(config: Config, origin: Origin) -> Result<(), Failure> {
    let running = Running::new(origin, &config);
    run(config.options.log, config.warnings, async move {
        let web = config.options.web;
        let shown = config.shown;
        serve_accounts(config.accounts, web, shown, Some(running), |_, _, _| {}).await
    })
}

/// Runs the exporter against a simulated 8x8 until it is told to stop.
///
/// # Errors
///
/// When it can't start.
pub(crate) fn demo(config: Config) -> Result<(), Failure> {
    run(config.options.log, config.warnings, async move {
        let options = config.options;
        let mut settings =
            eightxeight_simulator::Settings::new(eightxeight_simulator::Credentials::random());
        settings.scenario = options.scenario;
        let simulator = Simulator::start(settings)
            .await
            .map_err(|source| Failure::System {
                what: "a loopback port for the simulator",
                source,
            })?;
        let interval = options.collect.interval;
        let account = demo_account(&simulator, options.collect);
        let url = simulator.url();
        let shown = format!("# A demo: 8x8 is simulated.\napi:\n  url: \"{url}\"\n");
        let web = options.web.clone();
        let started = |exporter: &Arc<Exporter>, listeners: &[TcpListener], scheme: &str| {
            announce::demo(&simulator, scheme, &web, listeners);
            tokio::spawn(read_demo(exporter.clone(), interval / 4));
        };
        let shown = shown + &config.shown;
        serve_accounts(vec![account], options.web, shown, None, started).await
    })
}

/// Finds what would be wrong before the exporter listens, and what it would warn of.
///
/// # Errors
///
/// When an account can't be set up.
pub(crate) fn verify(config: &Config) -> Result<Vec<String>, Failure> {
    install_cryptography();
    let users = Users::new(Clock::System);
    let mut warnings = config.warnings.clone();
    if config.accounts.is_empty() {
        warnings.extend(config::zone_warning(&config.options.collect));
    }
    let mut prepared = Vec::new();
    for account in &config.accounts {
        prepared.push(Prepared::new(account.clone(), &users, None)?);
        let name = account.name.as_ref();
        let name = name.map_or_else(String::new, |name| format!("accounts.{name}: "));
        let named = |warning: String| format!("{name}{warning}");
        warnings.extend(account.warnings().into_iter().map(named));
    }
    warnings.extend(excesses(&prepared));
    Ok(warnings)
}

/// Checks an account and shows the report on standard output. Whether all worked.
///
/// # Errors
///
/// When there is no report.
pub(crate) fn check(
    account: Account,
    log: log::Settings,
    warnings: Vec<String>,
    format: check::Format,
) -> Result<bool, Failure> {
    run(log, warnings, async move {
        let client = client(account.api.clone())?;
        let stop = stop_signal()?;
        let mut output = std::io::stdout();
        tokio::select! {
            all_worked = check::check(account, client, format, &mut output) => all_worked.map_err(Failure::Report),
            () = stop.cancelled() => Err(Failure::Stopped),
        }
    })
}

/// Runs a backfill to its end, once its length is agreed to. The finished files.
///
/// # Errors
///
/// When it can't start or go on, or somebody stops it.
pub(crate) fn backfill(
    job: backfill::Job,
    log: log::Settings,
    warnings: Vec<String>,
) -> Result<Vec<PathBuf>, Failure> {
    run(log, warnings, async move {
        let ready = job.open(Clock::System.now().wall)?;
        // If standard output is closed, nobody wants to know.
        let _ = writeln!(std::io::stdout(), "{}", ready.announcement());
        let ready = ready.agreed()?;
        let client = client(ready.settings())?;
        let stop = stop_signal()?;
        Ok(backfill::run(ready, client, stop).await?)
    })
}

/// A client whose requests nobody counts.
fn client(settings: eightxeight::Settings) -> Result<Client, AccountError> {
    let users = Users::new(Clock::System);
    Ok(Client::new(&users, settings, Arc::new(|_| {}))?)
}

/// Scrapes the demo as Prometheus would, and no less often than something can be due: whoever opens its status page hasn't
/// one yet.
async fn read_demo(exporter: Arc<Exporter>, every: Duration) {
    let (form, room, clock) = (Variant::ALL[0], Semaphore::new(1), exporter.clock());
    loop {
        if let Some(account) = exporter.only_account() {
            let _ = account
                .scrape(form, clock, &room, std::future::pending())
                .await;
        }
        tokio::time::sleep(every).await;
    }
}

/// An account whose 8x8 is `simulator`.
#[must_use]
#[allow(clippy::missing_panics_doc)] // It doesn't.
pub fn demo_account(simulator: &Simulator, collect: crate::collect::Settings) -> config::Account {
    let source = |secret: String| Source::text("the demo's", secret);
    let credentials = simulator.credentials();
    // The simulator wrote the URL, so it is a good one.
    #[allow(clippy::expect_used)]
    let url = config::url(&simulator.url()).expect("a loopback URL");
    // The demo has no budget to keep to, but the metric shall mean something.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let needed = requests_per_minute(&collect).ceil() as u32;
    config::Account {
        name: None,
        labels: Vec::new(),
        api: eightxeight::Settings {
            url,
            credentials: Credentials {
                key: source(credentials.api_key),
                username: source(credentials.username),
                password: source(credentials.password),
            },
            pbx_ids: vec![eightxeight::answer::ALL_PBXES.to_owned()],
            timeout: Duration::from_secs(30),
            ca_file: None,
            max_requests_per_minute: (needed + 2).max(10),
            login_retry_interval: Duration::from_mins(15),
            interval: collect.interval,
            user_agent: USER_AGENT.to_owned(),
        },
        collect,
    }
}

/// The only provider in the program; a second call changes nothing.
fn install_cryptography() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn run<T>(
    log: log::Settings,
    warnings: Vec<String>,
    program: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    log::install(log);
    install_cryptography();
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let runtime = runtime::start()?;
    let result = runtime.block_on(program);
    // A request to 8x8 may be under way; nobody waits for it any more.
    runtime.shutdown_timeout(LONGEST_END);
    result
}

async fn serve_accounts(
    accounts: Vec<config::Account>,
    web: config::Web,
    shown: String,
    running: Option<Running>,
    started: impl FnOnce(&Arc<Exporter>, &[TcpListener], &str),
) -> Result<(), Failure> {
    let security = web_security(&web)?;
    // Before the sockets: whoever finds one open may send a signal.
    let (stop, hangup) = (stop_signal()?, on(SignalKind::hangup())?);
    // Before the accounts: what can't be reached shall not ask 8x8.
    let listeners = if web.systemd_socket {
        listen::from_systemd()?
    } else {
        listen::bind(&web.listen).await?
    };
    let for_probes = listen::bind(web.health_listen.as_slice()).await;
    let health_listeners = for_probes.map_err(Failure::ListenForProbes)?;
    let exporter = Exporter::start(accounts, &web, shown, running, Clock::System)?;
    tokio::spawn(reload_at(hangup, exporter.clone()));
    let for_probes = announce::addresses(&health_listeners).map(|address| (address, ""));
    let main = announce::addresses(&listeners).map(|address| (address, web.prefixes()[0]));
    if let Some((address, prefix)) = for_probes.chain(main).next()
        && let Err(error) = health::publish(address, prefix)
    {
        tracing::debug!(%error, "the health command needs to be told the address");
    }
    announce::start(&exporter, &web, &listeners);
    let secure = security
        .as_ref()
        .is_some_and(|security| security.speaks_tls());
    let scheme = if secure { "https" } else { "http" };
    started(&exporter, &listeners, scheme);
    let app = App::new(exporter, web, stop.clone());
    tell_systemd(sd_notify::NotifyState::Ready);
    // Probes are answered to the end: the main server may still be sending when it is told to stop.
    let probes =
        tokio::spawn(Server::new(health_listeners).run(health_router(), CancellationToken::new()));
    let server = Server::new(listeners).behind(security);
    let cut = server.run(router(app), stop).await;
    probes.abort();
    if cut > 0 {
        tracing::warn!(
            connections = cut,
            "connections cut that were still being answered"
        );
    }
    tracing::info!("stopped");
    Ok(())
}

/// What the web configuration puts before the routes.
fn web_security(web: &config::Web) -> Result<Option<Arc<WebSecurity>>, Failure> {
    let Some(path) = &web.config_file else {
        return Ok(None);
    };
    let security = WebSecurity::open(path).map_err(|problems| {
        let named = problems
            .into_iter()
            .map(|problem| format!("--web.config.file: {problem}"));
        Failure::WebConfiguration(named.collect())
    })?;
    Ok(Some(Arc::new(security)))
}

/// A token that is cancelled by SIGTERM or SIGINT. A SIGINT after that ends the process at once.
fn stop_signal() -> Result<CancellationToken, Failure> {
    let mut terminate = on(SignalKind::terminate())?;
    let mut interrupt = on(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            let signal = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal, "stopping");
            tell_systemd(sd_notify::NotifyState::Stopping);
            stop.cancel();
            // A second Ctrl-C means: don't wait.
            if interrupt.recv().await.is_some() {
                std::process::exit(130);
            }
        }
    });
    Ok(stop)
}

/// Tells systemd, where it runs the exporter and wants to know.
fn tell_systemd(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "can't report the status to systemd");
    }
}

/// Reloads the configuration at each SIGHUP.
async fn reload_at(mut hangup: Signal, exporter: Arc<Exporter>) {
    while hangup.recv().await.is_some() {
        // The log says what is wrong.
        let _ = exporter.reload().await;
    }
}

fn on(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|source| Failure::System {
        what: "a signal handler",
        source,
    })
}
