//! Asks a running exporter whether it is healthy: the health check of a container, which has no curl.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use exporter_toolkit::listen::ListenAddress;

use crate::config::Web;

/// A container's health check has a timeout of its own, which is longer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the exporter that is configured like this, without any proxy. Plain HTTP to this machine needs no
/// HTTP library, nor the CA certificates that one would look for.
///
/// # Errors
///
/// What is wrong, for a person.
pub fn ask(web: &Web) -> Result<(), String> {
    let listen = web.health_listen.as_ref().or_else(|| web.listen.first());
    let listen = listen.ok_or("no address to ask: --web.listen-address says where it listens")?;
    let addresses = addresses(listen).map_err(|error| format!("{listen}: {error}"))?;
    let mut last = format!("{listen}: no address");
    for address in addresses {
        match status(address) {
            Ok(line) if line.split(' ').nth(1) == Some("200") => return Ok(()),
            Ok(_) => {
                last = format!("{address} answers, but not that it is healthy");
                if web.config_file.is_some() {
                    last += "; with --web.config.file, give it --web.health-listen-address to ask";
                }
            }
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(last)
}

fn addresses(listen: &ListenAddress) -> io::Result<Vec<SocketAddr>> {
    Ok(match listen {
        ListenAddress::Any(port) => {
            vec![
                (Ipv4Addr::LOCALHOST, *port).into(),
                (Ipv6Addr::LOCALHOST, *port).into(),
            ]
        }
        ListenAddress::Address(address) if address.ip().is_unspecified() => {
            vec![(Ipv4Addr::LOCALHOST, address.port()).into()]
        }
        ListenAddress::Address(address) => vec![*address],
        ListenAddress::Name(name, port) => (name.as_str(), *port).to_socket_addrs()?.collect(),
    })
}

/// The first line of the answer.
fn status(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /-/healthy HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}
