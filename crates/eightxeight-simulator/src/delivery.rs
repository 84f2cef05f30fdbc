//! Connections: delivers answers as slowly, or as incompletely, as a fault demands.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lock::lock;

/// How a connection delivers an answer: an extension of the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Not at all: the connection is closed.
    pub(crate) dropped: bool,
    /// Wait before each byte of the head.
    pub(crate) head: Duration,
    /// Wait before each byte of the body.
    pub(crate) body: Duration,
    /// Close the connection after so many bytes of the body.
    pub(crate) cut: Option<usize>,
}

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
    let throttle = Throttle::default();
    let service = TowerToHyperService::new(router);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = service.call(request.map(Body::new));
        let throttle = throttle.clone();
        async move {
            let Ok(response) = answer.await;
            let delivery: Delivery = response.extensions().get().copied().unwrap_or_default();
            if delivery.dropped {
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted));
            }
            throttle.set(delivery);
            Ok(response)
        }
    });
    let (reader, writer) = stream.into_split();
    let throttled = Throttled {
        writer,
        throttle: throttle.clone(),
        wait: None,
    };
    let io = TokioIo::new(tokio::io::join(reader, throttled));
    // What fails is a client that left, or a connection that was to be dropped.
    let _ = http1::Builder::new().serve_connection(io, service).await;
}

/// The delivery of the answer that a connection is sending, and how far it is.
#[derive(Clone, Debug, Default)]
struct Throttle(Arc<Mutex<Progress>>);

#[derive(Debug, Default)]
struct Progress {
    delivery: Delivery,
    /// How much of the empty line that ends the head has just been written: all of it once the head is over.
    matched: usize,
    /// Bytes of the body that were written.
    body: usize,
}

const END_OF_HEAD: &[u8; 4] = b"\r\n\r\n";

impl Throttle {
    fn set(&self, delivery: Delivery) {
        *lock(&self.0) = Progress {
            delivery,
            ..Progress::default()
        };
    }

    /// How long to wait, and how many of the bytes may be written then; `None` when no more may be.
    fn next(&self, bytes: &[u8]) -> Option<(Duration, usize)> {
        let progress = lock(&self.0);
        if progress.delivery == Delivery::default() {
            return Some((Duration::ZERO, bytes.len()));
        }
        let Delivery {
            head, body, cut, ..
        } = progress.delivery;
        let rest_of_head = progress.head_of(bytes).0;
        let (after, length) = if rest_of_head > 0 {
            (head, rest_of_head)
        } else {
            let left = cut.map_or(usize::MAX, |cut| cut.saturating_sub(progress.body));
            if left == 0 {
                return None;
            }
            (body, bytes.len().min(left))
        };
        let length = if after.is_zero() { length } else { 1 };
        Some((after, length))
    }

    fn wrote(&self, bytes: &[u8]) {
        let mut progress = lock(&self.0);
        let (head, matched) = progress.head_of(bytes);
        progress.matched = matched;
        progress.body += bytes.len() - head;
    }
}

impl Progress {
    /// How many of the bytes belong to the head, and what is matched after them.
    fn head_of(&self, bytes: &[u8]) -> (usize, usize) {
        let mut matched = self.matched;
        for (at, byte) in bytes.iter().enumerate() {
            matched = match END_OF_HEAD.get(matched) {
                None => return (at, matched),
                Some(expected) if expected == byte => matched + 1,
                Some(_) => usize::from(*byte == b'\r'),
            };
        }
        (bytes.len(), matched)
    }
}

/// The writing half of a connection, which writes as its throttle allows.
struct Throttled {
    writer: OwnedWriteHalf,
    throttle: Throttle,
    wait: Option<Pin<Box<Sleep>>>,
}

impl AsyncWrite for Throttled {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some((after, length)) = self.throttle.next(bytes) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        };
        if !after.is_zero() {
            let wait = self.wait.get_or_insert_with(|| Box::pin(sleep(after)));
            ready!(wait.as_mut().poll(cx));
        }
        let some = bytes.get(..length).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.writer).poll_write(cx, some))?;
        self.wait = None;
        self.throttle.wrote(some.get(..written).unwrap_or(some));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_cut_where_it_should_be_however_it_is_written() {
        let answer = b"HTTP/1.1 200 OK\r\na: b\r\n\r\nbody\r\n\r\nmore";
        for chunk in 1..answer.len() {
            let throttle = Throttle::default();
            throttle.set(Delivery {
                cut: Some(6),
                ..Delivery::default()
            });
            let mut written = 0;
            while written < answer.len() {
                let next = answer.len().min(written + chunk);
                let Some((_, length)) = throttle.next(&answer[written..next]) else {
                    break;
                };
                throttle.wrote(&answer[written..written + length]);
                written += length;
            }
            assert_eq!(
                &answer[..written],
                b"HTTP/1.1 200 OK\r\na: b\r\n\r\nbody\r\n"
            );
        }
    }

    #[test]
    fn head_and_body_are_throttled_separately() {
        let throttle = Throttle::default();
        let slow = Duration::from_millis(5);
        throttle.set(Delivery {
            body: slow,
            ..Delivery::default()
        });
        let head = b"HTTP/1.1 200 OK\r\n\r\nbody";
        let whole_head = head.len() - 4;
        assert_eq!(throttle.next(head), Some((Duration::ZERO, whole_head)));
        throttle.wrote(&head[..whole_head]);
        assert_eq!(throttle.next(b"body"), Some((slow, 1)));
    }
}
