//! One 8x8 account at work: its client, its collections and its pages.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use crate::collect::{Collector, Mode, View};
use crate::config;
use eightxeight::clock::Clock;
use eightxeight::transport::HttpError;
use eightxeight::{Client, Status};
use exposition::{Live, RenderError, Segment, Variant};

use crate::page::{Pages, Shown};
use crate::telemetry::{RequestMetrics, write_account};

/// One account. Dropping it ends its timer.
#[derive(Debug)]
pub struct Account {
    config: config::Account,
    client: Arc<Client>,
    collector: Collector,
    requests: RequestMetrics,
    pages: Arc<Pages>,
    live: Live,
    scrapes: Semaphore,
    _timer: Option<AbortOnDropHandle<()>>,
}

/// Why an account can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There can be no HTTP client.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// There can be no metrics.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

impl Account {
    /// Starts an account. In timer mode its first collection comes after `delay`, so that many accounts
    /// don't all ask in the same second; in scrape mode nothing is asked before a scrape.
    ///
    /// `predecessor` is the account of the same name before a reload: what it learnt of refused credentials
    /// and has spent of its budget is kept, so that reloading is no way around either.
    ///
    /// # Errors
    ///
    /// When TLS can't be set up.
    pub fn start(
        config: config::Account,
        max_scrapes: usize,
        clock: Clock,
        delay: Duration,
        predecessor: Option<&Account>,
    ) -> Result<Account, AccountError> {
        let requests = RequestMetrics::new()?;
        let observer = {
            let requests = requests.clone();
            Box::new(move |exchange| requests.observe(exchange))
        };
        let client = Client::new(config.api.clone(), clock, observer)?;
        if let Some(predecessor) = predecessor {
            client.inherit(&predecessor.client);
        }
        let client = Arc::new(client);
        let fetch = {
            let client = client.clone();
            Box::new(
                move |period| -> std::pin::Pin<Box<dyn Future<Output = _> + Send>> {
                    let client = client.clone();
                    Box::pin(async move { client.company_summary(period).await })
                },
            )
        };
        let name = config.name.as_deref().map(Arc::from);
        let pages = Arc::new(Pages::new());
        let prepare = {
            let pages = pages.clone();
            Box::new(
                move |window, snapshot| -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
                    let pages = pages.clone();
                    Box::pin(async move { pages.prepare(&window, snapshot).await })
                },
            )
        };
        let collector = Collector::new(name, config.collect.clone(), clock, fetch, prepare);
        let timer = (config.collect.mode == Mode::Timer).then(|| {
            let collector = collector.clone();
            AbortOnDropHandle::new(tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                collector.run_timer().await;
            }))
        });
        let scrapes = Semaphore::new(max_scrapes.min(Semaphore::MAX_PERMITS));
        let live = Live::default();
        Ok(Account {
            config,
            client,
            collector,
            requests,
            pages,
            live,
            scrapes,
            _timer: timer,
        })
    }

    /// How it is configured.
    #[must_use]
    pub fn config(&self) -> &config::Account {
        &self.config
    }

    /// Its collections.
    #[must_use]
    pub fn collector(&self) -> &Collector {
        &self.collector
    }

    /// How its dealings with 8x8 stand.
    #[must_use]
    pub fn status(&self) -> Status {
        self.client.status()
    }

    /// Collects what is due and tells how things stand, at the latest when there is `enough`; nothing when
    /// too many wait already.
    pub async fn scrape(&self, enough: impl Future<Output = ()>) -> Option<View> {
        let _slot = self.scrapes.try_acquire().ok()?;
        Some(self.collector.scrape(enough).await)
    }

    /// The parts of a page that are about this account: 8x8's numbers, and how asking for them goes.
    ///
    /// # Errors
    ///
    /// Those of [`Pages::part`].
    pub async fn parts(&self, view: &View, variant: Variant) -> Result<[Segment; 2], RenderError> {
        let shown: Vec<Shown> = view
            .windows
            .iter()
            .filter_map(|state| Some((&state.window, state.served.clone()?)))
            .collect();
        let stored = self.pages.part(&shown, variant).await?;
        let live = self
            .live
            .part(variant, view.ended, view.now.wall, |writer| {
                write_account(writer, view, &self.client.status(), &self.requests);
            })?;
        Ok([stored, live])
    }
}
