//! What is served where.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::metrics::metrics;
use super::status::{status, style};
use crate::account::Account;
use crate::config;
use crate::exposition::Live;

/// All paths but that of the metrics, which is configured and must differ from these.
pub const OTHER_PATHS: [&str; 8] = [
    "/",
    "/style.css",
    "/probe",
    "/sd",
    "/config",
    "/-/healthy",
    "/-/ready",
    "/-/reload",
];

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    pub(super) account: Arc<Account>,
    pub(super) web: config::Web,
    pub(super) live: Live,
    pub(super) scrapes: Semaphore,
    pub(super) stopping: CancellationToken,
    pub(super) started: Timestamp,
}

impl App {
    /// An application that serves `account` and answers waiting scrapes at once when `stopping` is
    /// cancelled.
    #[must_use]
    pub fn new(
        account: Arc<Account>,
        web: config::Web,
        started: Timestamp,
        stopping: CancellationToken,
    ) -> App {
        let scrapes = Semaphore::new(web.max_requests.min(Semaphore::MAX_PERMITS));
        App {
            account,
            web,
            live: Live::default(),
            scrapes,
            stopping,
            started,
        }
    }
}

/// The routes.
pub fn router(app: App) -> Router {
    let telemetry_path = app.web.telemetry_path.clone();
    Router::new()
        .route(&telemetry_path, get(metrics))
        .route("/", get(status))
        .route("/style.css", get(style))
        .route("/-/healthy", get(|| async { "healthy\n" }))
        .route("/-/ready", get(|| async { "ready\n" }))
        .with_state(Arc::new(app))
}
