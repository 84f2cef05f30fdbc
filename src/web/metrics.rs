//! Answers a scrape.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep_until};

use super::App;
use super::deadline::time_for;
use crate::account::Account;
use crate::telemetry::write_exporter;
use exposition::{Body, RenderError, Segment, Variant, negotiate};

/// `GET` of the telemetry path: the exporter's own metrics and, when there is exactly one account, that
/// one's.
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let variant = variant(&headers);
    let mut segments = Vec::with_capacity(3);
    if let Some(account) = app.exporter.only_account() {
        match account_segments(&app, &account, &method, &headers, variant).await {
            Ok(more) => segments.extend(more),
            Err(error) => return failed(&error),
        }
    }
    match exporter_segment(&app, variant) {
        Ok(segment) => segments.push(segment),
        Err(error) => return failed(&error),
    }
    page(variant, segments)
}

/// `GET /probe?account=NAME`: one account's metrics. No answer tells which accounts there are.
pub(super) async fn probe(
    State(app): State<Arc<App>>,
    Query(parameters): Query<HashMap<String, String>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let name = parameters.get("account");
    let Some(account) = name.and_then(|name| app.exporter.account(name)) else {
        let text = "no such account: the parameter `account` names one of the configuration's\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let variant = variant(&headers);
    match account_segments(&app, &account, &method, &headers, variant).await {
        Ok(segments) => page(variant, segments),
        Err(error) => failed(&error),
    }
}

fn variant(headers: &HeaderMap) -> Variant {
    negotiate(headers.get_all(ACCEPT), headers.get_all(ACCEPT_ENCODING))
}

/// `GET` collects; `HEAD` tells of the page as it stands.
async fn account_segments(
    app: &App,
    account: &Account,
    method: &Method,
    headers: &HeaderMap,
    variant: Variant,
) -> Result<[Segment; 2], RenderError> {
    let clock = app.exporter.clock();
    if method == Method::HEAD {
        return account.segments(variant, clock).await;
    }
    let deadline = Instant::now() + time_for(headers, app.web.timeout_offset);
    let enough = async {
        tokio::select! {
            () = sleep_until(deadline) => {}
            () = app.stopping.cancelled() => {}
        }
    };
    let waiting = app.exporter.waiting();
    account.scrape(variant, clock, waiting, enough).await
}

fn exporter_segment(app: &App, variant: Variant) -> Result<Segment, RenderError> {
    let reload = app.exporter.last_reload();
    let now = app.exporter.clock().now().wall;
    app.live.part(variant, reload.number, now, |writer| {
        write_exporter(writer, reload, app.exporter.is_demo());
    })
}

fn page(variant: Variant, segments: impl IntoIterator<Item = Segment>) -> Response {
    let mut response = Response::new(axum::body::Body::new(Body::new(variant, segments)));
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(CONTENT_TYPE, variant.format.content_type());
    set(VARY, "Accept, Accept-Encoding");
    if let Some(encoding) = variant.encoding.content_encoding() {
        set(CONTENT_ENCODING, encoding);
    }
    response
}

fn failed(error: &RenderError) -> Response {
    tracing::error!(%error, "a page could not be rendered");
    let text = "the page could not be rendered; the log says why\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}
