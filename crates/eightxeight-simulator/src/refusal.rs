//! What 8x8 says when it says no: the documented bodies, word for word. Where nothing is documented, what the
//! frameworks behind it say by default.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;

/// Why a request is refused.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// Documented.
    BadApiKey,
    /// Documented.
    UnknownUser,
    /// Documented for an unknown user; that a wrong password is told alike is a guess.
    WrongPassword,
    /// A guess.
    Locked,
    /// A guess: what the login form lacks.
    BadForm(&'static str),
    /// Documented but for its wrapper.
    NoPermission { user: String, pbx_id: String },
    /// Not documented: no bearer token.
    NoToken,
    /// Documented; the body echoes the token.
    TokenExpired(String),
    /// Not documented; told like an expired one.
    TokenUnknown(String),
    /// Documented.
    NoAccess {
        user: String,
        pbx: String,
        path: String,
        now: Timestamp,
    },
    /// Not documented.
    BadQuery {
        message: String,
        path: String,
        now: Timestamp,
    },
}

#[derive(Serialize)]
struct Coded<'a> {
    status: u16,
    message: &'a str,
    code: &'a str,
    details: [&'a str; 1],
}

#[derive(Serialize)]
struct OAuth<'a> {
    error: &'a str,
    error_description: &'a str,
}

#[derive(Serialize)]
struct Denied<'a> {
    #[serde(rename = "timeStamp")]
    time_stamp: i64,
    status: u16,
    error: &'a str,
    exception: &'a str,
    message: &'a str,
    path: &'a str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Refusal::BadApiKey => coded("Invalid 8x8-apikey", "SHA001"),
            Refusal::UnknownUser => oauth(
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                "USER_NOTFOUND_ERROR",
            ),
            Refusal::WrongPassword => {
                oauth(StatusCode::BAD_REQUEST, "invalid_grant", "Bad credentials")
            }
            Refusal::Locked => oauth(
                StatusCode::BAD_REQUEST,
                "invalid_grant",
                "USER_LOCKED_ERROR",
            ),
            Refusal::BadForm(what) => oauth(StatusCode::BAD_REQUEST, "invalid_request", what),
            Refusal::NoPermission { user, pbx_id } => coded(
                &format!(
                    "user({user}) does not have access to api category(CDR) for pbxId([{pbx_id}])."
                ),
                "105-400-038",
            ),
            Refusal::NoToken => oauth(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Full authentication is required to access this resource",
            ),
            Refusal::TokenExpired(token) => oauth(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                &format!("Access token expired: {token}"),
            ),
            Refusal::TokenUnknown(token) => oauth(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                &format!("Invalid access token: {token}"),
            ),
            Refusal::NoAccess {
                user,
                pbx,
                path,
                now,
            } => {
                let text = format!(
                    "user({user}) does not have access to pbxId({pbx}) to make this request."
                );
                denied(StatusCode::FORBIDDEN, "Access Denied", &text, &path, now)
            }
            Refusal::BadQuery { message, path, now } => {
                denied(StatusCode::BAD_REQUEST, "Bad Request", &message, &path, now)
            }
        }
    }
}

fn coded(message: &str, code: &str) -> Response {
    let status = StatusCode::BAD_REQUEST;
    json(
        status,
        &Coded {
            status: status.as_u16(),
            message,
            code,
            details: [message],
        },
    )
}

fn oauth(status: StatusCode, error: &str, error_description: &str) -> Response {
    json(
        status,
        &OAuth {
            error,
            error_description,
        },
    )
}

fn denied(status: StatusCode, error: &str, text: &str, path: &str, now: Timestamp) -> Response {
    json(
        status,
        &Denied {
            time_stamp: now.as_millisecond(),
            status: status.as_u16(),
            error,
            exception: text,
            message: text,
            path,
        },
    )
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
