//! Access tokens: issued, expiring, revoked.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use serde_json::Value;
use tokio::time::Instant;

use super::lock::lock;
use super::refusal::Refusal;

/// 8x8's own, documented.
pub(crate) const LIFE: Duration = Duration::from_mins(30);

/// More are never kept: the oldest are forgotten, which makes them unknown.
const MOST: usize = 20_000;

/// The access tokens that were issued.
pub struct Tokens(Mutex<State>);

struct State {
    life: Duration,
    announced: Announced,
    /// By token, its account and when it expires.
    issued: HashMap<String, (usize, Instant)>,
}

/// What a login's answer says of the token's life.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Announced {
    /// The truth, in whole seconds.
    #[default]
    Life,
    /// This value as `expires_in`.
    Value(Value),
    /// Nothing.
    Nothing,
}

impl Tokens {
    pub(crate) fn new(life: Duration) -> Tokens {
        Tokens(Mutex::new(State {
            life,
            announced: Announced::default(),
            issued: HashMap::new(),
        }))
    }

    /// Sets the life of tokens given out from now on.
    pub fn set_life(&self, life: Duration) {
        lock(&self.0).life = life;
    }

    /// Sets what logins say of the life of tokens, true or not.
    pub fn announce(&self, announced: Announced) {
        lock(&self.0).announced = announced;
    }

    /// Takes back all tokens: a client finds out by a 401.
    pub fn revoke_all(&self) {
        lock(&self.0).issued.clear();
    }

    /// Gives out a token; with it comes the `expires_in` to announce.
    pub(crate) fn issue(&self, account: usize, now: Instant) -> (String, Option<Value>) {
        let mut state = lock(&self.0);
        if state.issued.len() >= MOST {
            let mut ends: Vec<_> = state.issued.values().map(|(_, until)| *until).collect();
            ends.sort_unstable();
            let middle = ends.get(MOST / 2).copied();
            state.issued.retain(|_, (_, until)| Some(*until) > middle);
        }
        let token = random();
        let until = now + state.life;
        state.issued.insert(token.clone(), (account, until));
        let announced = match &state.announced {
            Announced::Life => Some(state.life.as_secs().into()),
            Announced::Value(value) => Some(value.clone()),
            Announced::Nothing => None,
        };
        (token, announced)
    }

    /// Checks that a token is an account's and hasn't expired.
    pub(crate) fn check(&self, token: &str, account: usize, now: Instant) -> Result<(), Refusal> {
        match lock(&self.0).issued.get(token) {
            Some((_, until)) if *until <= now => Err(Refusal::TokenExpired(token.to_owned())),
            Some((owner, _)) if *owner == account => Ok(()),
            _ => Err(Refusal::TokenUnknown(token.to_owned())),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({})", lock(&self.0).issued.len())
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
