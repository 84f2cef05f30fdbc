//! Stands before the routes: logs each request, and applies the faults in force to the answer.

use std::future;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::delivery::Dropped;
use super::fault::{Fault, Reply, http_date};
use super::refusal::Refusal;
use super::requests::{Logged, endpoint};
use super::shared::Shared;
use super::token::bearer;

pub(crate) async fn apply_fault(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(endpoint) = endpoint(request.uri().path()) else {
        return next.run(request).await;
    };
    let customer = shared.customer_of(request.headers()).ok();
    let mut logged = Logged {
        number: 0,
        at: shared.clock.now(),
        endpoint,
        account: customer.map(|customer| customer.name.clone()),
        query: request.uri().query().unwrap_or_default().to_owned(),
        status: None,
    };
    shared.requests.arrived(&mut logged);
    let fault = shared.faults.judge(&logged);
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    let Some(mut response) = reply(&fault, request, next).await else {
        return Extension(Dropped).into_response();
    };
    let wall = shared.clock.now().wall;
    let date = wall.checked_add(fault.date_offset.unwrap_or_default());
    if let Ok(date) = HeaderValue::try_from(http_date(date.unwrap_or(wall))) {
        response.headers_mut().insert(header::DATE, date);
    }
    response.headers_mut().extend(fault.headers);
    response.extensions_mut().insert(fault.delivery);
    let status = response.status().as_u16();
    shared.requests.answered(logged.number, status);
    response
}

/// The answer, or none for a connection that is to be dropped.
async fn reply(fault: &Fault, request: Request, next: Next) -> Option<Response> {
    match &fault.reply {
        Reply::Honest => Some(next.run(request).await),
        Reply::Instead(kind, body) => {
            let honest = next.run(request).await;
            if honest.status().is_success() {
                Some(respond(StatusCode::OK, kind, body))
            } else {
                Some(honest)
            }
        }
        Reply::Status(status, kind, body) => Some(respond(*status, kind, body)),
        Reply::TokenExpired => {
            let token = bearer(request.headers()).unwrap_or_default();
            Some(Refusal::token_expired(token).into_response())
        }
        Reply::Dropped => None,
        Reply::Never => future::pending().await,
    }
}

fn respond(status: StatusCode, kind: &str, body: &Bytes) -> Response {
    let headers = [(header::CONTENT_TYPE, kind)];
    (status, headers, body.clone()).into_response()
}
