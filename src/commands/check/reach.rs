//! The steps before there is any HTTP: finding the host and connecting to it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::report::{Outcome, ok};
use crate::names::NAMES;
use eightxeight::transport::Route;
use eightxeight::{Cause, network};

/// The addresses of the host, none if it can't be found.
pub(super) async fn resolve(route: &Route, longest: Duration) -> Vec<SocketAddr> {
    match timeout(longest, lookup_host((route.host.as_str(), route.port))).await {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// The first address that takes a connection; else why the last one didn't.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    longest: Duration,
) -> Result<SocketAddr, Cause> {
    let mut cause = Cause::Connect;
    for address in addresses {
        let error = match timeout(longest, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        cause = network::of_connect(&error);
    }
    Err(cause)
}

pub(super) fn resolved(route: &Route, addresses: &[SocketAddr]) -> Outcome {
    if addresses.is_empty() {
        return trouble(route, Cause::UnknownName);
    }
    let host = if route.is_proxy {
        format!("the proxy {}", route.host)
    } else {
        route.host.clone()
    };
    if route.host.parse::<IpAddr>().is_ok() {
        return ok(format!("{host} is an address already"));
    }
    let addresses: Vec<_> = addresses
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    ok(format!("{host} is {}", addresses.join(", ")))
}

/// Nothing to resolve or connect is HTTP yet, but the words are those of a request that fails at it.
pub(super) fn trouble(route: &Route, cause: Cause) -> Outcome {
    let cause = if route.is_proxy {
        Cause::ProxyUnreachable
    } else {
        cause
    };
    Outcome::Failed {
        message: format!("{} ({}:{})", cause.meaning(), route.host, route.port),
        remedy: cause.remedy(&NAMES),
        reason: Some(cause.reason().label()),
    }
}
