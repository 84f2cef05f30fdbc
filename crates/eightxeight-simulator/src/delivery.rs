//! Connections: delivers answers as slowly, or as incompletely, as a fault demands.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a connection delivers an answer: an extension of the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Wait before each byte of the head.
    pub(crate) head: Duration,
    /// Wait before each byte of the body.
    pub(crate) body: Duration,
    /// Close the connection after so many bytes of the body.
    pub(crate) cut: Option<usize>,
}

/// An extension of a response that isn't sent: the connection is closed.
#[derive(Clone)]
pub(crate) struct Dropped;

/// The bytes of an answer that a connection holds.
const BUFFER: usize = 16 * 1024;

/// Accepts connections until `stop`, then closes them all, whatever they are waiting for.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone());
                let stop = stop.clone();
                connections.spawn(async move { stop.run_until_cancelled(connection).await });
            }
            // Most likely out of descriptors: some may be free in a moment.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, router: Router) {
    // Small answers must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let progress = Mutex::new(Progress::default());
    let service = TowerToHyperService::new(router);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = service.call(request.map(Body::new));
        let progress = &progress;
        async move {
            let Ok(response) = answer.await;
            if response.extensions().get::<Dropped>().is_some() {
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
            }
            let delivery = response.extensions().get().copied();
            *progress.lock() = Progress::of(delivery.unwrap_or_default());
            Ok(response)
        }
    });
    let (reader, writer) = stream.into_split();
    let (written, answers) = tokio::io::duplex(BUFFER);
    let io = TokioIo::new(tokio::io::join(reader, written));
    let served = async {
        // What fails is a connection that was to be dropped, or a client that left or speaks no HTTP: it is told so.
        let _ = http1::Builder::new().serve_connection(io, service).await;
        Ok(())
    };
    // What fails is an answer that was to be cut, or a client that left.
    let _ = tokio::try_join!(served, send(answers, writer, &progress));
}

/// How far the connection is with sending an answer.
#[derive(Debug, Default)]
struct Progress {
    delivery: Delivery,
    /// The last bytes of the head: those that end it once it is over.
    last: [u8; 4],
    /// Bytes of the body that were sent.
    body: usize,
}

impl Progress {
    fn of(delivery: Delivery) -> Progress {
        Progress {
            delivery,
            ..Progress::default()
        }
    }

    /// How long to wait before the next byte is sent; `None` when it mustn't be.
    fn next(&mut self, byte: u8) -> Option<Duration> {
        if self.last != *b"\r\n\r\n" {
            self.last.rotate_left(1);
            self.last[3] = byte;
            return Some(self.delivery.head);
        }
        if self.delivery.cut.is_some_and(|cut| cut <= self.body) {
            return None;
        }
        self.body += 1;
        Some(self.delivery.body)
    }
}

/// Passes answers on to the client, as slowly or as incompletely as their delivery demands.
async fn send(
    mut answers: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    progress: &Mutex<Progress>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = answers.read(&mut buffer).await?;
        if length == 0 {
            return client.shutdown().await;
        }
        if progress.lock().delivery == Delivery::default() {
            client.write_all(&buffer[..length]).await?;
            continue;
        }
        let mut sent = 0;
        for at in 0..length {
            let wait = progress.lock().next(buffer[at]);
            if wait == Some(Duration::ZERO) {
                continue;
            }
            client.write_all(&buffer[sent..at]).await?;
            sent = at;
            sleep(wait.ok_or(io::ErrorKind::ConnectionAborted)?).await;
        }
        client.write_all(&buffer[sent..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\na: b\r\n\r\nbody\r\n\r\nmore";

    #[tokio::test]
    async fn a_body_is_cut_where_it_should_be_however_it_is_written() {
        for chunk in 1..ANSWER.len() {
            let progress = Mutex::new(Progress::of(Delivery {
                cut: Some(6),
                ..Delivery::default()
            }));
            let (mut written, answers) = tokio::io::duplex(chunk);
            let mut client = Vec::new();
            let (sent, _) = tokio::join!(
                send(answers, &mut client, &progress),
                written.write_all(ANSWER)
            );
            assert!(sent.is_err());
            assert_eq!(client, b"HTTP/1.1 200 OK\r\na: b\r\n\r\nbody\r\n");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn head_and_body_are_throttled_separately() {
        let second = Duration::from_secs(1);
        let (head, body) = (25, ANSWER.len() - 25);
        for (delivery, waits) in [
            (
                Delivery {
                    head: second,
                    ..Delivery::default()
                },
                head,
            ),
            (
                Delivery {
                    body: second,
                    ..Delivery::default()
                },
                body,
            ),
        ] {
            let progress = Mutex::new(Progress::of(delivery));
            let began = tokio::time::Instant::now();
            let mut client = Vec::new();
            send(ANSWER, &mut client, &progress).await.unwrap();
            assert_eq!(client, ANSWER);
            assert_eq!(began.elapsed().as_secs(), waits as u64);
        }
    }
}
