//! What lies beneath a failure, where the network or an answer's body says more than the reason: for
//! people, who must find out what to do, while metrics have the few reasons.

use std::error::Error;
use std::io;

use rustls::CertificateError;
use serde_json::Value;

use super::failure::{Endpoint, Reason};

macro_rules! causes {
    ($($variant:ident $meaning:literal, $remedy:literal;)*) => {
        /// A cause that is known more closely than its reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Cause {
            $(#[doc = concat!($meaning, ".")] $variant,)*
        }

        impl Cause {
            /// All causes.
            pub const ALL: [Cause; [$($meaning),*].len()] = [$(Cause::$variant),*];

            /// What happened, as the end of a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Cause::$variant => $meaning),* }
            }

            /// What the operator can do about it.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Cause::$variant => $remedy),* }
            }
        }
    };
}

#[rustfmt::skip]
causes! {
    UnknownName "the name of 8x8's host has no address",
        "check --api.url and this machine's DNS; where only a proxy knows names outside, set HTTPS_PROXY";
    Refused "the connection was refused",
        "check --api.url; a firewall may forbid the way out, and then HTTPS_PROXY must name a proxy";
    Unreachable "there is no route to 8x8's host",
        "check this machine's network; where it has no way out of its own, set HTTPS_PROXY";
    NoConnection "nobody answered the attempt to connect",
        "a firewall drops such packets silently: let this machine connect to 8x8's host, or set HTTPS_PROXY";
    ClosedEarly "the connection was closed while it was being set up",
        "nothing, if it passes; if it stays, a firewall or a proxy may forbid the host, or inspect TLS and fail at it";
    Closed "the connection was closed before there was an answer",
        "nothing, if it passes; if it stays, something on the way cuts it off, such as a firewall or a proxy";
    ProxyUnreachable "the proxy that HTTPS_PROXY names can't be reached",
        "check HTTPS_PROXY and the network; NO_PROXY lists the hosts that need no proxy";
    ProxyRefused "the proxy refuses to connect to 8x8's host",
        "have whoever runs the proxy allow it, or list the host in NO_PROXY if the proxy isn't needed";
    ProxyCredentials "the proxy wants a user and a password",
        "put them into HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT with special characters percent-encoded";
    UnknownIssuer "the certificate is from an authority that this machine doesn't know",
        "if a proxy or firewall inspects TLS here, put its root certificate into a PEM file and name that with --api.ca-file; else install the system's CA certificates (Debian: ca-certificates)";
    Expired "the certificate has expired",
        "check this machine's clock and set it by NTP; if it is right, whoever runs the server or the inspecting proxy must renew the certificate";
    NotYetValid "the certificate isn't valid yet",
        "this machine's clock is probably behind: set it by NTP";
    WrongName "the certificate is for another host",
        "check --api.url; something between here and 8x8 may answer in its place, such as a login page of the network";
    NoTls "what answers doesn't speak TLS",
        "check the host and port in --api.url; something between here and 8x8 may answer in its place";
    UnknownUser "8x8 doesn't know the user's name",
        "check --api.username against the users in 8x8 Admin Console: it is what this user types to log in to 8x8's web pages";
    UnknownRefusal "8x8 refused the login in a way that it doesn't document",
        "check --api.url, the key, the user's name and the password; if they are right, ask 8x8 support";
    TimeZone "8x8 refused the time zone UTC, in which the exporter states all times",
        "tell the exporter's authors: no option changes it, --collect.time-zone only says where a day begins";
}

impl Cause {
    /// What stopped a request before there was an answer.
    pub(super) fn of_error(error: &reqwest::Error) -> Option<Cause> {
        let through_proxy = beneath(error).find_map(of_tunnel);
        let beneath = beneath(error).find_map(|error| of_tls(error).or_else(|| of_io(error)));
        match (through_proxy, beneath) {
            (Some(cause), _) => Some(cause),
            (None, None) if error.is_timeout() && error.is_connect() => Some(Cause::NoConnection),
            (None, Some(Cause::Closed)) if error.is_connect() => Some(Cause::ClosedEarly),
            (None, beneath) => beneath,
        }
    }

    /// What an answer that is no success says beyond its reason.
    pub(super) fn of_body(
        endpoint: Endpoint,
        status: u16,
        reason: Reason,
        body: &[u8],
    ) -> Option<Cause> {
        let text = String::from_utf8_lossy(body);
        match reason {
            Reason::BadCredentials => {
                let json: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                (json["error_description"] == *"USER_NOTFOUND_ERROR").then_some(Cause::UnknownUser)
            }
            Reason::Forbidden | Reason::BadRequest | Reason::Other
                if endpoint == Endpoint::Token =>
            {
                (400..500)
                    .contains(&status)
                    .then_some(Cause::UnknownRefusal)
            }
            // 8x8 documents no such error. Whoever refuses a zone will speak of it; an echo of the query
            // doesn't count.
            Reason::BadRequest => {
                let text = text.to_ascii_lowercase();
                let text = text.replace("timezone=", "").replace("\"timezone\":", "");
                let zone = ["timezone", "time zone", "time-zone", "time_zone"];
                zone.iter()
                    .any(|word| text.contains(word))
                    .then_some(Cause::TimeZone)
            }
            _ => None,
        }
    }

    /// The cause of an error of the operating system, for whoever connects without HTTP.
    #[must_use]
    pub fn of_connect(error: &io::Error) -> Option<Cause> {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(Cause::Refused),
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                Some(Cause::Unreachable)
            }
            io::ErrorKind::TimedOut => Some(Cause::NoConnection),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(Cause::Closed),
            _ => None,
        }
    }
}

/// The errors beneath one of the HTTP client's, outermost first. An `io::Error` names as its source not
/// what it holds but that one's source.
pub(super) fn beneath(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let error = next?;
        let held = error.downcast_ref().and_then(io::Error::get_ref);
        next = match held {
            Some(held) => Some(held),
            None => error.source(),
        };
        Some(error)
    })
}

/// The HTTP library keeps the type of these errors to itself; their texts are never shown.
fn of_tunnel(error: &(dyn Error + 'static)) -> Option<Cause> {
    let text = error.to_string();
    match text.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => Some(Cause::ProxyCredentials),
        "failed to create underlying connection" => Some(Cause::ProxyUnreachable),
        _ => Some(Cause::ProxyRefused),
    }
}

fn of_io(error: &(dyn Error + 'static)) -> Option<Cause> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Cause::of_connect(error);
    }
    match error.to_string().as_str() {
        "dns error" => Some(Cause::UnknownName),
        "connection closed before message completed" => Some(Cause::Closed),
        _ => None,
    }
}

fn of_tls(error: &(dyn Error + 'static)) -> Option<Cause> {
    match error.downcast_ref()? {
        rustls::Error::InvalidCertificate(error) => Some(match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Cause::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Cause::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Cause::WrongName
            }
            _ => Cause::UnknownIssuer,
        }),
        rustls::Error::InvalidMessage(_) => Some(Cause::NoTls),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_says_more_than_the_reason_only_where_it_is_known() {
        let grant = |description: &str| {
            let body =
                format!(r#"{{"error":"invalid_grant","error_description":"{description}"}}"#);
            Cause::of_body(
                Endpoint::Token,
                400,
                Reason::BadCredentials,
                body.as_bytes(),
            )
        };
        assert_eq!(grant("USER_NOTFOUND_ERROR"), Some(Cause::UnknownUser));
        assert_eq!(grant("INVALID_CREDENTIALS"), None);
        let request = |body: &str| {
            Cause::of_body(Endpoint::Compsum, 400, Reason::BadRequest, body.as_bytes())
        };
        for body in [
            r#"{"message":"Unknown time-zone ID: UTC"}"#,
            "Invalid timeZone",
        ] {
            assert_eq!(request(body), Some(Cause::TimeZone), "{body}");
        }
        for body in [
            "",
            "\u{fffd}",
            r#"{"path":"/v1/compsum?pbxId=p&timeZone=UTC"}"#,
            r#"{"parameters":{"timeZone":"UTC"},"message":"bad pbxId"}"#,
        ] {
            assert_eq!(request(body), None, "{body}");
        }
    }

    #[test]
    fn each_cause_has_its_own_words() {
        let mut texts = std::collections::HashSet::new();
        for cause in Cause::ALL {
            assert!(texts.insert(cause.meaning()) && texts.insert(cause.remedy()));
        }
    }
}
