//! Asks a running exporter whether it is healthy: the health check of a container, which has no curl.
//!
//! A container's health check doesn't know with which options the exporter was started. So a running exporter binds a
//! socket in the abstract namespace whose name holds its process id and the address to ask: it needs no file, and goes
//! with the process.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use exporter_toolkit::listen::ListenAddress;
use rustix::process::getuid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::UCred;
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::config::Web;

/// For each address. The health check of the image has five seconds for two of them.
const PATIENCE: Duration = Duration::from_secs(2);

/// An answer is read no further.
const LONGEST_ANSWER: u64 = 4096;

/// What the names of the sockets begin with.
const NAME: &str = "eightxeight-exporter/";

/// Lets `health` find this process, and that it is to ask `address` below `prefix`.
///
/// # Errors
///
/// The system has no such sockets. Then `health` needs to be told the address.
pub(crate) fn publish(address: SocketAddr, prefix: &str) -> io::Result<()> {
    let name = format!("\0{NAME}{}/{address}{prefix}", std::process::id());
    let socket = UnixListener::bind(name)?;
    tokio::spawn(async move {
        loop {
            // To be connected to is enough: it tells the other side whose process this is.
            if socket.accept().await.is_err() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    });
    Ok(())
}

/// Asks the exporter, without any proxy. Plain HTTP to this machine needs no HTTP library, nor the CA certificates that
/// one would look for.
///
/// `typed` says that the command line names an address, or a file that does: then no other exporter will do. Otherwise
/// the one that runs is asked wherever it listens, unless an address in the environment or its file answers.
///
/// # Errors
///
/// What is wrong, for a person.
pub(crate) fn ask(web: &Web, typed: bool) -> Result<(), String> {
    let configured = || match (&web.health_listen, web.listen.first()) {
        (Some(listen), _) => ask_at(listen, ""),
        (None, Some(listen)) => ask_at(listen, web.prefixes()[0]),
        (None, None) => Err("no address to ask: --web.listen-address says where it listens".into()),
    };
    if typed {
        return configured();
    }
    let default = Web::default();
    let is_default = (&web.listen, &web.health_listen) == (&default.listen, &default.health_listen);
    if !is_default && configured().is_ok() {
        return Ok(());
    }
    match running().as_slice() {
        [] => configured(),
        [(listen, prefix)] => ask_at(listen, prefix),
        several => configured().map_err(|problem| {
            let count = several.len();
            format!("{problem} ({count} exporters run here: name one with --web.listen-address)")
        }),
    }
}

/// Where the exporters of this user listen that run in the same container or on the same machine; for root, those of
/// all users. Each with the prefix of its paths.
fn running() -> Vec<(ListenAddress, String)> {
    let sockets = std::fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let names = sockets.lines().filter_map(|line| line.rsplit(' ').next());
    names.filter_map(published).collect()
}

/// The address in a socket's name, if it was bound by the process that it names. Anybody can bind any name.
fn published(name: &str) -> Option<(ListenAddress, String)> {
    let name = name.strip_prefix('@')?;
    let (process, address) = name.strip_prefix(NAME)?.split_once('/')?;
    let owner = owner(name).ok()?;
    let me = getuid();
    let is_mine = me.is_root() || me.as_raw() == owner.uid();
    // The process of another container has no number here.
    let is_it = owner.pid() == process.parse().ok();
    let (address, prefix) = address.split_at(address.find('/').unwrap_or(address.len()));
    let address = address.parse().ok().filter(|_| is_mine && is_it)?;
    Some((address, prefix.to_owned()))
}

/// Who has bound a socket. It doesn't wait where connections aren't accepted.
fn owner(name: &str) -> io::Result<UCred> {
    let socket = runtime()?.block_on(UnixStream::connect(format!("\0{name}")))?;
    socket.peer_cred()
}

fn ask_at(listen: &ListenAddress, prefix: &str) -> Result<(), String> {
    let addresses = addresses(listen).map_err(|error| format!("{listen}: {error}"))?;
    let mut problems = Vec::new();
    for address in addresses {
        match status(address, prefix) {
            Ok(answer) => return judge(&answer).map_err(|problem| format!("{address} {problem}")),
            Err(error) => problems.push((address, error)),
        }
    }
    // A machine without IPv6 says so of one address, which is no news.
    let is_missing = |error: &io::Error| error.kind() == ErrorKind::AddrNotAvailable;
    let problems = problems.into_iter();
    Err(match problems.min_by_key(|(_, error)| is_missing(error)) {
        Some((address, error)) => format!("{address}: {error}"),
        None => format!("{listen}: no address"),
    })
}

fn addresses(listen: &ListenAddress) -> io::Result<Vec<SocketAddr>> {
    Ok(match listen {
        ListenAddress::Address(address) if address.ip() == Ipv6Addr::UNSPECIFIED => {
            vec![
                (Ipv4Addr::LOCALHOST, address.port()).into(),
                (Ipv6Addr::LOCALHOST, address.port()).into(),
            ]
        }
        ListenAddress::Address(address) if address.ip().is_unspecified() => {
            vec![(Ipv4Addr::LOCALHOST, address.port()).into()]
        }
        ListenAddress::Address(address) => vec![*address],
        ListenAddress::Name(name, port) => (name.as_str(), *port).to_socket_addrs()?.collect(),
    })
}

/// The beginning of the answer.
fn status(address: SocketAddr, prefix: &str) -> io::Result<String> {
    let request =
        format!("GET {prefix}/-/healthy HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        let mut beginning = stream.take(LONGEST_ANSWER);
        beginning.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    runtime()?.block_on(async { timeout(PATIENCE, exchange).await? })
}

/// A runtime that needs no further thread.
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Whether an answer is that it is healthy; else what is wrong with it.
fn judge(answer: &str) -> Result<(), String> {
    const REMEDY: &str =
        "start the exporter with --web.health-listen-address, a plain address for health checks";
    let status = answer
        .strip_prefix("HTTP/1.")
        .and_then(|answer| answer.split_whitespace().nth(1));
    Err(match status {
        Some("200") => return Ok(()),
        Some("401") => format!("asks for a password: {REMEDY}"),
        Some("400") if answer.contains("HTTPS") => format!("speaks HTTPS: {REMEDY}"),
        Some(status) => format!("answers with status {status}, not that it is healthy"),
        None => format!("doesn't answer in HTTP; if it speaks HTTPS, {REMEDY}"),
    })
}
