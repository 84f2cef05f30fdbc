//! What is served where.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use super::dashboards::{DASHBOARDS, Dashboard};
use super::discovery::discovery;
use super::metrics::{metrics, probe};
use super::status::{icon, script, status, style};
use crate::config;
use crate::exporter::Exporter;
use exposition::Live;

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    pub(super) exporter: Arc<Exporter>,
    pub(super) web: config::Web,
    pub(super) live: Live,
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
            stopping,
        }
    }
}

/// The routes.
pub fn router(app: App) -> Router {
    let telemetry_path = app.web.telemetry_path.clone();
    let dashboard = |router: Router<_>, dashboard: &'static Dashboard| {
        router.route(dashboard.path, get(move || async { dashboard.answer() }))
    };
    DASHBOARDS
        .iter()
        .fold(Router::new(), dashboard)
        .route(&telemetry_path, get(metrics))
        .route("/probe", get(probe))
        .route("/sd", get(discovery))
        .route("/", get(status))
        .route("/style.css", get(style))
        .route("/status.js", get(script))
        .route("/icon.svg", get(icon))
        .route("/config", get(config))
        .route("/-/reload", post(reload))
        .with_state(Arc::new(app))
        .merge(health_router())
}

/// The routes of the address for probes.
pub fn health_router() -> Router {
    Router::new()
        .route("/-/healthy", get(|| async { "healthy\n" }))
        .route("/-/ready", get(|| async { "ready\n" }))
}

async fn config(State(app): State<Arc<App>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/yaml; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, app.exporter.shown()).into_response()
}

async fn reload(State(app): State<Arc<App>>) -> Response {
    if !app.web.enable_lifecycle {
        let text = "not enabled: start the exporter with --web.enable-lifecycle, or send SIGHUP\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    match app.exporter.reload().await {
        Ok(()) => "reloaded\n".into_response(),
        Err(problems) => {
            let text = problems.0.join("\n") + "\n";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::values::OTHER_PATHS;

    #[test]
    fn the_metrics_cannot_be_put_where_a_dashboard_is() {
        assert!(
            DASHBOARDS
                .iter()
                .all(|dashboard| OTHER_PATHS.contains(&dashboard.path))
        );
    }
}
