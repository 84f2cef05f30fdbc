//! Answers a scrape.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep_until};

use super::App;
use super::deadline::time_for;
use crate::account::Account;
use crate::telemetry::write_exporter;
use exposition::{Body, RenderError, Segment, Variant, negotiate};

type Failure = (StatusCode, &'static str);

/// `GET` of the telemetry path: the exporter's own metrics and, when there is exactly one account, that
/// one's.
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let variant = variant(&headers);
    let mut segments = Vec::with_capacity(3);
    if let Some(account) = app.exporter.only_account() {
        segments.extend(account_segments(&app, &account, &method, &headers, variant).await?);
    }
    segments.push(exporter_segment(&app, variant)?);
    Ok(page(variant, segments))
}

/// `GET /probe?account=NAME`: one account's metrics. No answer tells which accounts there are.
pub(super) async fn probe(
    State(app): State<Arc<App>>,
    Query(parameters): Query<HashMap<String, String>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let name = parameters.get("account");
    let Some(account) = name.and_then(|name| app.exporter.account(name)) else {
        let text = "no such account: the parameter `account` names one of the configuration's\n";
        return Err((StatusCode::BAD_REQUEST, text));
    };
    let variant = variant(&headers);
    let segments = account_segments(&app, &account, &method, &headers, variant).await?;
    Ok(page(variant, segments))
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
) -> Result<[Segment; 2], Failure> {
    let clock = app.exporter.clock();
    if method == Method::HEAD {
        return rendered(account.segments(variant, clock).await);
    }
    let deadline = Instant::now() + time_for(headers, app.web.timeout_offset);
    let enough = async {
        tokio::select! {
            () = sleep_until(deadline) => {}
            () = app.stopping.cancelled() => {}
        }
    };
    let waiting = app.exporter.waiting();
    rendered(account.scrape(variant, clock, waiting, enough).await)
}

fn exporter_segment(app: &App, variant: Variant) -> Result<Segment, Failure> {
    let reload = app.exporter.last_reload();
    let now = app.exporter.clock().now().wall;
    rendered(app.live.part(variant, reload.number, now, |writer| {
        write_exporter(writer, reload, app.exporter.is_demo());
    }))
}

fn page(variant: Variant, segments: impl IntoIterator<Item = Segment>) -> Response {
    let headers = [
        (CONTENT_TYPE, variant.format.content_type()),
        (VARY, "Accept, Accept-Encoding"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    let encoding = variant.encoding.content_encoding();
    let encoding = encoding.map(|value| [(CONTENT_ENCODING, HeaderValue::from_static(value))]);
    let body = axum::body::Body::new(Body::new(variant, segments));
    (headers, encoding, body).into_response()
}

fn rendered<T>(outcome: Result<T, RenderError>) -> Result<T, Failure> {
    outcome.map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        let text = "the page could not be rendered; the log says why\n";
        (StatusCode::INTERNAL_SERVER_ERROR, text)
    })
}
