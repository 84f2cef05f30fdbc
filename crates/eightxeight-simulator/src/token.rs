//! Access tokens: issued, expiring, revoked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::refusal::Refusal;

/// 8x8's own, documented.
const LIFE: Duration = Duration::from_mins(30);

/// Of more, those that have expired are forgotten, which makes them unknown.
const MOST: usize = 20_000;

/// The access tokens that were issued.
pub struct Tokens(Mutex<State>);

struct State {
    life: Duration,
    /// By token, its account and when it expires.
    issued: HashMap<String, (Arc<str>, Instant)>,
}

impl Tokens {
    pub(crate) fn new() -> Tokens {
        Tokens(Mutex::new(State {
            life: LIFE,
            issued: HashMap::new(),
        }))
    }

    /// Sets the life of tokens given out from now on.
    pub fn set_life(&self, life: Duration) {
        self.0.lock().life = life;
    }

    /// Takes back all tokens: a client finds out by a 401.
    pub fn revoke_all(&self) {
        self.0.lock().issued.clear();
    }

    /// Gives out a token. With it comes its life in seconds.
    pub(crate) fn issue(&self, account: Arc<str>, now: Instant) -> (String, u64) {
        let mut state = self.0.lock();
        if state.issued.len() >= MOST {
            state.issued.retain(|_, (_, until)| *until > now);
        }
        let token = random();
        let until = now + state.life;
        state.issued.insert(token.clone(), (account, until));
        (token, state.life.as_secs())
    }

    /// Checks that a token is an account's and hasn't expired.
    pub(crate) fn check(&self, token: &str, account: &str, now: Instant) -> Result<(), Refusal> {
        match self.0.lock().issued.get(token) {
            Some((_, until)) if *until <= now => Err(Refusal::token_expired(token)),
            Some((owner, _)) if **owner == *account => Ok(()),
            _ => Err(Refusal::token_unknown(token)),
        }
    }
}

/// The token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// Three parts of base64 text as a JSON Web Token has, the first that of 8x8's example.
fn random() -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte % 64)]);
    let payload: String = rand::random::<[u8; 60]>().map(letter).iter().collect();
    let signature: String = rand::random::<[u8; 86]>().map(letter).iter().collect();
    format!("eyJhbGciOiJSUzI1NiJ9.eyJ{payload}.{signature}")
}
