//! What is served where.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::dashboards::{DASHBOARDS, Dashboard};
use super::discovery::discovery;
use super::metrics::{metrics, probe};
use super::status::{self, icon, script, status, style};
use crate::config;
use crate::exporter::Exporter;
use exposition::Live;

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    pub(super) exporter: Arc<Exporter>,
    pub(super) web: config::Web,
    pub(super) live: Live,
    pub(super) status: status::Shared,
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
            status: status::Shared::default(),
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

async fn reload(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if !app.web.enable_lifecycle {
        let text = "not enabled: start the exporter with --web.enable-lifecycle, or send SIGHUP\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    if is_from_another_site(&headers, app.web.external_url.as_ref()) {
        let text = "refused: a browser sends this for a page of another site, or --web.external-url doesn't name this address\n";
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

/// Whether a browser sends a request for a page that isn't the exporter's. What else sends requests has neither header.
fn is_from_another_site(headers: &HeaderMap, external_url: Option<&Url>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let (site, origin) = (text("sec-fetch-site"), text("origin"));
    if (site, origin) == (None, None) {
        return false;
    }
    let host = text("host").unwrap_or_default();
    let is_same = match (site, origin.and_then(|origin| origin.split_once("://"))) {
        (Some(site), _) => ["same-origin", "none"].contains(&site),
        (None, origin) => origin.is_some_and(|(_, origin)| origin == host),
    };
    // A stranger's name can lead to any address, and his page is of the same origin then.
    let name = host.parse::<Authority>();
    let name = name.as_ref().map_or("", |name| name.host());
    let is_own = name == "localhost"
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        || external_url.and_then(Url::host_str) == Some(name);
    !(is_same && is_own)
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
