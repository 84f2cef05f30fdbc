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
    /// What an answer means whose status isn't 2xx. Nothing of its body is kept.
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

    /// What metrics count it as.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.cause.reason()
    }

    /// Whether it is an answer to a login that says no. 408 and 429 say "later".
    ///
    /// Any other 4xx counts, since a body that nobody has documented can mean a wrong password too, and
    /// 8x8 locks users out.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.endpoint == Endpoint::Token
            && self
                .status
                .is_some_and(|status| (400..500).contains(&status) && ![408, 429].contains(&status))
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

/// The cause of an answer whose status isn't 2xx.
///
/// The status says little, so the body decides where it is one that is known. Source: 8x8's
/// documentation of errors; the body of a spent quota is that of Apigee, the gateway in front of the API.
#[must_use]
pub(crate) fn classify(endpoint: Endpoint, status: u16, body: &[u8]) -> Cause {
    // Too many requests say nothing of the credentials, whatever stands in the body.
    if status == 429 {
        return Cause::RateLimited;
    }
    let known = Known::read(body);
    // 8x8 documents the code but not where in the body it stands.
    if holds(body, "105-400-038") {
        return Cause::NoPermission;
    }
    if known.code.is("SHA001") {
        return Cause::BadApiKey;
    }
    if known.error.is("invalid_grant") {
        return if known.error_description.is("USER_NOTFOUND_ERROR") {
            Cause::UnknownUser
        } else {
            Cause::BadCredentials
        };
    }
    match (status, endpoint) {
        (401, Endpoint::Token) => Cause::BadCredentials,
        (401, Endpoint::Compsum) => Cause::Unauthorized,
        (_, Endpoint::Compsum) if known.error.is("invalid_token") => Cause::Unauthorized,
        (408, _) => Cause::Timeout,
        (400..500, Endpoint::Token) => Cause::UnknownRefusal,
        (403, _) => Cause::Forbidden,
        (400, _) if speaks_of_time_zone(body) => Cause::TimeZone,
        (400, _) => Cause::BadRequest,
        (500..600, _) if known.speaks_of_quota(body) => Cause::RateLimited,
        (500..600, _) => Cause::ServerError,
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
    #[serde(borrow)]
    error_description: Value<'a>,
    #[serde(borrow)]
    fault: Value<'a>,
}

impl<'a> Known<'a> {
    fn read(body: &'a [u8]) -> Known<'a> {
        // A struct is read from an array, too, which no error of 8x8's is.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let known = is_object.then(|| serde_json::from_slice(body).ok());
        known.flatten().unwrap_or_default()
    }

    fn speaks_of_quota(&self, body: &[u8]) -> bool {
        let words = ["ratelimit", "rate limit", "quota"];
        self.fault != Value::Null && words.iter().any(|word| holds(body, word))
    }
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

    #[test]
    fn each_documented_error_has_its_cause() {
        use Endpoint::{Compsum, Token};
        let key = r#"{"status":400,"message":"Invalid 8x8-apikey","code":"SHA001","details":[]}"#;
        let grant = r#"{"error":"invalid_grant","error_description":"INVALID_CREDENTIALS"}"#;
        let unknown = r#"{"error":"invalid_grant","error_description":"USER_NOTFOUND_ERROR"}"#;
        let permission = r#"{"code":"105-400-038","message":"user(x) does not have access"}"#;
        let wrapped = r#"{"errors":[{"code":"105-400-038"}]}"#;
        let expired = r#"{"error":"invalid_token","error_description":"Access token expired: t"}"#;
        let denied = r#"{"timeStamp":1,"status":403,"error":"Access Denied","exception":"T"}"#;
        let quota = r#"{"fault":{"faultstring":"Rate limit quota violation","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}"#;
        let fault = r#"{"fault":{"faultstring":"Unexpected EOF","detail":{"errorcode":"messaging.adaptors.http.flow.UnexpectedEOF"}}}"#;
        for (endpoint, status, body, cause) in [
            (Token, 400, key, Cause::BadApiKey),
            (Compsum, 400, key, Cause::BadApiKey),
            (Token, 400, grant, Cause::BadCredentials),
            (Token, 400, unknown, Cause::UnknownUser),
            (Token, 401, "", Cause::BadCredentials),
            (Compsum, 400, permission, Cause::NoPermission),
            (Compsum, 400, wrapped, Cause::NoPermission),
            (Compsum, 401, expired, Cause::Unauthorized),
            (Compsum, 401, "<html>", Cause::Unauthorized),
            (Compsum, 403, denied, Cause::Forbidden),
            (Compsum, 429, "", Cause::RateLimited),
            (Token, 429, grant, Cause::RateLimited),
            (Compsum, 500, quota, Cause::RateLimited),
            (Token, 500, quota, Cause::RateLimited),
            (Compsum, 500, fault, Cause::ServerError),
            (Compsum, 503, "<html>quota</html>", Cause::ServerError),
            (Compsum, 400, "", Cause::BadRequest),
            (Compsum, 302, "", Cause::Other),
            (Compsum, 404, "", Cause::Other),
            (
                Token,
                400,
                r#"["SHA001","invalid_grant"]"#,
                Cause::UnknownRefusal,
            ),
        ] {
            assert_eq!(
                classify(endpoint, status, body.as_bytes()),
                cause,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn only_a_no_to_a_login_is_a_refusal() {
        let failure = |endpoint, status, body: &str| Failure {
            endpoint,
            cause: classify(endpoint, status, body.as_bytes()),
            status: Some(status),
            retry_after: None,
        };
        for status in [400, 401, 403, 404, 418, 422, 499] {
            assert!(
                failure(Endpoint::Token, status, "").is_refusal(),
                "{status}"
            );
            assert!(
                !failure(Endpoint::Compsum, status, "").is_refusal(),
                "{status}"
            );
        }
        let grant = r#"{"error":"invalid_grant"}"#;
        for (status, body) in [
            (302, ""),
            (408, ""),
            (429, ""),
            (429, grant),
            (500, ""),
            (503, grant),
        ] {
            assert!(
                !failure(Endpoint::Token, status, body).is_refusal(),
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
