//! Why there was no answer: what lies beneath an error of the HTTP client. Its own texts are never shown, they hold URLs.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::cause::Cause;

/// What stopped a request before there was an answer.
pub(crate) fn of_error(error: &reqwest::Error) -> Cause {
    if let Some(cause) = beneath(error).find_map(of_tunnel) {
        return cause;
    }
    match beneath(error).find_map(|error| of_tls(error).or_else(|| of_io(error))) {
        None if error.is_timeout() && error.is_connect() => Cause::NoConnection,
        None if error.is_timeout() => Cause::Timeout,
        None => Cause::Connect,
        Some(Cause::Closed) if error.is_connect() => Cause::ClosedEarly,
        Some(cause) => cause,
    }
}

/// The cause of the operating system's error, for whoever connects without HTTP.
#[must_use]
pub fn of_connect(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Cause::Refused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Cause::Unreachable,
        io::ErrorKind::TimedOut => Cause::NoConnection,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Cause::Closed,
        _ => Cause::Connect,
    }
}

/// The errors beneath one of the HTTP client's, outermost first. An `io::Error` that wraps another error leaves it out: its
/// source is the source of the other.
fn beneath(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
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

/// The HTTP library keeps the type of these errors to itself.
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
        return Some(of_connect(error)).filter(|cause| *cause != Cause::Connect);
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return match error {
            error if error.is_incomplete_message() => Some(Cause::Closed),
            error if error.is_parse() => Some(Cause::BadHead),
            _ => None,
        };
    }
    (error.to_string() == "dns error").then_some(Cause::UnknownName)
}

fn of_tls(error: &(dyn Error + 'static)) -> Option<Cause> {
    Some(match error.downcast_ref()? {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Cause::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Cause::NotYetValid
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Cause::WrongName
            }
            CertificateError::UnknownIssuer => Cause::UnknownIssuer,
            CertificateError::BadSignature => Cause::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Cause::WeakCertificate
            }
            _ => Cause::UnsuitableCertificate,
        },
        rustls::Error::InvalidMessage(_) => Cause::NoTls,
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => Cause::NoCommonTls,
        _ => Cause::Tls,
    })
}
