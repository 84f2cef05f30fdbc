//! One 8x8 account at work: its client, its collections and its counts.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use eightxeight::clock::Clock;
use eightxeight::{Client, ClientError, Status, Users};
use exposition::{Live, RenderError, Segment, Variant};
use tokio::sync::Semaphore;

use crate::collect::{Collector, Plan, View};
use crate::config;
use crate::telemetry::{RequestMetrics, write_account};

/// One account under one configuration. A reload makes another, which keeps what has been collected and counted.
#[derive(Debug)]
pub struct Account {
    config: config::Account,
    client: Client,
    collector: Arc<Collector>,
    requests: RequestMetrics,
    live: Arc<Live>,
}

/// An account whose files have been read, not yet at work.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) config: config::Account,
    client: Client,
    requests: RequestMetrics,
}

/// Why an account can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There can be no client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There can be no metrics.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

impl Prepared {
    /// Reads the files of an account's secrets and roots: not for a thread that must not wait. `running` is the account
    /// of this name, whose counts go on.
    pub(crate) fn new(
        config: config::Account,
        users: &Arc<Users>,
        running: Option<&Account>,
    ) -> Result<Prepared, AccountError> {
        let requests = match running {
            Some(running) => running.requests.clone(),
            None => RequestMetrics::new()?,
        };
        let observer = {
            let requests = requests.clone();
            Arc::new(move |exchange| requests.observe(exchange))
        };
        let client = Client::new(users, config.api.clone(), observer)?;
        Ok(Prepared {
            config,
            client,
            requests,
        })
    }
}

/// A warning for each 8x8 user whose accounts ask more often together than the budget allows. What two of them ask alike is
/// asked once.
pub(crate) fn excesses(accounts: &[Prepared]) -> Vec<String> {
    let mut users: HashMap<_, (Vec<&config::Account>, HashMap<_, f64>)> = HashMap::new();
    for Prepared { config, client, .. } in accounts {
        let collect = &config.collect;
        for window in &collect.windows {
            let question = client.question(window, &collect.zone, collect.delay);
            let (sharing, per_minute) = users.entry(question.user).or_default();
            if sharing.last() != Some(&config) {
                sharing.push(config);
            }
            let often = per_minute.entry(question).or_default();
            *often = often.max(60.0 / collect.interval.as_secs_f64());
        }
    }
    let users = users.into_values().filter(|(sharing, _)| sharing.len() > 1);
    let excess = |(sharing, per_minute): (Vec<&config::Account>, HashMap<_, f64>)| {
        let budgets = sharing
            .iter()
            .map(|config| config.api.max_requests_per_minute);
        let budget = budgets.min()?;
        let needed: f64 = per_minute.values().sum();
        let names: Vec<_> = sharing
            .iter()
            .filter_map(|config| config.name.as_deref())
            .collect();
        (needed > f64::from(budget)).then(|| {
            format!(
                "the accounts {} of one 8x8 user need {needed:.1} requests a minute together, and the budget \
                 (--api.max-requests-per-minute) is {budget}: collections will wait for their turn; \
                 take a longer --collect.interval, fewer windows or a user for each",
                names.join(", ")
            )
        })
    };
    let mut excesses: Vec<_> = users.filter_map(excess).collect();
    excesses.sort();
    excesses
}

impl Account {
    /// Starts an account, or lets the one that is `running` under this name go on with another configuration. In timer
    /// mode the first collection of a new one comes `first_after` from now, so that many accounts don't all ask in the
    /// same second; in scrape mode nothing is asked before a scrape.
    pub(crate) fn start(
        prepared: Prepared,
        users: &Arc<Users>,
        clock: Clock,
        first_after: Duration,
        running: Option<&Account>,
    ) -> Account {
        let Prepared {
            config,
            client,
            requests,
        } = prepared;
        let replaced = running.filter(|running| !running.client.asks_like(&client));
        if let Some(replaced) = replaced {
            client.take_over(&replaced.client);
        }
        let plan = Plan {
            settings: config.collect.clone(),
            upstream: Arc::new(client.clone()),
            retries_failures: replaced.is_some(),
        };
        let (collector, live) = if let Some(running) = running {
            running.collector.reconfigure(plan);
            (running.collector.clone(), running.live.clone())
        } else {
            let name = config.name.as_deref().map(Arc::from);
            let collector = Collector::start(name, plan, users.clone(), clock, first_after);
            (Arc::new(collector), Arc::default())
        };
        Account {
            config,
            client,
            collector,
            requests,
            live,
        }
    }

    /// How it is configured.
    pub(crate) fn config(&self) -> &config::Account {
        &self.config
    }

    /// Its collections as they stand.
    pub(crate) fn view(&self) -> Arc<View> {
        self.collector.view()
    }

    /// The state of its dealings with 8x8.
    pub(crate) fn status(&self) -> Status {
        self.client.status()
    }

    /// Lets what is due be collected and waits for it, at the latest until there is `enough`, and if there is room among
    /// those who are `waiting`. Then the segments of a page about this account: 8x8's numbers, and how asking for them
    /// goes.
    ///
    /// # Errors
    ///
    /// Those of [`Segment::render`].
    pub async fn scrape(
        &self,
        variant: Variant,
        clock: Clock,
        waiting: &Semaphore,
        enough: impl Future<Output = ()>,
    ) -> Result<[Segment; 2], RenderError> {
        let (view, stored) = self.collector.scrape(variant, waiting, enough).await;
        Ok([stored?, self.live(&view, variant, clock)?])
    }

    /// The same segments as things stand, without a collection.
    ///
    /// # Errors
    ///
    /// Those of [`Segment::render`].
    pub(crate) async fn segments(
        &self,
        variant: Variant,
        clock: Clock,
    ) -> Result<[Segment; 2], RenderError> {
        let view = self.view();
        let stored = view.page.segment(variant).await?;
        Ok([stored, self.live(&view, variant, clock)?])
    }

    fn live(&self, view: &View, variant: Variant, clock: Clock) -> Result<Segment, RenderError> {
        let now = clock.now();
        self.live.part(variant, view.version, now.wall, |writer| {
            let cache = self.collector.cache_requests();
            write_account(writer, view, now, &self.status(), cache, &self.requests);
        })
    }
}
