//! What is served where.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use url::Url;

use super::App;
use super::dashboards::DASHBOARDS;
use super::discovery::discovery;
use super::metrics::{metrics, probe};
use super::status::{FILES, file, status};

/// The routes, below each prefix.
pub fn router(app: App) -> Router {
    let prefixes = app.web.prefixes();
    let mut router = Router::new().without_v07_checks();
    for prefix in &prefixes {
        router = router.merge(routes(prefix, &app.web.telemetry_path));
        if !prefix.is_empty() {
            // The page's links are relative, so it needs the slash at its end.
            router = router.route(prefix, to_page(prefix));
        }
    }
    if !prefixes.contains(&"") {
        router = router.route("/", to_page(prefixes[0]));
    }
    let page = format!("{}/", prefixes[0]);
    let nothing = format!("nothing is served here; {page} says what is served where\n");
    let nothing = || async { (StatusCode::NOT_FOUND, nothing) };
    router.fallback(nothing).with_state(Arc::new(app))
}

fn routes(prefix: &str, telemetry_path: &str) -> Router<Arc<App>> {
    let at = |path: &str| format!("{prefix}{path}");
    let mut routes = health_routes(prefix)
        .route(&at(telemetry_path), get(metrics))
        .route(&at("/probe"), get(probe))
        .route(&at("/sd"), get(discovery))
        .route(&at("/"), get(status))
        .route(&at("/config"), get(config))
        .route(&at("/-/reload"), post(reload));
    for [path, content_type, text] in FILES {
        let answer = async move || file(content_type, text);
        routes = routes.route(&at(path), get(answer));
    }
    for dashboard in &DASHBOARDS {
        let answer = || async { dashboard.answer() };
        routes = routes.route(&at(dashboard.path), get(answer));
    }
    routes
}

fn to_page(prefix: &str) -> MethodRouter<Arc<App>> {
    let page = Redirect::temporary(&format!("{prefix}/"));
    get(|| async { page })
}

/// The routes of the address for probes.
pub fn health_router() -> Router {
    health_routes("")
}

fn health_routes<S: Clone + Send + Sync + 'static>(prefix: &str) -> Router<S> {
    let says = |text: &'static str| get(move || async move { text });
    Router::new()
        // A path may begin with a colon, which older versions of the router took for a parameter.
        .without_v07_checks()
        .route(&format!("{prefix}/-/healthy"), says("healthy\n"))
        .route(&format!("{prefix}/-/ready"), says("ready\n"))
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
