//! What can go wrong with one answer, put together from parts.

use std::io::{self, Read, Write};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use super::delivery::Delivery;
use super::dice::Dice;

/// A misbehaviour. Parts that don't exclude each other can be combined: a delayed, truncated 503.
#[must_use]
#[derive(Clone, Debug, Default)]
pub struct Fault {
    pub(crate) delay: Duration,
    pub(crate) reply: Reply,
    pub(crate) headers: HeaderMap,
    pub(crate) delivery: Delivery,
    pub(crate) date_offset: Option<SignedDuration>,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Reply {
    #[default]
    Honest,
    /// Checked like any other, but a success has this content type and body.
    Instead(String, Bytes),
    /// Unchecked, with this content type and body.
    Status(StatusCode, String, Bytes),
    /// A token that has expired, whatever its age.
    TokenExpired,
    /// No answer; the connection is closed.
    Dropped,
    /// No answer; the connection stays.
    Never,
}

const JSON: &str = "application/json";

impl Fault {
    /// Nothing wrong: a base for the parts below.
    pub fn none() -> Fault {
        Fault::default()
    }

    fn reply(reply: Reply) -> Fault {
        Fault {
            reply,
            ..Fault::default()
        }
    }

    /// This status and body instead of an answer, unchecked. A number that is no status becomes 500.
    pub fn status(status: u16, content_type: &str, body: impl Into<Bytes>) -> Fault {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Fault::reply(Reply::Status(status, content_type.to_owned(), body.into()))
    }

    /// Credentials, token and query are checked as ever, but a success has this body, status 200.
    pub fn instead(content_type: &str, body: impl Into<Bytes>) -> Fault {
        Fault::reply(Reply::Instead(content_type.to_owned(), body.into()))
    }

    /// As [`Fault::instead`], for a JSON text.
    pub fn json(body: impl Into<Bytes>) -> Fault {
        Fault::instead(JSON, body)
    }

    /// A gateway's 503 in HTML.
    pub fn unavailable() -> Fault {
        Fault::status(
            503,
            "text/html; charset=utf-8",
            "<html><head><title>503 Service Temporarily Unavailable</title></head><body>\
             <center><h1>503 Service Temporarily Unavailable</h1></center></body></html>",
        )
    }

    /// 429 with this `Retry-After`, a number of seconds or anything at all, or without.
    pub fn too_many_requests(retry_after: Option<&str>) -> Fault {
        let fault = Fault::status(429, JSON, r#"{"message":"API rate limit exceeded"}"#);
        match retry_after {
            Some(text) => fault.header("retry-after", text),
            None => fault,
        }
    }

    /// What the gateway Apigee says by default about a spent quota: status 500.
    pub fn apigee_quota() -> Fault {
        Fault::status(
            500,
            JSON,
            r#"{"fault":{"faultstring":"Rate limit quota violation. Quota limit exceeded. Identifier : _default","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}"#,
        )
    }

    /// 401 as for an expired token, which the body echoes.
    pub fn token_expired() -> Fault {
        Fault::reply(Reply::TokenExpired)
    }

    /// The connection is closed without an answer.
    pub fn drop_connection() -> Fault {
        Fault::reply(Reply::Dropped)
    }

    /// No answer ever comes.
    pub fn hang() -> Fault {
        Fault::reply(Reply::Never)
    }

    /// A success whose gzip body unpacks to `bytes` bytes of an empty JSON array. Making it takes about a
    /// second for each GiB.
    pub fn gzip_bomb(bytes: u64) -> Fault {
        Fault::json(bomb(bytes).unwrap_or_default()).header("content-encoding", "gzip")
    }

    /// Waits before it answers.
    pub fn delayed(mut self, delay: Duration) -> Fault {
        self.delay = delay;
        self
    }

    /// Sets a header, also one that the answer has anyway. One that can't be sent isn't.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Fault {
        if let Ok(value) = HeaderValue::try_from(value.into()) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Waits before each byte of the status line and the headers.
    pub fn slow_head(mut self, per_byte: Duration) -> Fault {
        self.delivery.head = per_byte;
        self
    }

    /// Waits before each byte of the body.
    pub fn slow_body(mut self, per_byte: Duration) -> Fault {
        self.delivery.body = per_byte;
        self
    }

    /// Announces the whole length, but closes the connection after `bytes` bytes of the body.
    pub fn truncated(mut self, bytes: usize) -> Fault {
        self.delivery.cut = Some(bytes);
        self
    }

    /// Shifts the `Date` header.
    pub fn date_offset(mut self, offset: SignedDuration) -> Fault {
        self.date_offset = Some(offset);
        self
    }

    /// A fault drawn for soaks, each kind as likely as any other. None lasts longer than a few seconds but the one that
    /// never answers.
    pub(crate) fn random(dice: &mut Dice) -> Fault {
        let fault = match dice.below(20) {
            0 => Fault::unavailable(),
            1 => Fault::apigee_quota(),
            2 => Fault::too_many_requests(None),
            3 => Fault::too_many_requests(Some(&dice.below(5).to_string())),
            4 => Fault::too_many_requests(Some("soon")),
            5 => Fault::token_expired(),
            6 => Fault::drop_connection(),
            7 => Fault::hang(),
            8 => Fault::none().truncated(dice.below(400) as usize),
            9 => Fault::none().slow_body(Duration::from_millis(1)),
            10 => Fault::none().slow_head(Duration::from_millis(5)),
            11 => Fault::none().date_offset(SignedDuration::from_secs(dice.below(90_000).into())),
            12 => Fault::json(""),
            13 => Fault::json("null"),
            14 => Fault::json(r#"{"message":"done"}"#),
            15 => Fault::json(r#"[{"pbxId":null,"inboundTotal":7}]"#),
            16 => Fault::instead("text/html", "<html>Sign in</html>"),
            17 => Fault::status(500, JSON, "{}"),
            18 => Fault::status(302, "text/plain", "").header("location", "/elsewhere"),
            _ => Fault::status(502, "text/plain", "upstream"),
        };
        if dice.permille(200) {
            fault.delayed(Duration::from_millis(dice.below(3000).into()))
        } else {
            fault
        }
    }

    pub(crate) fn has_reply(&self) -> bool {
        !matches!(self.reply, Reply::Honest)
    }

    /// Takes on what another fault has that this one lacks.
    pub(crate) fn join(&mut self, other: Fault) {
        if !self.has_reply() {
            self.reply = other.reply;
        }
        self.delay = self.delay.max(other.delay);
        self.headers.extend(other.headers);
        self.delivery.head = self.delivery.head.max(other.delivery.head);
        self.delivery.body = self.delivery.body.max(other.delivery.body);
        self.delivery.cut = self.delivery.cut.or(other.delivery.cut);
        self.date_offset = self.date_offset.or(other.date_offset);
    }
}

fn bomb(bytes: u64) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"[")?;
    let mut blank = io::repeat(b' ').take(bytes.saturating_sub(2));
    io::copy(&mut blank, &mut encoder)?;
    encoder.write_all(b"]")?;
    encoder.finish()
}

/// An instant as HTTP writes it.
pub(crate) fn http_date(instant: Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
