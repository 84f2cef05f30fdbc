//! Basic authentication against the bcrypt hashes of the web configuration.
//!
//! bcrypt is slow on purpose, so one runs at a time, off the runtime, and its verdicts are remembered: a
//! Prometheus asks with the same password for months.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::{OnceCell, Semaphore};
use zeroize::Zeroizing;

use crate::web_config::Users;

/// The number of verdicts of each kind that are remembered.
const MOST_REMEMBERED: usize = 1024;

/// The number of different logins that may wait for bcrypt; further ones are answered with 503.
const MOST_WAITING: usize = 64;

/// A keyed hash of a user, a bcrypt hash and a password.
type Fingerprint = [u8; 32];

/// The result of checking a request's login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthResult {
    Granted,
    Refused,
    /// Too many other logins wait for bcrypt.
    Busy,
}

/// Checks logins and remembers the verdicts.
pub(crate) struct BasicAuth {
    /// Random, so that a leaked fingerprint reveals nothing.
    key: hmac::Key,
    memory: Mutex<Memory>,
    /// One bcrypt at a time.
    turn: Arc<Semaphore>,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicAuth")
    }
}

#[derive(Default)]
struct Memory {
    /// Apart from the bad ones, so that a crowd of guesses doesn't push the right password out.
    good: Recent,
    bad: Recent,
    /// Those who ask the same at the same time share the verdict.
    waiting: HashMap<Fingerprint, Weak<OnceCell<bool>>>,
}

/// The newest fingerprints.
#[derive(Default)]
struct Recent {
    known: HashSet<Fingerprint>,
    order: VecDeque<Fingerprint>,
}

impl Recent {
    fn insert(&mut self, fingerprint: Fingerprint) {
        if !self.known.insert(fingerprint) {
            return;
        }
        self.order.push_back(fingerprint);
        if self.order.len() > MOST_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// The user and password that a client sent.
struct Login {
    user: Zeroizing<Vec<u8>>,
    password: Zeroizing<Vec<u8>>,
}

impl BasicAuth {
    /// Remembers nothing yet. `None` when the system has no random numbers.
    pub(crate) fn new() -> Option<BasicAuth> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).ok()?;
        Some(BasicAuth {
            key,
            memory: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        })
    }

    /// Checks the login in a request's headers.
    pub(crate) async fn authenticate(
        self: &Arc<Self>,
        users: &Users,
        headers: &HeaderMap,
    ) -> AuthResult {
        let Some(login) = login(headers) else {
            return AuthResult::Refused;
        };
        let Some((known, hash)) = self.hash_for(users, &login.user) else {
            return AuthResult::Refused;
        };
        let fingerprint = self.fingerprint(&[
            &[u8::from(known)],
            &login.user,
            hash.as_bytes(),
            &login.password,
        ]);
        let cell = {
            let mut memory = self.memory();
            if memory.good.known.contains(&fingerprint) {
                return AuthResult::Granted;
            }
            if memory.bad.known.contains(&fingerprint) {
                return AuthResult::Refused;
            }
            match memory.join(fingerprint) {
                Some(cell) => cell,
                None => return AuthResult::Busy,
            }
        };
        let verdict = cell.get_or_init(|| async {
            let Ok(turn) = self.turn.clone().acquire_owned().await else {
                return false;
            };
            let (auth, hash) = (self.clone(), hash.to_owned());
            let password = login.password;
            // It goes on when the client gives up, and the verdict serves its next try.
            let verdict = tokio::task::spawn_blocking(move || {
                let matches = bcrypt::verify(&*password, &hash).unwrap_or(false);
                let verdict = known && matches;
                let mut memory = auth.memory();
                let Memory { good, bad, .. } = &mut *memory;
                if verdict { good } else { bad }.insert(fingerprint);
                drop(turn);
                verdict
            });
            verdict.await.unwrap_or(false)
        });
        if *verdict.await {
            AuthResult::Granted
        } else {
            AuthResult::Refused
        }
    }

    /// The hash to compare with, and whether the user is known. One that isn't is compared with a known one's
    /// hash, always the same, so that it costs as much and the time tells nothing.
    fn hash_for<'u>(&self, users: &'u Users, user: &[u8]) -> Option<(bool, &'u str)> {
        let known = std::str::from_utf8(user)
            .ok()
            .and_then(|user| users.0.get(user));
        if let Some(hash) = known {
            return Some((true, hash));
        }
        let fingerprint = self.fingerprint(&[user]);
        let number = usize::from_le_bytes(*fingerprint.first_chunk()?);
        let hash = users.0.values().nth(number.checked_rem(users.0.len())?)?;
        Some((false, hash))
    }

    /// Each field goes in with its length: without it `ab` and `c` would be `a` and `bc`
    /// (CVE-2022-46146 of exporter-toolkit).
    fn fingerprint(&self, fields: &[&[u8]]) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.key);
        for field in fields {
            context.update(&(field.len() as u64).to_le_bytes());
            context.update(field);
        }
        let tag = context.sign();
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(tag.as_ref());
        fingerprint
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// The place where the verdict will be, unless too many wait already.
    fn join(&mut self, fingerprint: Fingerprint) -> Option<Arc<OnceCell<bool>>> {
        if let Some(cell) = self.waiting.get(&fingerprint).and_then(Weak::upgrade) {
            return Some(cell);
        }
        self.waiting.retain(|_, cell| cell.strong_count() > 0);
        if self.waiting.len() >= MOST_WAITING {
            return None;
        }
        let cell = Arc::new(OnceCell::new());
        self.waiting.insert(fingerprint, Arc::downgrade(&cell));
        Some(cell)
    }
}

/// The user and password of the `Authorization` header, if there is one that can be read.
fn login(headers: &HeaderMap) -> Option<Login> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some(Login {
        user: Zeroizing::new(decoded[..colon].to_vec()),
        password: Zeroizing::new(decoded[colon + 1..].to_vec()),
    })
}

#[cfg(test)]
mod tests;
