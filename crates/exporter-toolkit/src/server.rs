//! Accepts connections, keeps their number below a cap, and ends them all within a deadline.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONNECTION;
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use crate::connection::{Connection, Phase, watched};
use crate::security::WebSecurity;

/// More connections than any honest crowd of scrapers needs, and few enough to bound memory: 32 MiB of heads.
const MOST_CONNECTIONS: u64 = 1024;

/// Descriptors that are kept for what else the program has open. Where there are few, connections still get a quarter.
const RESERVED: u64 = 64;

/// With fewer descriptors a few clients are a crowd.
const FEW_DESCRIPTORS: u64 = 2 * RESERVED;

/// A longer head is refused with 431. Each connection may hold as much.
const LARGEST_HEAD: usize = 32 * 1024;

/// After this, connections that still send are cut: less than the five seconds in which the process has
/// to exit.
const LONGEST_DRAIN: Duration = Duration::from_secs(3);

/// How often a client that waits for a place looks whether somebody has turned idle.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A web server that runs until it is told to stop.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    security: Option<Arc<WebSecurity>>,
    most_connections: usize,
}

impl Server {
    /// A server on these sockets. Raises the limit of open descriptors to what is allowed, and warns when that is not much.
    #[must_use]
    pub fn new(listeners: Vec<TcpListener>) -> Server {
        let descriptors = raise_descriptor_limit();
        let room = descriptors.saturating_sub(RESERVED).max(descriptors / 4);
        let room = room.clamp(1, MOST_CONNECTIONS);
        if descriptors < FEW_DESCRIPTORS && !listeners.is_empty() {
            tracing::warn!(
                allowed = descriptors,
                connections = room,
                "few files may be open, so clients will be hung up on; allow {FEW_DESCRIPTORS} (ulimit -n, LimitNOFILE)"
            );
        }
        Server {
            listeners,
            security: None,
            most_connections: usize::try_from(room).unwrap_or(1),
        }
    }

    /// Puts the server behind a web configuration.
    #[must_use]
    pub fn behind(self, security: Option<Arc<WebSecurity>>) -> Server {
        Server { security, ..self }
    }

    /// Serves `router` until `stop` is cancelled; then stops accepting and lets answers that have begun
    /// finish. Returns how many connections had to be cut while they were still being answered.
    pub async fn run(self, router: Router, stop: CancellationToken) -> usize {
        let router = match &self.security {
            Some(security) => security.guard(router),
            None => router,
        };
        let connections = Arc::new(Connections {
            most: self.most_connections,
            security: self.security.filter(|security| security.speaks_tls()),
            router,
            stop: stop.clone(),
            open: Mutex::default(),
            left: Notify::new(),
        });
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            let (connections, stop) = (connections.clone(), stop.clone());
            accepting.spawn(async move {
                stop.run_until_cancelled(connections.accept(&listener))
                    .await;
            });
        }
        accepting.join_all().await;
        connections.drain().await
    }
}

/// The length of a request's line and headers. hyper takes a head of up to twice its limit when it comes in few pieces.
fn head_length(request: &Request<Incoming>) -> usize {
    let line = request
        .uri()
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    let headers = request.headers().iter();
    line + headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum::<usize>()
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// The connections that are open, and what they need.
#[derive(Debug)]
struct Connections {
    most: usize,
    /// `None` for plain HTTP.
    security: Option<Arc<WebSecurity>>,
    router: Router,
    stop: CancellationToken,
    open: Mutex<Vec<Arc<Connection>>>,
    /// Notified when a connection has ended.
    left: Notify,
}

/// A connection's place among the open ones, until its task ends, be it by a panic.
struct Place<'a>(&'a Connections, &'a Arc<Connection>);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Place(all, connection) = self;
        let mut open = all.open.lock();
        open.retain(|other| !Arc::ptr_eq(other, connection));
        all.left.notify_one();
    }
}

impl Connections {
    /// Accepts connections forever. An error concerns one connection or passes, so none ends the process.
    async fn accept(self: &Arc<Self>, listener: &TcpListener) {
        let mut warned = None;
        loop {
            match listener.accept().await {
                Ok((stream, from)) => {
                    // The next clients meanwhile wait in the kernel's queue. To accept all of them would use up the descriptors
                    // that are kept for the rest of the program; to make room before anybody waits would hang up for nothing.
                    self.room().await;
                    self.serve(stream, Connection::new(from.ip()));
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    self.make_room();
                    let now = Instant::now();
                    if warned.is_none_or(|at| now.duration_since(at) > Duration::from_mins(1)) {
                        tracing::warn!(%error, "can't accept connections; trying again");
                        warned = Some(now);
                    }
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn serve(self: &Arc<Self>, stream: TcpStream, connection: Arc<Connection>) {
        self.open.lock().push(connection.clone());
        let all = self.clone();
        tokio::spawn(async move {
            let _place = Place(&all, &connection);
            // Small answers shouldn't wait for an acknowledgement of the last one.
            let _ = stream.set_nodelay(true);
            match &all.security {
                None => all.serve_http(stream, &connection).await,
                Some(security) => {
                    connection.enter(Phase::Head);
                    let secured = tokio::select! {
                        secured = tls_handshake(stream, security) => secured,
                        () = connection.expired() => None,
                        () = all.stop.cancelled() => None,
                    };
                    if let Some(secured) = secured {
                        connection.enter(Phase::Idle);
                        all.serve_http(secured, &connection).await;
                    }
                }
            }
        });
    }

    /// Serves one connection until it ends, its time is up or the server stops.
    async fn serve_http(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        connection: &Arc<Connection>,
    ) {
        let service = service_fn(|mut request: Request<Incoming>| {
            connection.enter(Phase::Handling);
            request.extensions_mut().insert(connection.client);
            let mut router = self.router.clone();
            async move {
                let response = if head_length(&request) > LARGEST_HEAD {
                    let refusal = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                    Ok((refusal, [(CONNECTION, "close")]).into_response())
                } else {
                    router.call(request).await
                };
                connection.enter(Phase::Sending);
                response
            }
        });
        let io = TokioIo::new(watched(stream, connection));
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            // The connection's own clock tells an idle client from one that sends half a head.
            .header_read_timeout(None)
            .max_buf_size(LARGEST_HEAD)
            .serve_connection(io, service);
        let mut served = std::pin::pin!(served);
        tokio::select! {
            // Errors here concern only this client.
            _ = served.as_mut() => return,
            () = connection.expired() => return,
            () = self.stop.cancelled() => {}
        }
        served.as_mut().graceful_shutdown();
        tokio::select! {
            _ = served => {}
            () = connection.end.cancelled() => {}
        }
    }

    /// Waits until there is room for one more connection.
    async fn room(&self) {
        while self.open.lock().len() >= self.most {
            self.make_room();
            let _ = timeout(LOOK_AGAIN, self.left.notified()).await;
        }
    }

    /// Ends the sixteenth of the connections that have been idle longest: one at a time would mean to look
    /// at all of them for each new one.
    fn make_room(&self) {
        let open = self.open.lock();
        let mut idle: Vec<_> = open
            .iter()
            .filter_map(|connection| Some((connection.idle_since()?, connection)))
            .collect();
        let count = idle.len().min((self.most / 16).max(1));
        if count > 0 {
            idle.select_nth_unstable_by_key(count - 1, |(since, _)| *since);
        }
        for (_, connection) in idle.into_iter().take(count) {
            connection.end.cancel();
        }
    }

    /// Waits until all connections have ended: idle ones at once, the others when their answer is sent or `LONGEST_DRAIN` is
    /// over. The number of those that were cut then.
    async fn drain(&self) -> usize {
        let deadline = Instant::now() + LONGEST_DRAIN;
        loop {
            let is_late = deadline <= Instant::now();
            let left = {
                let open = self.open.lock();
                let ended = open.iter().filter(|open| is_late || !open.is_answering());
                ended.for_each(|connection| connection.end.cancel());
                open.len()
            };
            if left == 0 || is_late {
                return left;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Performs the TLS handshake; `None` when it fails or the client speaks plain HTTP.
async fn tls_handshake(
    mut stream: TcpStream,
    security: &WebSecurity,
) -> Option<TlsStream<TcpStream>> {
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 1 && first[0].is_ascii_uppercase() {
        // A TLS handshake doesn't begin with a letter.
        let text =
            "HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks HTTPS, and the request was HTTP.\n";
        let _ = stream.write_all(text.as_bytes()).await;
        let _ = stream.shutdown().await;
        // To close while there is something unread would take the answer back.
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
        return None;
    }
    let acceptor = TlsAcceptor::from(security.tls().await?);
    match acceptor.accept(stream).await {
        Ok(secured) => Some(secured),
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
    }
}

fn raise_descriptor_limit() -> u64 {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // It can fail only where a limit above the system's own was set; then the old one stays.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
