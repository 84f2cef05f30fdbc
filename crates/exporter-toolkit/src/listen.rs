//! Opens the sockets to listen on.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use rustls::pki_types::DnsName;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// The number of connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// On one address. `[::]` is all addresses of the machine, IPv4 alone where IPv6 is off.
    Address(SocketAddr),
    /// On the addresses of a name.
    Name(String, u16),
}

impl ListenAddress {
    /// The port; 0 stands for any that is free.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            ListenAddress::Address(address) => address.port(),
            ListenAddress::Name(_, port) => *port,
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenAddress::Address(address) => address.fmt(f),
            ListenAddress::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// The error for a text that isn't an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as `:9090`, `127.0.0.1:9090` or `[::1]:9090`")]
pub struct NoAddress;

impl FromStr for ListenAddress {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        if let Ok(address) = text.parse() {
            return Ok(ListenAddress::Address(address));
        }
        let (host, port) = text.rsplit_once(':').ok_or(NoAddress)?;
        let port = port.parse().map_err(|_| NoAddress)?;
        if host.is_empty() {
            let everywhere = (Ipv6Addr::UNSPECIFIED, port).into();
            return Ok(ListenAddress::Address(everywhere));
        }
        DnsName::try_from(host).map_err(|_| NoAddress)?;
        Ok(ListenAddress::Name(host.to_owned(), port))
    }
}

/// The error of an address that can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {}", explain(.source))]
pub struct ListenError {
    address: ListenAddress,
    source: io::Error,
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use; choose another".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 need a privilege".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The error when systemd has passed no sockets.
#[derive(Debug, thiserror::Error)]
#[error("systemd passed no TCP socket; start the service through its socket unit")]
pub struct NoSockets;

/// The sockets that systemd passes.
///
/// # Errors
///
/// When there are none, or none that can be listened on.
pub fn from_systemd() -> Result<Vec<TcpListener>, NoSockets> {
    let mut handed_over = listenfd::ListenFd::from_env();
    let count = handed_over.len();
    let listener = |index| {
        let listener = handed_over.take_tcp_listener(index).ok()??;
        listener.set_nonblocking(true).ok()?;
        TcpListener::from_std(listener).ok()
    };
    let listeners: Option<Vec<_>> = (0..count).map(listener).collect();
    let listeners = listeners.filter(|listeners| !listeners.is_empty());
    listeners.ok_or(NoSockets)
}

/// Opens a socket for each address. Must be called within a tokio runtime.
///
/// # Errors
///
/// The first address that can't be listened on.
pub async fn bind(addresses: &[ListenAddress]) -> Result<Vec<TcpListener>, ListenError> {
    let mut listeners = Vec::new();
    for address in addresses {
        let failed = |source| ListenError {
            address: address.clone(),
            source,
        };
        let found = match address {
            ListenAddress::Address(address) => vec![*address],
            ListenAddress::Name(name, port) => {
                let found = tokio::net::lookup_host((name.as_str(), *port)).await;
                found.map_err(failed)?.collect()
            }
        };
        for address in found {
            listeners.push(open(address).map_err(failed)?);
        }
    }
    Ok(listeners)
}

/// `[::]` is all addresses of both families with one socket, or IPv4's alone where the machine has no IPv6.
fn open(address: SocketAddr) -> io::Result<TcpListener> {
    match one(address) {
        Err(error)
            if address.ip() == Ipv6Addr::UNSPECIFIED
                && error.kind() != io::ErrorKind::AddrInUse =>
        {
            one((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        opened => opened,
    }
}

fn one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    // So that a restart doesn't wait for the old connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_prometheus_users_type_them() {
        let all = ListenAddress::Address((Ipv6Addr::UNSPECIFIED, 10888).into());
        assert_eq!(":10888".parse(), Ok(all.clone()));
        assert_eq!("[::]:10888".parse(), Ok(all));
        assert_eq!(
            "localhost:0".parse(),
            Ok(ListenAddress::Name("localhost".to_owned(), 0))
        );
        assert!(matches!("0.0.0.0:1".parse(), Ok(ListenAddress::Address(_))));
        for bad in [
            "",
            "10888",
            ":",
            ":99999",
            "::1:80x",
            "[::1]",
            "a b:1",
            "1.2.3:80",
            "http://x:1",
        ] {
            assert_eq!(bad.parse::<ListenAddress>(), Err(NoAddress), "{bad}");
        }
    }
}
