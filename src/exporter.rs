//! All accounts, and how a reload puts others in their place: by one pointer.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use eightxeight::Users;
use eightxeight::clock::Clock;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::account::{Account, AccountError, Prepared, excesses};
use crate::config::{self, Config, Problems, Running};
use crate::telemetry::{LastReload, log};

/// A reload that has not read its files by then has failed.
const LONGEST_LOAD: Duration = Duration::from_secs(10);

/// A running exporter. Nothing that a scrape, a health check or a signal needs is ever locked.
#[derive(Debug)]
pub struct Exporter {
    users: Arc<Users>,
    current: ArcSwap<Current>,
    last_reload: ArcSwap<LastReload>,
    /// Held by the reload that is under way, with what it left behind if it took too long.
    reloading: tokio::sync::Mutex<Option<JoinHandle<Loaded>>>,
    /// Places for scrapes that wait for a collection.
    waiting: Semaphore,
    /// Absent in the demo, whose configuration lies in no file.
    running: Option<Arc<Running>>,
    clock: Clock,
    started: Timestamp,
}

/// What is in force.
#[derive(Debug)]
struct Current {
    accounts: Vec<Arc<Account>>,
    /// The configuration as YAML, without secrets.
    shown: String,
}

/// A configuration whose files have been read, and its accounts.
type Loaded = Result<(Config, Vec<Prepared>), Problems>;

impl Exporter {
    /// Starts the accounts.
    ///
    /// # Errors
    ///
    /// When TLS can't be set up.
    pub fn start(
        accounts: Vec<config::Account>,
        web: &config::Web,
        shown: String,
        running: Option<Running>,
        clock: Clock,
    ) -> Result<Arc<Exporter>, AccountError> {
        let started = clock.now().wall;
        let exporter = Exporter {
            users: Users::new(clock),
            current: ArcSwap::from_pointee(Current {
                accounts: Vec::new(),
                shown: String::new(),
            }),
            last_reload: ArcSwap::from_pointee(LastReload {
                successful: true,
                loaded: started,
                number: 0,
            }),
            reloading: tokio::sync::Mutex::default(),
            waiting: Semaphore::new(web.max_requests.min(Semaphore::MAX_PERMITS)),
            running: running.map(Arc::new),
            clock,
            started,
        };
        let prepared = exporter.prepare(accounts)?;
        exporter.exchange(prepared, shown);
        Ok(Arc::new(exporter))
    }

    /// All accounts, in the order of the configuration.
    pub(crate) fn accounts(&self) -> Vec<Arc<Account>> {
        self.current.load().accounts.clone()
    }

    /// The account of this name.
    pub(crate) fn account(&self, name: &str) -> Option<Arc<Account>> {
        let current = self.current.load();
        let mut accounts = current.accounts.iter();
        accounts
            .find(|account| account.config().name.as_deref() == Some(name))
            .cloned()
    }

    /// The account, when there is exactly one.
    #[must_use]
    pub fn only_account(&self) -> Option<Arc<Account>> {
        match self.current.load().accounts.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// Whether 8x8 is simulated.
    pub(crate) fn is_demo(&self) -> bool {
        self.running.is_none()
    }

    /// The configuration in force as YAML, without secrets.
    pub(crate) fn shown(&self) -> String {
        self.current.load().shown.clone()
    }

    /// When it started.
    pub(crate) fn started(&self) -> Timestamp {
        self.started
    }

    /// What time it is for it.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// The places for scrapes that wait for a collection.
    #[must_use]
    pub fn waiting(&self) -> &Semaphore {
        &self.waiting
    }

    /// How the last attempt to load the configuration went.
    #[must_use]
    pub fn last_reload(&self) -> LastReload {
        **self.last_reload.load()
    }

    /// Loads the configuration again. Accounts come, go and change; what has been collected, counted and learnt of an 8x8
    /// user stays. When anything is wrong, everything stays as it was.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    pub(crate) async fn reload(self: &Arc<Self>) -> Result<(), Problems> {
        let exporter = self.clone();
        // A task of its own: whoever asked for it may give up meanwhile.
        let reload = tokio::spawn(async move { exporter.reload_now().await });
        reload
            .await
            .unwrap_or_else(|_| Err(Problems(vec!["the reload broke off".to_owned()])))
    }

    async fn reload_now(self: &Arc<Self>) -> Result<(), Problems> {
        let mut reloading = self.reloading.lock().await;
        let loaded = self.load(&mut reloading).await;
        let before = self.last_reload();
        match loaded {
            Ok((config, prepared)) => {
                tracing::info!(accounts = prepared.len(), "configuration reloaded");
                if !config.later.is_empty() {
                    let options = config.later.join(", ");
                    tracing::warn!(options, "these options take effect at the next start");
                }
                for warning in &config.warnings {
                    tracing::warn!("{warning}");
                }
                log::set_level(config.options.log.level);
                self.exchange(prepared, config.shown);
                self.last_reload.store(Arc::new(LastReload {
                    successful: true,
                    loaded: self.clock.now().wall,
                    number: before.number + 1,
                }));
                Ok(())
            }
            Err(problems) => {
                for problem in &problems.0 {
                    tracing::error!(%problem, "the configuration was not reloaded; the old one stays in force");
                }
                self.last_reload.store(Arc::new(LastReload {
                    successful: false,
                    number: before.number + 1,
                    ..before
                }));
                Err(problems)
            }
        }
    }

    /// Reads the configuration and all that it names, on a thread of its own and within a time limit: a file system can
    /// hang. The thread is left behind then, and nothing else notices.
    async fn load(self: &Arc<Self>, left_behind: &mut Option<JoinHandle<Loaded>>) -> Loaded {
        let problem = |text: &str| Err(Problems(vec![text.to_owned()]));
        let Some(running) = self.running.clone() else {
            return problem("the demo's configuration can't be reloaded");
        };
        if left_behind.as_ref().is_some_and(|load| !load.is_finished()) {
            return problem("the reload before this one is still reading files");
        }
        let exporter = self.clone();
        let mut load = tokio::task::spawn_blocking(move || {
            let mut config = running.reload()?;
            let accounts = std::mem::take(&mut config.accounts);
            let prepared = exporter.prepare(accounts);
            let prepared = prepared.map_err(|error| Problems(vec![error.to_string()]))?;
            Ok((config, prepared))
        });
        if let Ok(loaded) = timeout(LONGEST_LOAD, &mut load).await {
            return loaded.unwrap_or_else(|_| problem("reading the configuration failed"));
        }
        *left_behind = Some(load);
        problem("the files can't be read in time: their file system doesn't answer")
    }

    /// Reads the files of the accounts: not for a thread that must not wait.
    fn prepare(&self, accounts: Vec<config::Account>) -> Result<Vec<Prepared>, AccountError> {
        let current = self.current.load();
        let prepare = |config: config::Account| {
            let running = current.running(&config);
            Prepared::new(config, &self.users, running.as_deref())
        };
        accounts.into_iter().map(prepare).collect()
    }

    /// Puts other accounts in force. Those of the same name go on with what they have.
    fn exchange(&self, prepared: Vec<Prepared>, shown: String) {
        for excess in excesses(&prepared) {
            tracing::warn!("{excess}");
        }
        let current = self.current.load_full();
        let many = prepared.len() > 1;
        let start = |prepared: Prepared| {
            let config = &prepared.config;
            let running = current.running(config);
            if running
                .as_ref()
                .is_none_or(|running| running.config() != config)
            {
                for warning in config.warnings() {
                    tracing::warn!(account = config.name, "{warning}");
                }
            }
            let first_after = if many {
                rand::random_range(Duration::ZERO..config.collect.interval)
            } else {
                Duration::ZERO
            };
            let running = running.as_deref();
            Account::start(prepared, &self.users, self.clock, first_after, running)
        };
        let accounts = prepared.into_iter().map(start).map(Arc::new).collect();
        self.current.store(Arc::new(Current { accounts, shown }));
        self.users.prune();
    }
}

impl Current {
    /// The running account of the same name.
    fn running(&self, config: &config::Account) -> Option<Arc<Account>> {
        let mut accounts = self.accounts.iter();
        accounts
            .find(|account| account.config().name == config.name)
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::ffi::OsString;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::config::{Origin, Purpose};

    static IS_SLOW: AtomicBool = AtomicBool::new(false);

    fn environment(name: &str) -> Option<OsString> {
        while IS_SLOW.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        let is_needed = ["_KEY", "_USERNAME", "_PASSWORD"]
            .iter()
            .any(|end| name.ends_with(end));
        is_needed.then(|| "given".into())
    }

    #[tokio::test]
    async fn a_reload_goes_on_when_whoever_asked_for_it_has_gone() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let origin = Origin {
            flags: HashMap::new(),
            environment,
        };
        let config = origin.load(Purpose::Serve).unwrap();
        let running = Running::new(origin, &config);
        let (accounts, web) = (config.accounts, config.options.web);
        let exporter =
            Exporter::start(accounts, &web, config.shown, Some(running), Clock::System).unwrap();
        IS_SLOW.store(true, Ordering::Relaxed);
        let asked = timeout(Duration::from_millis(100), exporter.reload());
        assert!(asked.await.is_err());
        IS_SLOW.store(false, Ordering::Relaxed);
        let reloaded = async {
            while exporter.last_reload().number == 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), reloaded).await.unwrap();
        assert!(exporter.last_reload().successful);
    }
}
