//! All accounts, and how they are exchanged when the configuration is loaded anew.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;

use crate::account::{Account, AccountError};
use crate::config::{self, Origin, Problems};
use eightxeight::clock::Clock;

/// The accounts of a running exporter.
#[derive(Debug)]
pub struct Exporter {
    accounts: ArcSwap<Vec<Arc<Account>>>,
    clock: Clock,
    started: Timestamp,
    max_scrapes: usize,
    /// Absent in the demo, whose configuration lies in no file.
    origin: Option<Origin>,
    web: config::Web,
    shown: ArcSwap<String>,
    reload: Mutex<Reload>,
}

/// How the last attempt to load the configuration went.
#[derive(Clone, Copy, Debug)]
pub struct Reload {
    /// Whether it worked.
    pub successful: bool,
    /// When the configuration in force was loaded.
    pub loaded: Timestamp,
}

impl Exporter {
    /// Starts the accounts.
    ///
    /// # Errors
    ///
    /// When TLS can't be set up.
    pub fn start(
        accounts: Vec<config::Account>,
        web: config::Web,
        shown: String,
        origin: Option<Origin>,
        clock: Clock,
    ) -> Result<Exporter, AccountError> {
        let started = clock.now().wall;
        let exporter = Exporter {
            accounts: ArcSwap::default(),
            clock,
            started,
            max_scrapes: web.max_requests,
            origin,
            web,
            shown: ArcSwap::from_pointee(shown),
            reload: Mutex::new(Reload {
                successful: true,
                loaded: started,
            }),
        };
        let running = exporter.exchange(accounts)?;
        exporter.accounts.store(Arc::new(running));
        Ok(exporter)
    }

    /// All accounts, in the order of the configuration.
    #[must_use]
    pub fn accounts(&self) -> Arc<Vec<Arc<Account>>> {
        self.accounts.load_full()
    }

    /// The account of this name.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<Arc<Account>> {
        let accounts = self.accounts.load();
        accounts
            .iter()
            .find(|account| account.config().name.as_deref() == Some(name))
            .cloned()
    }

    /// The account, when there is exactly one.
    #[must_use]
    pub fn only_account(&self) -> Option<Arc<Account>> {
        match self.accounts.load().as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// The configuration in force as YAML, without secrets.
    #[must_use]
    pub fn shown(&self) -> Arc<String> {
        self.shown.load_full()
    }

    /// When it started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// What time it is for it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// How the last attempt to load the configuration went.
    #[must_use]
    pub fn last_reload(&self) -> Reload {
        *self.reload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the configuration anew. Accounts come, go and change; one that hasn't changed goes on as if
    /// nothing had happened, and so does everything when anything is wrong.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    pub fn reload(&self) -> Result<(), Problems> {
        let Some(origin) = &self.origin else {
            return Err(Problems(vec![
                "the demo's configuration can't be loaded anew".to_owned(),
            ]));
        };
        // Held throughout: two reloads at once would each drop what the other has started.
        let mut state = self.reload.lock().unwrap_or_else(PoisonError::into_inner);
        let exchanged = origin.load().and_then(|config| {
            let accounts = self
                .exchange(config.accounts)
                .map_err(|error| Problems(vec![error.to_string()]))?;
            Ok((accounts, config.web, config.shown))
        });
        state.successful = exchanged.is_ok();
        match exchanged {
            Ok((accounts, web, shown)) => {
                state.loaded = self.clock.now().wall;
                tracing::info!(accounts = accounts.len(), "configuration loaded anew");
                if web != self.web {
                    tracing::warn!(
                        "the options of the web server have changed; they take effect at the next start"
                    );
                }
                self.accounts.store(Arc::new(accounts));
                self.shown.store(Arc::new(shown));
                Ok(())
            }
            Err(problems) => {
                for problem in &problems.0 {
                    tracing::error!(%problem, "the configuration was not loaded anew; the old one stays in force");
                }
                Err(problems)
            }
        }
    }

    /// The accounts for a configuration: the running ones where nothing has changed, else new ones.
    fn exchange(&self, configs: Vec<config::Account>) -> Result<Vec<Arc<Account>>, AccountError> {
        let many = configs.len() > 1;
        configs
            .into_iter()
            .map(|config| {
                let running = self.accounts.load();
                let same_name = running
                    .iter()
                    .find(|account| account.config().name == config.name);
                if let Some(account) = same_name
                    && *account.config() == config
                {
                    return Ok(account.clone());
                }
                let delay = if many {
                    rand::random_range(Duration::ZERO..config.collect.interval)
                } else {
                    Duration::ZERO
                };
                let predecessor = same_name.map(|account| &**account);
                for warning in config.warnings() {
                    tracing::warn!(account = config.name, "{warning}");
                }
                Account::start(config, self.max_scrapes, self.clock, delay, predecessor)
                    .map(Arc::new)
            })
            .collect()
    }
}
