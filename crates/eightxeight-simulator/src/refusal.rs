//! The error bodies of 8x8: the documented ones word for word. Where nothing is documented, what the
//! frameworks behind it say by default.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;

use super::requests::{COMPSUM, PREFIX};

/// Why a request is refused, as 8x8 says it.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, Body);

/// The members in the order in which 8x8 writes them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Body {
    Coded {
        status: u16,
        message: String,
        code: &'static str,
        details: [String; 1],
    },
    OAuth {
        error: &'static str,
        error_description: String,
    },
    Denied {
        #[serde(rename = "timeStamp")]
        time_stamp: i64,
        status: u16,
        error: &'static str,
        exception: String,
        message: String,
        path: String,
    },
}

impl Refusal {
    /// Documented.
    pub(crate) fn bad_api_key() -> Refusal {
        Refusal::coded("Invalid 8x8-apikey".to_owned(), "SHA001")
    }

    /// Documented for `USER_NOTFOUND_ERROR`; that a wrong password and a locked user are answered alike is a guess.
    pub(crate) fn login(description: &str) -> Refusal {
        Refusal::oauth(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    /// A guess: what the login form lacks.
    pub(crate) fn bad_form(what: &str) -> Refusal {
        Refusal::oauth(StatusCode::BAD_REQUEST, "invalid_request", what)
    }

    /// Documented but for its wrapper.
    pub(crate) fn no_permission(user: &str, pbx_id: &str) -> Refusal {
        let message = format!(
            "user({user}) does not have access to api category(CDR) for pbxId([{pbx_id}])."
        );
        Refusal::coded(message, "105-400-038")
    }

    /// Not documented: no bearer token.
    pub(crate) fn no_token() -> Refusal {
        let description = "Full authentication is required to access this resource";
        Refusal::oauth(StatusCode::UNAUTHORIZED, "unauthorized", description)
    }

    /// Documented; the body echoes the token.
    pub(crate) fn token_expired(token: &str) -> Refusal {
        let description = format!("Access token expired: {token}");
        Refusal::oauth(StatusCode::UNAUTHORIZED, "invalid_token", &description)
    }

    /// Not documented; answered like an expired one.
    pub(crate) fn token_unknown(token: &str) -> Refusal {
        let description = format!("Invalid access token: {token}");
        Refusal::oauth(StatusCode::UNAUTHORIZED, "invalid_token", &description)
    }

    /// Documented.
    pub(crate) fn no_access(user: &str, pbx: &str, now: Timestamp) -> Refusal {
        let message =
            format!("user({user}) does not have access to pbxId({pbx}) to make this request.");
        Refusal::denied(StatusCode::FORBIDDEN, "Access Denied", message, now)
    }

    /// Not documented.
    pub(crate) fn bad_query(message: String, now: Timestamp) -> Refusal {
        Refusal::denied(StatusCode::BAD_REQUEST, "Bad Request", message, now)
    }

    fn coded(message: String, code: &'static str) -> Refusal {
        let status = StatusCode::BAD_REQUEST;
        let body = Body::Coded {
            status: status.as_u16(),
            details: [message.clone()],
            message,
            code,
        };
        Refusal(status, body)
    }

    fn oauth(status: StatusCode, error: &'static str, description: &str) -> Refusal {
        let error_description = description.to_owned();
        let body = Body::OAuth {
            error,
            error_description,
        };
        Refusal(status, body)
    }

    fn denied(status: StatusCode, error: &'static str, message: String, now: Timestamp) -> Refusal {
        let body = Body::Denied {
            time_stamp: now.as_millisecond(),
            status: status.as_u16(),
            error,
            exception: message.clone(),
            message,
            path: format!("{PREFIX}{COMPSUM}"),
        };
        Refusal(status, body)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}
