//! One request and its answer: bounded in size, unpacked whatever its headers say, and none of its words in the errors.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::RequestBuilder;
use reqwest::header::DATE;
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use crate::cause::Cause;
use crate::clock::Clock;
use crate::failure::{Endpoint, Failure};
use crate::network;
use crate::retry_after;

/// The largest answer that is taken, after decompression.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// As much is taken of an answer that isn't a report. A token has some kilobytes, and an error's first ones
/// are enough to recognise it.
const LARGEST_OTHER: usize = 64 * 1024;

/// A report that is longer as it comes, perhaps compressed, waits for its turn.
const LONG_ANSWER: usize = 2 * 1024 * 1024;

/// One long report is received and decoded at a time: memory doesn't grow with the number of accounts whose answers are huge.
static LONG_ANSWERS: Semaphore = Semaphore::const_new(1);

/// glibc returns memory to the system when it is freed, if it was asked for in a piece of more than 32 MiB. Smaller pieces
/// can stay with the thread that had them, and the next answer may be read on another one.
const ALWAYS_RETURNED: usize = 33 * 1024 * 1024;

/// How gzip begins.
const GZIP: &[u8] = b"\x1f\x8b";

/// Compressed twice is the most that servers and proxies in front of them do.
const MOST_LAYERS: usize = 2;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An answer as it came, whatever its status.
pub(crate) struct RawAnswer {
    endpoint: Endpoint,
    status: u16,
    /// As far as it was read, perhaps compressed.
    body: Zeroizing<Vec<u8>>,
    /// Why it wasn't read to its end.
    broken: Option<Cause>,
    retry_after: Option<Duration>,
    /// By how many whole seconds this machine's clock is ahead of the server's, where the server told the time.
    pub(crate) clock_skew: Option<f64>,
    /// Held until a long body has been read.
    _turn: Option<SemaphorePermit<'static>>,
}

/// Sends a request and takes in its answer.
///
/// # Errors
///
/// When there is no answer.
pub(crate) async fn exchange(
    endpoint: Endpoint,
    request: RequestBuilder,
    clock: Clock,
) -> Result<RawAnswer, Failure> {
    let mut answer = request.send().await.map_err(|error| Failure {
        endpoint,
        cause: network::of_error(&error),
        status: None,
        retry_after: None,
    })?;
    let status = answer.status().as_u16();
    let now = clock.now().wall;
    let date = answer.headers().get(DATE).and_then(retry_after::date);
    let limit = largest(endpoint, status);
    // Room enough from the start for what can hold a token, also an error that echoes it: a buffer that
    // grows leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(LARGEST_OTHER));
    let mut turn = None;
    let broken = loop {
        if body.len() > LONG_ANSWER && turn.is_none() {
            turn = LONG_ANSWERS.acquire().await.ok();
        }
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => break Some(Cause::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break None,
            Err(error) if error.is_timeout() => break Some(Cause::Timeout),
            Err(_) => break Some(Cause::Decode),
        }
    };
    Ok(RawAnswer {
        endpoint,
        status,
        body,
        broken,
        retry_after: retry_after::wait(status, answer.headers(), date.unwrap_or(now)),
        // The header has whole seconds. Adding zero turns -0 into 0.
        clock_skew: date.map(|date| now.duration_since(date).as_secs_f64().trunc() + 0.0),
        _turn: turn,
    })
}

impl RawAnswer {
    /// Reads the answer. Takes its time: not for a thread that must not wait.
    ///
    /// # Errors
    ///
    /// When it isn't what was asked for.
    pub(crate) fn read<T>(
        self,
        read: impl FnOnce(&[u8]) -> Result<T, Cause>,
    ) -> Result<T, Failure> {
        let (endpoint, status, retry_after) = (self.endpoint, self.status, self.retry_after);
        // Small as it came, an answer can be huge when it is unpacked.
        let (body, broken) = unpacked(self.body, largest(endpoint, status));
        let text = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
        let start = text.get(..LARGEST_OTHER).unwrap_or(text);
        let of_answer = || Failure::of_answer(endpoint, status, start, retry_after);
        if status != 200 {
            // What was read of an error's body is enough.
            return Err(of_answer());
        }
        match self.broken.or(broken).map_or_else(|| read(text), Err) {
            Err(Cause::Decode) => Err(of_answer()),
            result => result.map_err(|cause| Failure {
                endpoint,
                cause,
                status: Some(status),
                retry_after,
            }),
        }
    }
}

/// How much of an answer is taken, before and after decompression.
fn largest(endpoint: Endpoint, status: u16) -> usize {
    match endpoint {
        Endpoint::Compsum if status == 200 => LARGEST_ANSWER,
        Endpoint::Compsum | Endpoint::Token => LARGEST_OTHER,
    }
}

/// The body without its compression, as far as it can be read, and why not to its end.
///
/// Its first bytes tell whether it is compressed, for headers are written in many ways, or not at all. JSON never
/// begins like that.
fn unpacked(mut body: Zeroizing<Vec<u8>>, most: usize) -> (Zeroizing<Vec<u8>>, Option<Cause>) {
    // There are files that unpack to themselves.
    for _ in 0..MOST_LAYERS {
        if !body.starts_with(GZIP) {
            break;
        }
        // gzip ends with the length before compression. Room for it from the start takes less than a buffer that grows.
        let length = body.last_chunk().map_or(0, |end| u32::from_le_bytes(*end));
        let length = usize::try_from(length).unwrap_or(most);
        let room = match length.clamp(LARGEST_OTHER, most) + 1 {
            long @ LONG_ANSWER.. => long.max(ALWAYS_RETURNED),
            short => short,
        };
        let mut plain = Zeroizing::new(Vec::with_capacity(room));
        let read = MultiGzDecoder::new(&body[..])
            .take(most as u64 + 1)
            .read_to_end(&mut plain);
        let is_too_large = plain.len() > most;
        plain.truncate(most);
        body = plain;
        if is_too_large {
            return (body, Some(Cause::TooLarge));
        }
        if read.is_err() {
            return (body, Some(Cause::Decode));
        }
    }
    (body, None)
}
