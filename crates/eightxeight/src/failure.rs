//! A request that failed, and what the status and the body of its answer mean.
//!
//! 8x8's own text is read to find the cause and then dropped: it echoes tokens and user names.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::cause::{Cause, Reason};
use crate::decode::Value;

/// What was asked of 8x8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `POST /v1/oauth/token`: a login.
    Token,
    /// `GET /v1/compsum`: the company summary.
    Compsum,
}

impl Endpoint {
    /// In the order in which they are asked.
    pub const ALL: [Endpoint; 2] = [Endpoint::Token, Endpoint::Compsum];

    /// What people call it.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Endpoint::Token => "login",
            Endpoint::Compsum => "report",
        }
    }

    /// The value of the label `endpoint`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Endpoint::Token => "token",
            Endpoint::Compsum => "compsum",
        }
    }
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was asked.
    pub endpoint: Endpoint,
    /// Why it failed.
    pub cause: Cause,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// How long 8x8 wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// What an answer means that isn't what was asked for. Nothing of its body is kept.
    #[must_use]
    pub fn of_answer(
        endpoint: Endpoint,
        status: u16,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> Failure {
        Failure {
            endpoint,
            cause: classify(endpoint, status, body),
            status: Some(status),
            retry_after,
        }
    }

    /// What metrics count it as. A refusal that nobody has documented is what its status says.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match (self.cause, self.status) {
            (Cause::UnknownRefusal | Cause::ForeignRefusal, Some(400)) => Reason::BadRequest,
            (Cause::UnknownRefusal | Cause::ForeignRefusal, Some(403)) => Reason::Forbidden,
            (cause, _) => cause.reason(),
        }
    }

    /// Whether it is an answer to a login that says no, so that the login isn't repeated soon: 8x8 locks users out.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.endpoint == Endpoint::Token
            && (self.is_of_8x8() || matches!(self.cause, Cause::ForeignRefusal | Cause::NoLogin))
    }

    /// Whether it is a refusal that the wait doubles for. A proxy's page says nothing about the credentials.
    pub(crate) fn is_of_8x8(&self) -> bool {
        matches!(
            self.cause,
            Cause::BadApiKey
                | Cause::BadCredentials
                | Cause::UnknownUser
                | Cause::LockedUser
                | Cause::UnknownRefusal
                | Cause::NoPermission
        )
    }

    /// Whether it says something about the account rather than about one window.
    #[must_use]
    pub fn concerns_account(&self) -> bool {
        self.endpoint == Endpoint::Token
            || matches!(self.reason(), Reason::RateLimited | Reason::Unauthorized)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cause.meaning())?;
        match self.status {
            Some(status) => write!(f, " ({}, HTTP {status})", self.endpoint.noun()),
            None => write!(f, " ({})", self.endpoint.noun()),
        }
    }
}

impl std::error::Error for Failure {}

/// The cause of an answer that isn't what was asked for.
///
/// The status says little, so the body decides where it is one that is known. Source: 8x8's
/// documentation of errors; the body of a spent quota is that of Apigee, the gateway in front of the API.
pub(crate) fn classify(endpoint: Endpoint, status: u16, body: &[u8]) -> Cause {
    // Too many requests say nothing of the credentials, whatever the body says.
    if status == 429 {
        return Cause::RateLimited;
    }
    // 8x8 documents the code but not where in the body it stands.
    if holds(body, "105-400-038") {
        return Cause::NoPermission;
    }
    let is_login = endpoint == Endpoint::Token;
    let known = Known::read(body).unwrap_or_default();
    // Whoever repeats a login that was refused locks the user, so for a login these count in any form.
    if known.code.is("SHA001") || (is_login && holds(body, "SHA001")) {
        return Cause::BadApiKey;
    }
    if known.error.is("invalid_grant") || (is_login && holds(body, "invalid_grant")) {
        return if holds(body, "USER_NOTFOUND") {
            Cause::UnknownUser
        } else if holds(body, "LOCKED") {
            Cause::LockedUser
        } else {
            Cause::BadCredentials
        };
    }
    match status {
        403 | 500..600 if speaks_of_quota(body) => Cause::RateLimited,
        408 => Cause::Timeout,
        _ if is_login => classify_login(status, body),
        401 => Cause::Unauthorized,
        _ if known.error.is("invalid_token") => Cause::Unauthorized,
        403 => Cause::Forbidden,
        413 | 414 | 431 => Cause::LongQuery,
        // nginx's words for a request line that is too long.
        400 if holds(body, "header or cookie too large") => Cause::LongQuery,
        400 if speaks_of_time_zone(body) => Cause::TimeZone,
        400 => Cause::BadRequest,
        500..600 => Cause::ServerError,
        200 => Cause::Decode,
        _ => Cause::Other,
    }
}

/// What remains of the answers to logins: those that 8x8 doesn't document, but OAuth and gateways know.
fn classify_login(status: u16, body: &[u8]) -> Cause {
    let known = Known::read(body);
    let error = known.as_ref().map(|known| &known.error);
    match error {
        Some(Value::Text(error))
            if ["temporarily_unavailable", "server_error", "slow_down"].contains(&&**error) =>
        {
            return Cause::ServerError;
        }
        // A framework's `"error":"Service Unavailable"` is the name of the status and no word of OAuth's.
        Some(Value::Text(error)) if status >= 500 && error.contains(' ') => {}
        // As some answer in the form of a query.
        None if body.starts_with(b"error=") => return Cause::UnknownRefusal,
        None | Some(Value::Null) => {}
        Some(_) if [404, 405, 410].contains(&status) => {}
        Some(_) => return Cause::UnknownRefusal,
    }
    match status {
        401 => Cause::BadCredentials,
        404 | 405 | 410 => Cause::NoLogin,
        400..500 if known.is_some() => Cause::UnknownRefusal,
        400..500 => Cause::ForeignRefusal,
        500..600 => Cause::ServerError,
        200 => Cause::Decode,
        _ => Cause::Other,
    }
}

/// The parts of an error's body that say what it means. They borrow from it: other parts hold user names
/// and tokens, of which no copy is made.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Known<'a> {
    #[serde(borrow)]
    code: Value<'a>,
    #[serde(borrow)]
    error: Value<'a>,
}

impl<'a> Known<'a> {
    /// Of a body that is a JSON object.
    fn read(body: &'a [u8]) -> Option<Known<'a>> {
        // A struct is read from an array, too, which no error of 8x8's is.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        is_object.then(|| serde_json::from_slice(body).ok())?
    }
}

/// Whether an object speaks of a spent quota, as gateways do with other statuses than 429.
fn speaks_of_quota(body: &[u8]) -> bool {
    let words = ["ratelimit", "rate limit", "quota", "throttl"];
    Known::read(body).is_some() && words.iter().any(|word| holds(body, word))
}

/// 8x8 documents no such error. Whoever refuses a zone will speak of it; an echo of the query doesn't count.
fn speaks_of_time_zone(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let text = text.replace("timezone=", "").replace("\"timezone\":", "");
    let words = ["timezone", "time zone", "time-zone", "time_zone"];
    words.iter().any(|word| text.contains(word))
}

/// Whether `text` holds `word`, in capitals or not.
fn holds(text: &[u8], word: &str) -> bool {
    text.windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        r#"{"status":400,"message":"Invalid 8x8-apikey","code":"SHA001","details":[]}"#;
    const GRANT: &str = r#"{"error":"invalid_grant","error_description":"INVALID_CREDENTIALS"}"#;
    const LOCKED: &str = r#"{"error":"invalid_grant","error_description":"USER_LOCKED"}"#;
    const UNKNOWN: &str = r#"{"error":"invalid_grant","error_description":"USER_NOTFOUND_ERROR"}"#;
    const PERMISSION: &str = r#"{"code":"105-400-038","message":"user(x) does not have access"}"#;
    const SPRING: &str =
        r#"{"timestamp":"2026-03-03","status":503,"error":"Service Unavailable","path":"/x"}"#;
    const QUOTA: &str = r#"{"fault":{"faultstring":"Rate limit quota violation","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}"#;

    #[test]
    fn each_documented_error_has_its_cause() {
        use Endpoint::{Compsum, Token};
        let wrapped = r#"{"errors":[{"code":"105-400-038"}]}"#;
        let expired = r#"{"error":"invalid_token","error_description":"Access token expired: t"}"#;
        let denied = r#"{"timeStamp":1,"status":403,"error":"Access Denied","exception":"T"}"#;
        let azure = r#"{"statusCode":403,"message":"Out of call volume quota."}"#;
        let fault = r#"{"fault":{"faultstring":"Unexpected EOF","detail":{"errorcode":"messaging.adaptors.http.flow.UnexpectedEOF"}}}"#;
        let nginx = "<html><title>400 Request Header Or Cookie Too Large</title></html>";
        for (endpoint, status, body, cause) in [
            (Token, 400, KEY, Cause::BadApiKey),
            (Compsum, 400, KEY, Cause::BadApiKey),
            (Token, 400, GRANT, Cause::BadCredentials),
            (Token, 400, UNKNOWN, Cause::UnknownUser),
            (Token, 500, LOCKED, Cause::LockedUser),
            (Token, 401, "", Cause::BadCredentials),
            (Compsum, 400, PERMISSION, Cause::NoPermission),
            (Compsum, 400, wrapped, Cause::NoPermission),
            (Compsum, 401, expired, Cause::Unauthorized),
            (Compsum, 200, expired, Cause::Unauthorized),
            (Compsum, 401, "<html>", Cause::Unauthorized),
            (Compsum, 403, denied, Cause::Forbidden),
            (Compsum, 429, "", Cause::RateLimited),
            (Token, 429, GRANT, Cause::RateLimited),
            (Compsum, 500, QUOTA, Cause::RateLimited),
            (Token, 500, QUOTA, Cause::RateLimited),
            (Token, 403, azure, Cause::RateLimited),
            (Compsum, 403, azure, Cause::RateLimited),
            (Compsum, 500, fault, Cause::ServerError),
            (Compsum, 503, "<html>quota</html>", Cause::ServerError),
            (Compsum, 400, "", Cause::BadRequest),
            (Compsum, 400, nginx, Cause::LongQuery),
            (Compsum, 413, "", Cause::LongQuery),
            (Compsum, 414, "", Cause::LongQuery),
            (Compsum, 431, "", Cause::LongQuery),
            (Compsum, 200, "{}", Cause::Decode),
            (Compsum, 302, "", Cause::Other),
            (Compsum, 404, "", Cause::Other),
            (Token, 404, "<html>", Cause::NoLogin),
            (Token, 404, SPRING, Cause::NoLogin),
        ] {
            let found = classify(endpoint, status, body.as_bytes());
            assert_eq!(found, cause, "{status} {body}");
        }
    }

    fn of(endpoint: Endpoint, status: u16, body: &str) -> Failure {
        Failure::of_answer(endpoint, status, body.as_bytes(), None)
    }

    #[test]
    fn a_login_is_refused_by_its_body_whatever_the_status() {
        let form = "error=access_denied&error_description=blocked";
        let xml = "<OAuth><error>invalid_grant</error></OAuth>";
        let locked = r#"{"error":"account_locked"}"#;
        let object = r#"{"error":{"message":"no"}}"#;
        for body in [
            KEY, GRANT, LOCKED, UNKNOWN, PERMISSION, form, xml, locked, object,
        ] {
            for status in [200, 400, 401, 403, 422, 500, 503] {
                let failure = of(Endpoint::Token, status, body);
                assert!(
                    failure.is_refusal() && failure.is_of_8x8(),
                    "{status} {body}"
                );
                assert!(!of(Endpoint::Compsum, status, body).is_refusal());
            }
            assert!(!of(Endpoint::Token, 429, body).is_refusal(), "{body}");
        }
    }

    #[test]
    fn whoever_says_no_without_being_8x8_refuses_too_but_does_not_double() {
        for status in [400, 403, 404, 405, 407, 410, 418, 422, 451, 499] {
            for body in ["", "<html>Forbidden</html>", "blocked by policy"] {
                let failure = of(Endpoint::Token, status, body);
                assert!(
                    failure.is_refusal() && !failure.is_of_8x8(),
                    "{status} {body}"
                );
            }
        }
        assert!(of(Endpoint::Token, 403, "{}").is_of_8x8());
    }

    #[test]
    fn later_is_no_refusal() {
        let unavailable = r#"{"error":"temporarily_unavailable"}"#;
        for (status, body) in [
            (200, "{}"),
            (200, "<html>"),
            (200, unavailable),
            (302, ""),
            (400, unavailable),
            (400, r#"{"error":"slow_down"}"#),
            (403, QUOTA),
            (408, ""),
            (408, SPRING),
            (429, ""),
            (500, ""),
            (500, r#"{"error":"server_error"}"#),
            (502, "<html>"),
            (503, SPRING),
        ] {
            assert!(
                !of(Endpoint::Token, status, body).is_refusal(),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_time_zone_is_refused_by_whoever_speaks_of_it_and_does_not_echo_the_query() {
        let request = |body: &str| classify(Endpoint::Compsum, 400, body.as_bytes());
        for body in [
            r#"{"message":"Unknown time-zone ID: UTC"}"#,
            "Invalid timeZone",
        ] {
            assert_eq!(request(body), Cause::TimeZone, "{body}");
        }
        for body in [
            "",
            "\u{fffd}",
            r#"{"path":"/v1/compsum?pbxId=p&timeZone=UTC"}"#,
            r#"{"parameters":{"timeZone":"UTC"},"message":"bad pbxId"}"#,
        ] {
            assert_eq!(request(body), Cause::BadRequest, "{body}");
        }
    }
}
