//! Connections: carries answers as slowly, or as little, as a fault demands.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::fault::Delivery;
use super::meddle::Carriage;

/// Accepts connections until `stop`, then closes them all, whatever they are waiting for.
pub(super) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
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
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, router: Router) {
    // Small answers must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let pace = Pace::default();
    let service = TowerToHyperService::new(router);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        let answer = service.call(request.map(Body::new));
        let pace = pace.clone();
        async move {
            let Ok(response) = answer.await;
            match response.extensions().get::<Carriage>() {
                Some(Carriage::Dropped) => return Err(io::ErrorKind::ConnectionAborted.into()),
                Some(Carriage::Paced(delivery)) => pace.set(*delivery),
                None => pace.set(Delivery::default()),
            }
            Ok::<_, io::Error>(response)
        }
    });
    let io = TokioIo::new(Paced {
        stream,
        pace: pace.clone(),
        wait: None,
    });
    // What fails is a client that left, or a connection that was to be dropped.
    let _ = http1::Builder::new().serve_connection(io, service).await;
}

/// The pace of the answer that a connection is carrying.
#[derive(Clone, Debug, Default)]
struct Pace(Arc<Mutex<Progress>>);

#[derive(Debug, Default)]
struct Progress {
    delivery: Delivery,
    /// How much of the empty line that ends the head has just been written: 4 once it is over.
    seen: usize,
}

const END_OF_HEAD: &[u8; 4] = b"\r\n\r\n";

impl Pace {
    fn set(&self, delivery: Delivery) {
        *self.lock() = Progress { delivery, seen: 0 };
    }

    /// The wait before the next byte, or none if all bytes may go at once.
    fn wait(&self) -> Option<Duration> {
        let progress = self.lock();
        let Delivery { head, body, .. } = progress.delivery;
        let in_body = progress.seen == END_OF_HEAD.len();
        (!head.is_zero() || !body.is_zero()).then_some(if in_body { body } else { head })
    }

    fn wrote(&self, byte: u8) {
        let mut progress = self.lock();
        progress.seen = match END_OF_HEAD.get(progress.seen) {
            None => progress.seen,
            Some(expected) if *expected == byte => progress.seen + 1,
            Some(_) => usize::from(byte == b'\r'),
        };
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that writes byte by byte when it is told to.
struct Paced {
    stream: TcpStream,
    pace: Pace,
    wait: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (Some(delay), Some(first)) = (self.pace.wait(), bytes.first()) else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        if !delay.is_zero() {
            let wait = self
                .wait
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(delay)));
            ready!(wait.as_mut().poll(cx));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &[*first]))?;
        self.wait = None;
        if written > 0 {
            self.pace.wrote(*first);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
