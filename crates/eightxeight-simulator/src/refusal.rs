//! The error bodies of 8x8: the documented ones word for word. Where nothing is documented, what the
//! frameworks behind it say by default.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::requests::{COMPSUM, PREFIX};

/// A JSON object, its members in the order in which 8x8 writes them.
#[derive(Debug)]
pub(crate) struct Object(pub(crate) Vec<(&'static str, Value)>);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Why a request is refused, as 8x8 says it.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, Object);

impl Refusal {
    /// Documented.
    pub(crate) fn bad_api_key() -> Refusal {
        Refusal::coded("Invalid 8x8-apikey", "SHA001")
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
        Refusal::coded(&message, "105-400-038")
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
        Refusal::denied(StatusCode::FORBIDDEN, "Access Denied", &message, now)
    }

    /// Not documented.
    pub(crate) fn bad_query(message: &str, now: Timestamp) -> Refusal {
        Refusal::denied(StatusCode::BAD_REQUEST, "Bad Request", message, now)
    }

    fn coded(message: &str, code: &str) -> Refusal {
        let status = StatusCode::BAD_REQUEST;
        let members = vec![
            ("status", status.as_u16().into()),
            ("message", message.into()),
            ("code", code.into()),
            ("details", [message].as_slice().into()),
        ];
        Refusal(status, Object(members))
    }

    fn oauth(status: StatusCode, error: &str, description: &str) -> Refusal {
        let members = vec![
            ("error", error.into()),
            ("error_description", description.into()),
        ];
        Refusal(status, Object(members))
    }

    fn denied(status: StatusCode, error: &str, message: &str, now: Timestamp) -> Refusal {
        let members = vec![
            ("timeStamp", now.as_millisecond().into()),
            ("status", status.as_u16().into()),
            ("error", error.into()),
            ("exception", message.into()),
            ("message", message.into()),
            ("path", format!("{PREFIX}{COMPSUM}").into()),
        ];
        Refusal(status, Object(members))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}
