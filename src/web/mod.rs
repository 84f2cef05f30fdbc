//! The exporter's own web server: routes and pages.
//!
//! [`routes`] says what is served where; [`metrics`] answers a scrape, [`discovery`] Prometheus'
//! service discovery, [`status`] a person, [`dashboards`] Grafana.

mod dashboards;
mod deadline;
mod discovery;
mod metrics;
mod routes;
mod status;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use dashboards::{DASHBOARDS, Dashboard};
pub use routes::{health_router, router};

use crate::config;
use crate::exporter::Exporter;
use exposition::Live;
use status::shared::Shared;

/// The exporter, how it is served, and what is kept from one request to the next.
#[derive(Debug)]
pub struct App {
    exporter: Arc<Exporter>,
    web: config::Web,
    live: Live,
    status: Shared,
    stopping: CancellationToken,
}

impl App {
    /// An application that answers waiting scrapes at once when `stopping` is cancelled.
    #[must_use]
    pub fn new(exporter: Arc<Exporter>, web: config::Web, stopping: CancellationToken) -> App {
        App {
            exporter,
            web,
            live: Live::default(),
            status: Shared::default(),
            stopping,
        }
    }
}
