//! Answers a scrape.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep_until};

use super::deadline::time_for;
use super::routes::App;
use crate::collect::View;
use crate::exposition::{Body, RenderError, Variant, negotiate};
use crate::telemetry::write_exporter;

/// `GET` collects; `HEAD` tells of the page as it stands.
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let deadline = Instant::now() + time_for(&headers, app.web.timeout_offset);
    let variant = negotiate(headers.get_all(ACCEPT), headers.get_all(ACCEPT_ENCODING));
    if method == Method::HEAD {
        return page(&app, &app.account.collector().view().await, variant).await;
    }
    let Ok(_slot) = app.scrapes.try_acquire() else {
        let text = format!(
            "{} scrapes are waiting already, which is all that --web.max-requests allows\n",
            app.web.max_requests
        );
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    let enough = async {
        tokio::select! {
            () = sleep_until(deadline) => {}
            () = app.stopping.cancelled() => {}
        }
    };
    let view = app.account.collector().scrape(enough).await;
    page(&app, &view, variant).await
}

async fn page(app: &App, view: &View, variant: Variant) -> Response {
    match body(app, view, variant).await {
        Ok(body) => {
            let mut response = Response::new(axum::body::Body::new(body));
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
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            let text = "the page could not be rendered; the log says why\n";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

async fn body(app: &App, view: &View, variant: Variant) -> Result<Body, RenderError> {
    let stored = app.account.stored(view, variant).await?;
    let live = app
        .live
        .part(variant, view.ended, view.now.wall, |writer| {
            app.account.write(writer, view);
            write_exporter(writer, app.started);
        })?;
    Ok(Body::new(variant, [stored, live]))
}
