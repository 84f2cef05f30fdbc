//! What all handlers share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::status::shared::Shared;
use crate::config;
use crate::exporter::Exporter;
use exposition::Live;

/// The exporter, how it is served, and what is kept from one request to the next.
#[derive(Debug)]
pub struct App {
    pub(super) exporter: Arc<Exporter>,
    pub(super) web: config::Web,
    pub(super) live: Live,
    pub(super) status: Shared,
    pub(super) stopping: CancellationToken,
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
