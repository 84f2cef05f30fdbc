//! The phase of a connection, so that the right ones can be ended: those that send half a request or half a
//! TLS handshake, idle ones, and the longest idle when there are too many.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;

/// From a request's first byte to the end of its head.
const HEAD: Duration = Duration::from_secs(5);

/// For an answer to be taken and the next request to come. However steadily a client reads, it doesn't keep a page for longer.
const IDLE: Duration = Duration::from_mins(2);

/// An answer that has just been begun doesn't make room for others.
const MOMENT: Duration = Duration::from_secs(1);

/// The state of an open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The address of the client.
    pub(crate) client: IpAddr,
    activity: Mutex<Activity>,
    /// Ends the connection.
    pub(crate) end: CancellationToken,
}

#[derive(Clone, Copy, Debug)]
struct Activity {
    phase: Phase,
    /// When the phase began.
    since: Instant,
    /// The last bytes that were read: they tell whether part of another head follows a request.
    last_read: [u8; 4],
}

const END_OF_HEAD: [u8; 4] = *b"\r\n\r\n";

/// What a connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between requests.
    Idle,
    /// A request's head has begun, or a TLS handshake, which has as much time.
    Head,
    /// A handler is running; it has its own deadline.
    Handling,
    /// The answer is being sent, or has been.
    Sending,
}

impl Connection {
    pub(crate) fn new(client: IpAddr) -> Arc<Connection> {
        let activity = Activity {
            phase: Phase::Idle,
            since: Instant::now(),
            last_read: END_OF_HEAD,
        };
        Arc::new(Connection {
            client,
            activity: Mutex::new(activity),
            end: CancellationToken::new(),
        })
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.activity.lock().enter(phase);
    }

    /// Nothing is read at the end of the stream.
    fn read(&self, bytes: &[u8]) {
        let mut activity = self.activity.lock();
        for byte in &bytes[bytes.len().saturating_sub(4)..] {
            activity.last_read.rotate_left(1);
            activity.last_read[3] = *byte;
        }
        // A head's time doesn't start again with each byte.
        if !bytes.is_empty() && matches!(activity.phase, Phase::Idle | Phase::Sending) {
            activity.enter(Phase::Head);
        }
    }

    /// Since when the connection has waited for its client; `None` while an answer is made or has just been begun.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let Activity { phase, since, .. } = *self.activity.lock();
        match phase {
            Phase::Handling => None,
            Phase::Sending if since.elapsed() < MOMENT => None,
            _ => Some(since),
        }
    }

    /// Whether an answer is being made or sent.
    pub(crate) fn is_answering(&self) -> bool {
        matches!(self.activity.lock().phase, Phase::Handling | Phase::Sending)
    }

    /// Waits until the connection's time is up or `end` is cancelled.
    pub(crate) async fn expired(&self) {
        loop {
            let activity = *self.activity.lock();
            let since = activity.since;
            let end = match activity.phase {
                Phase::Head => since + HEAD,
                // Part of a head came with the request that is being answered. (Or the request had a body: then the
                // connection isn't kept as long, which is no harm.)
                Phase::Sending if activity.last_read != END_OF_HEAD => since + HEAD,
                Phase::Idle | Phase::Sending => since + IDLE,
                Phase::Handling => Instant::now() + IDLE,
            };
            if end <= Instant::now() {
                return;
            }
            // A new phase can end sooner than the present one.
            let look_again = end.min(Instant::now() + HEAD);
            tokio::select! {
                () = sleep_until(look_again) => {}
                () = self.end.cancelled() => return,
            }
        }
    }
}

impl Activity {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

/// The stream of a connection in plain text, which tells the connection of its reads.
pub(crate) fn watched<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    connection: &Arc<Connection>,
) -> impl AsyncRead + AsyncWrite + Unpin {
    let connection = connection.clone();
    InspectReader::new(stream, move |bytes: &[u8]| connection.read(bytes))
}
