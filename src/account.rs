//! One 8x8 account at work: its client, its collections and its pages.

use std::sync::Arc;

use crate::clock::Clock;
use crate::collect::{Collector, Mode, View};
use crate::config;
use crate::eightxeight::Client;
use crate::eightxeight::http::HttpError;
use crate::exposition::{Pages, Part, RenderError, Shown, Variant, Writer};
use crate::telemetry::{RequestMetrics, write_account};

/// One account.
#[derive(Debug)]
pub struct Account {
    client: Arc<Client>,
    collector: Collector,
    requests: RequestMetrics,
    pages: Pages,
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
    /// An account that has asked nothing yet.
    ///
    /// # Errors
    ///
    /// When TLS can't be set up.
    pub fn new(config: config::Account, clock: Clock) -> Result<Account, AccountError> {
        let requests = RequestMetrics::new()?;
        let observer = {
            let requests = requests.clone();
            Box::new(move |exchange| requests.observe(exchange))
        };
        let client = Arc::new(Client::new(config.api, clock, observer)?);
        let fetch = {
            let client = client.clone();
            Box::new(
                move |period| -> std::pin::Pin<Box<dyn Future<Output = _> + Send>> {
                    let client = client.clone();
                    Box::pin(async move { client.company_summary(period).await })
                },
            )
        };
        let collector = Collector::new(config.collect, clock, fetch);
        Ok(Account {
            client,
            collector,
            requests,
            pages: Pages::new(),
        })
    }

    /// Its client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Its collections.
    #[must_use]
    pub fn collector(&self) -> &Collector {
        &self.collector
    }

    /// Collects in the background, for ever, if that is how it is configured.
    pub async fn run(&self) {
        if self.collector.settings().mode == Mode::Timer {
            self.collector.clone().run_timer().await;
        }
    }

    /// The part of a page that holds 8x8's numbers.
    ///
    /// # Errors
    ///
    /// Those of [`Pages::part`].
    pub async fn stored(&self, view: &View, variant: Variant) -> Result<Part, RenderError> {
        let shown: Vec<Shown> = view
            .windows
            .iter()
            .filter_map(|state| Some((&state.window, state.served.clone()?)))
            .collect();
        self.pages.part(&shown, variant).await
    }

    /// Writes the metrics about the account.
    pub fn write(&self, writer: &mut Writer, view: &View) {
        write_account(writer, view, &self.client.status(), &self.requests);
    }
}
