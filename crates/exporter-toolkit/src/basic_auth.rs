//! Basic authentication.
//!
//! bcrypt is slow on purpose, so few run at a time, off the runtime, and their verdicts are kept: a Prometheus sends
//! the same password for months.

use std::net::IpAddr;
use std::num::NonZero;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

use crate::web_config::Users;

/// The number of verdicts that each cache keeps.
const MOST_REMEMBERED: u64 = 1024;

/// The number of different logins that may wait for bcrypt; more are told to come back later. At the usual cost, 12, this many
/// take 8 s on two processors: an honest client among them is answered before its scrape times out.
const MOST_WAITING: usize = 64;

/// The number of them that may come from one address, so that one host's guesses leave places for others.
const MOST_FROM_ONE: usize = 48;

/// The number of bcrypts that may run at a time.
const MOST_AT_WORK: usize = 4;

/// Identifies a user, a hash and a password.
type Fingerprint = [u8; 32];

/// Whether the password is right: `None` until bcrypt has compared it.
type Verdict = watch::Receiver<Option<bool>>;

/// The error when too many other logins wait for bcrypt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Busy;

/// Checks logins and remembers the verdicts.
pub(crate) struct BasicAuth {
    /// Random: a fingerprint that leaks says nothing.
    key: hmac::Key,
    /// The right passwords, apart from the rest so that a crowd of guesses doesn't push them out.
    good: Cache<Fingerprint, ()>,
    /// The newest verdicts, those to come included: clients that send the same at the same time share one.
    recent: Cache<Fingerprint, Verdict>,
    /// Where the different logins come from that wait for bcrypt.
    waiting: Arc<Mutex<Vec<IpAddr>>>,
    turn: Arc<Semaphore>,
}

impl BasicAuth {
    pub(crate) fn new() -> Result<BasicAuth, Vec<String>> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random)
            .map_err(|_| vec!["the system has no random numbers".to_owned()])?;
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        Ok(BasicAuth {
            key,
            good: newest(),
            recent: newest(),
            waiting: Arc::default(),
            turn: Arc::new(Semaphore::new(processors.min(MOST_AT_WORK))),
        })
    }

    /// Whether a request with these headers, from this address, is one of a user.
    pub(crate) async fn authenticate(
        &self,
        users: &Users,
        headers: &HeaderMap,
        from: IpAddr,
    ) -> Result<bool, Busy> {
        let Some([user, password]) = login(headers) else {
            return Ok(false);
        };
        let Some((known, hash)) = self.hash_for(users, &user) else {
            return Ok(false);
        };
        let is_known = [u8::from(known)];
        let fingerprint = self.fingerprint(&[&is_known, &user, hash.as_bytes(), &password]);
        if self.good.get(&fingerprint).await.is_some() {
            return Ok(true);
        }
        let compare = async { self.compare(from, fingerprint, known, hash, password) };
        let verdict = self.recent.try_get_with(fingerprint, compare).await;
        let mut verdict = verdict.map_err(|_: Arc<Busy>| Busy)?;
        let verdict = verdict.wait_for(Option::is_some).await;
        Ok(verdict.is_ok_and(|verdict| *verdict == Some(true)))
    }

    /// Queues for bcrypt, in a task of its own: a client that hangs up keeps its place, and its next try finds the
    /// verdict.
    fn compare(
        &self,
        from: IpAddr,
        fingerprint: Fingerprint,
        known: bool,
        hash: &str,
        password: Zeroizing<Vec<u8>>,
    ) -> Result<Verdict, Busy> {
        take_place(&mut self.waiting.lock(), from)?;
        let waiting = self.waiting.clone();
        let (turn, good, hash) = (self.turn.clone(), self.good.clone(), hash.to_owned());
        let (sender, verdict) = watch::channel(None);
        tokio::spawn(async move {
            // It is never closed.
            let _turn = turn.acquire().await;
            let matches = tokio::task::spawn_blocking(move || {
                bcrypt::verify(&*password, &hash).unwrap_or(false)
            });
            let is_good = known && matches.await.unwrap_or(false);
            if is_good {
                good.insert(fingerprint, ()).await;
            }
            sender.send_replace(Some(is_good));
            let mut waiting = waiting.lock();
            if let Some(place) = waiting.iter().position(|address| *address == from) {
                waiting.swap_remove(place);
            }
        });
        Ok(verdict)
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
}

fn take_place(waiting: &mut Vec<IpAddr>, from: IpAddr) -> Result<(), Busy> {
    let from_there = waiting.iter().filter(|address| **address == from).count();
    if waiting.len() >= MOST_WAITING || from_there >= MOST_FROM_ONE {
        return Err(Busy);
    }
    waiting.push(from);
    Ok(())
}

/// A cache that keeps the newest.
fn newest<V: Clone + Send + Sync + 'static>() -> Cache<Fingerprint, V> {
    Cache::builder()
        .max_capacity(MOST_REMEMBERED)
        .eviction_policy(EvictionPolicy::lru())
        .build()
}

/// The user and password of the `Authorization` header, if there is one that can be read.
fn login(headers: &HeaderMap) -> Option<[Zeroizing<Vec<u8>>; 2]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let parts = [&decoded[..colon], &decoded[colon + 1..]];
    Some(parts.map(|part| Zeroizing::new(part.to_vec())))
}

#[cfg(test)]
mod tests;
