//! The error bodies of 8x8: the documented ones word for word. Where nothing is documented, what the
//! frameworks behind it say by default.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;

use super::requests::{COMPSUM, PREFIX};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Documented.
    BadApiKey,
    /// Documented.
    UnknownUser,
    /// Documented for an unknown user; that a wrong password is answered alike is a guess.
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
    /// Not documented; answered like an expired one.
    TokenUnknown(String),
    /// Documented.
    NoAccess {
        user: String,
        pbx: String,
        now: Timestamp,
    },
    /// Not documented.
    BadQuery { message: String, now: Timestamp },
}

// The members in the order in which 8x8 writes them.

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
    path: String,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Refusal::BadApiKey => coded("Invalid 8x8-apikey", "SHA001"),
            Refusal::UnknownUser => oauth(400, "invalid_grant", "USER_NOTFOUND_ERROR"),
            Refusal::WrongPassword => oauth(400, "invalid_grant", "Bad credentials"),
            Refusal::Locked => oauth(400, "invalid_grant", "USER_LOCKED_ERROR"),
            Refusal::BadForm(what) => oauth(400, "invalid_request", what),
            Refusal::NoPermission { user, pbx_id } => {
                let message = format!(
                    "user({user}) does not have access to api category(CDR) for pbxId([{pbx_id}])."
                );
                coded(&message, "105-400-038")
            }
            Refusal::NoToken => {
                let message = "Full authentication is required to access this resource";
                oauth(401, "unauthorized", message)
            }
            Refusal::TokenExpired(token) => oauth(
                401,
                "invalid_token",
                &format!("Access token expired: {token}"),
            ),
            Refusal::TokenUnknown(token) => oauth(
                401,
                "invalid_token",
                &format!("Invalid access token: {token}"),
            ),
            Refusal::NoAccess { user, pbx, now } => {
                let message = format!(
                    "user({user}) does not have access to pbxId({pbx}) to make this request."
                );
                denied(403, "Access Denied", &message, now)
            }
            Refusal::BadQuery { message, now } => denied(400, "Bad Request", &message, now),
        }
    }
}

fn coded(message: &str, code: &str) -> Response {
    let body = Coded {
        status: 400,
        message,
        code,
        details: [message],
    };
    json(400, &body)
}

fn oauth(status: u16, error: &str, error_description: &str) -> Response {
    let body = OAuth {
        error,
        error_description,
    };
    json(status, &body)
}

fn denied(status: u16, error: &str, message: &str, now: Timestamp) -> Response {
    let body = Denied {
        time_stamp: now.as_millisecond(),
        status,
        error,
        exception: message,
        message,
        path: format!("{PREFIX}{COMPSUM}"),
    };
    json(status, &body)
}

/// A JSON answer.
pub(crate) fn json(status: u16, value: &impl Serialize) -> Response {
    match (StatusCode::from_u16(status), serde_json::to_vec(value)) {
        (Ok(status), Ok(body)) => {
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
