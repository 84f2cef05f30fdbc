//! What can go wrong with a request, told apart by status and body, and what to do about it.
//!
//! 8x8's own text is read to find the reason and then dropped: it echoes tokens and user names.

use std::fmt;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::cause::Cause;

/// What was asked of 8x8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `POST /v1/oauth/token`: a login.
    Token,
    /// `GET /v1/compsum`: the company summary.
    Compsum,
}

impl Endpoint {
    /// Both.
    pub const ALL: [Endpoint; 2] = [Endpoint::Token, Endpoint::Compsum];

    /// What it is called among people.
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

macro_rules! reasons {
    ($($variant:ident $label:literal, $meaning:literal, $remedy:literal;)*) => {
        /// Why a request failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $(#[doc = concat!($meaning, ".")] $variant,)*
        }

        impl Reason {
            /// All reasons.
            pub const ALL: [Reason; [$($label),*].len()] = [$(Reason::$variant),*];

            /// The value of the label `reason`.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Reason::$variant => $label),* }
            }

            /// What happened, as the end of a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Reason::$variant => $meaning),* }
            }

            /// What the operator can do about it.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Reason::$variant => $remedy),* }
            }
        }
    };
}

#[rustfmt::skip]
reasons! {
    BadApiKey "bad_api_key", "8x8 doesn't know the API key",
        "check the key in 8x8 Admin Console under API Keys, where it is the Key and not the Secret, and the file or variable that holds it";
    BadCredentials "bad_credentials", "8x8 refused the user name or the password",
        "check both by logging in to 8x8 Analytics for Work in a browser, once: 8x8 locks a user for some minutes after a few bad logins; a password can also have expired";
    Unauthorized "unauthorized", "8x8 refused the token",
        "nothing, if it passes: the exporter logs in again; if it stays, ask 8x8 support";
    Forbidden "forbidden", "the user has no access to a PBX that was asked for",
        "check --api.pbx-id against the PBX names in 8x8 Admin Console, and the user's access to them";
    NoPermission "no_permission", "the user lacks the permission for Analytics",
        "in 8x8 Admin Console give the user Supervisor access to Analytics, then open Analytics for Work once in a browser as that user";
    RateLimited "rate_limited", "8x8 limits the rate of requests",
        "ask less often: fewer windows, a longer --collect.interval, one exporter for each account";
    BadRequest "bad_request", "8x8 found the request wrong",
        "check --api.pbx-id against the PBX names in 8x8 Admin Console; if they are right, tell the exporter's authors";
    ServerError "server_error", "8x8 has an error of its own",
        "nothing: the exporter tries again; see 8x8's status page";
    Timeout "timeout", "no answer in time",
        "nothing, if it passes; else raise --api.timeout or ask for fewer PBXs";
    Connect "connect", "no connection to 8x8",
        "check the name, the network, firewalls, and HTTPS_PROXY if there is a proxy";
    Tls "tls", "no TLS connection that can be trusted",
        "a proxy that inspects TLS needs its root in --api.ca-file; else check the clock and the CA certificates of this machine";
    TooLarge "too_large", "the answer is larger than the exporter takes",
        "ask for fewer PBXs with --api.pbx-id";
    Decode "decode", "the answer isn't what 8x8 documents",
        "check --api.url; something between here and 8x8 may answer in its place";
    Other "other", "an answer that 8x8 doesn't document",
        "check --api.url; something between here and 8x8 may answer in its place";
}

/// A request that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was asked.
    pub endpoint: Endpoint,
    /// Why it failed.
    pub reason: Reason,
    /// The cause beneath, where it is known.
    pub cause: Option<Cause>,
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
        let reason = classify(endpoint, status, body);
        Failure {
            endpoint,
            reason,
            cause: Cause::of_body(endpoint, status, reason, body),
            status: Some(status),
            retry_after,
        }
    }

    /// What happened, as the end of a sentence.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        self.cause.map_or(self.reason.meaning(), Cause::meaning)
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.cause.map_or(self.reason.remedy(), Cause::remedy)
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
            || matches!(self.reason, Reason::RateLimited | Reason::Unauthorized)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meaning())?;
        match self.status {
            Some(status) => write!(f, " ({}, HTTP {status})", self.endpoint.noun()),
            None => write!(f, " ({})", self.endpoint.noun()),
        }
    }
}

impl std::error::Error for Failure {}

/// The reason for an answer whose status isn't 2xx.
///
/// The status says little, so the body decides where it is one that is known. Source: 8x8's
/// documentation of errors; the body of a spent quota is that of Apigee, the gateway in front of the API.
#[must_use]
pub fn classify(endpoint: Endpoint, status: u16, body: &[u8]) -> Reason {
    // Too many requests say nothing of the credentials, whatever stands in the body.
    if status == 429 {
        return Reason::RateLimited;
    }
    // A struct is read from an array, too, which no error of 8x8's is.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    let known: Known = Some(body)
        .filter(|_| is_object)
        .and_then(|body| serde_json::from_slice(body).ok())
        .unwrap_or_default();
    // 8x8 documents the code but not where in the body it stands.
    if holds(body, "105-400-038") {
        return Reason::NoPermission;
    }
    if known.code.0 == Some("SHA001") {
        return Reason::BadApiKey;
    }
    if known.error.0 == Some("invalid_grant") {
        return Reason::BadCredentials;
    }
    match status {
        401 if endpoint == Endpoint::Token => Reason::BadCredentials,
        401 => Reason::Unauthorized,
        _ if endpoint == Endpoint::Compsum && known.error.0 == Some("invalid_token") => {
            Reason::Unauthorized
        }
        403 => Reason::Forbidden,
        408 => Reason::Timeout,
        500..600 if known.speaks_of_quota(body) => Reason::RateLimited,
        500..600 => Reason::ServerError,
        400 => Reason::BadRequest,
        _ => Reason::Other,
    }
}

/// The parts of an error's body that say what it means. They borrow from it: other parts hold user names
/// and tokens, of which no copy is made.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Known<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    error: Text<'a>,
    fault: Option<IgnoredAny>,
}

impl Known<'_> {
    fn speaks_of_quota(&self, body: &[u8]) -> bool {
        let words = ["ratelimit", "rate limit", "quota"];
        self.fault.is_some() && words.iter().any(|word| holds(body, word))
    }
}

/// A text without escapes, which no code has; whatever else stands there is passed over.
#[derive(Default)]
struct Text<'a>(Option<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<'a> {
            Text(&'a str),
            Other(IgnoredAny),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Text(text) => Text(Some(text)),
            Either::Other(_) => Text(None),
        })
    }
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
    fn each_documented_error_has_its_reason() {
        use Endpoint::{Compsum, Token};
        let key = r#"{"status":400,"message":"Invalid 8x8-apikey","code":"SHA001","details":[]}"#;
        let grant = r#"{"error":"invalid_grant","error_description":"USER_NOTFOUND_ERROR"}"#;
        let permission = r#"{"code":"105-400-038","message":"user(x) does not have access"}"#;
        let wrapped = r#"{"errors":[{"code":"105-400-038"}]}"#;
        let expired = r#"{"error":"invalid_token","error_description":"Access token expired: t"}"#;
        let denied = r#"{"timeStamp":1,"status":403,"error":"Access Denied","exception":"T"}"#;
        let quota = r#"{"fault":{"faultstring":"Rate limit quota violation","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}"#;
        let fault = r#"{"fault":{"faultstring":"Unexpected EOF","detail":{"errorcode":"messaging.adaptors.http.flow.UnexpectedEOF"}}}"#;
        for (endpoint, status, body, reason) in [
            (Token, 400, key, Reason::BadApiKey),
            (Compsum, 400, key, Reason::BadApiKey),
            (Token, 400, grant, Reason::BadCredentials),
            (Token, 401, "", Reason::BadCredentials),
            (Compsum, 400, permission, Reason::NoPermission),
            (Compsum, 400, wrapped, Reason::NoPermission),
            (Compsum, 401, expired, Reason::Unauthorized),
            (Compsum, 401, "<html>", Reason::Unauthorized),
            (Compsum, 403, denied, Reason::Forbidden),
            (Compsum, 429, "", Reason::RateLimited),
            (Token, 429, grant, Reason::RateLimited),
            (Compsum, 500, quota, Reason::RateLimited),
            (Token, 500, quota, Reason::RateLimited),
            (Compsum, 500, fault, Reason::ServerError),
            (Compsum, 503, "<html>quota</html>", Reason::ServerError),
            (Compsum, 400, "", Reason::BadRequest),
            (Compsum, 302, "", Reason::Other),
            (Compsum, 404, "", Reason::Other),
            (
                Token,
                400,
                r#"["SHA001","invalid_grant"]"#,
                Reason::BadRequest,
            ),
        ] {
            assert_eq!(
                classify(endpoint, status, body.as_bytes()),
                reason,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn only_a_no_to_a_login_is_a_refusal() {
        let failure = |endpoint, status, body: &str| Failure {
            endpoint,
            reason: classify(endpoint, status, body.as_bytes()),
            cause: None,
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
}
