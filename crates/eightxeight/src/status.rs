//! What a client tells of itself.

use std::time::Duration;

use crate::cause::{Cause, Reason};
use crate::clock::Moment;
use crate::failure::Endpoint;

/// One request and its outcome, for whoever counts.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// What was asked.
    pub endpoint: Endpoint,
    /// How long it took, decoding included.
    pub took: Duration,
    /// Why it failed, if it did.
    pub failure: Option<Reason>,
}

/// Is told of each request.
pub type Observer = std::sync::Arc<dyn Fn(Exchange) + Send + Sync>;

/// The state of an account's dealings with 8x8. Budget, hold and token are shared by the accounts of an 8x8 user.
#[derive(Clone, Copy, Debug)]
pub struct Status {
    /// The hold on the account.
    pub hold: Option<(Moment, Cause)>,
    /// When 8x8 refused the credentials, if that was its last word on them.
    pub credentials_refused: Option<Moment>,
    /// When a login may be tried, if not at once.
    pub next_login: Option<Moment>,
    /// How many requests the budget has left now.
    pub budget_remaining: usize,
    /// When the token expires.
    pub token_expiry: Option<Moment>,
    /// The local clock less 8x8's, in seconds.
    pub clock_skew: Option<f64>,
}
