//! Opens the sockets to listen on.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::config::Listen;

/// As many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {}", explain(.source))]
pub struct ListenError {
    address: Listen,
    source: io::Error,
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is in use; choose another with --web.listen-address".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 need a privilege".to_owned()
        }
        _ => error.to_string(),
    }
}

/// systemd has handed over no sockets.
#[derive(Debug, thiserror::Error)]
#[error(
    "--web.systemd-socket: systemd hands no TCP socket over; start the exporter by its socket unit"
)]
pub struct NoSockets;

/// The sockets that systemd hands over.
///
/// # Errors
///
/// When there are none, or none that can be listened on.
pub fn from_systemd() -> Result<Vec<TcpListener>, NoSockets> {
    let mut handed_over = listenfd::ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..handed_over.len() {
        let listener = handed_over
            .take_tcp_listener(index)
            .ok()
            .flatten()
            .ok_or(NoSockets)?;
        listener.set_nonblocking(true).map_err(|_| NoSockets)?;
        listeners.push(TcpListener::from_std(listener).map_err(|_| NoSockets)?);
    }
    if listeners.is_empty() {
        Err(NoSockets)
    } else {
        Ok(listeners)
    }
}

/// Opens a socket for each address. Must be called within a tokio runtime.
///
/// # Errors
///
/// The first address that can't be listened on.
pub async fn bind(addresses: &[Listen]) -> Result<Vec<TcpListener>, ListenError> {
    let mut listeners = Vec::new();
    for address in addresses {
        let failed = |source| ListenError {
            address: address.clone(),
            source,
        };
        match address {
            Listen::Everywhere(port) => listeners.push(everywhere(*port).map_err(failed)?),
            Listen::Address(address) => listeners.push(one(*address).map_err(failed)?),
            Listen::Name(name, port) => {
                let found = tokio::net::lookup_host((name.as_str(), *port))
                    .await
                    .map_err(failed)?;
                for address in found {
                    listeners.push(one(address).map_err(failed)?);
                }
            }
        }
    }
    Ok(listeners)
}

/// All addresses of both families with one socket, or IPv4's alone where the machine has no IPv6.
fn everywhere(port: u16) -> io::Result<TcpListener> {
    match one((Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => one((Ipv4Addr::UNSPECIFIED, port).into()),
        bound => bound,
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
