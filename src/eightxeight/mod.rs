//! 8x8's Work Analytics API. Knows nothing of Prometheus.
//!
//! [`Client`] asks for the company summary of a [`Period`](crate::window::Period) and yields a
//! [`Snapshot`](crate::snapshot::Snapshot). Below it: [`http`] sends one request; [`token`] and
//! [`decode`] read the two answers; [`failure`] tells errors apart, [`cause`] what lies beneath; [`guard`]
//! keeps the user from being locked out, [`backoff`] and [`budget`] keep 8x8 from being asked too often.

pub mod backoff;
pub mod budget;
pub mod cause;
mod client;
pub mod decode;
mod error;
pub mod failure;
pub mod guard;
pub mod http;
mod settings;
mod status;
pub mod token;

pub use cause::Cause;
pub use client::Client;
pub use error::Error;
pub use failure::{Endpoint, Failure, Reason};
pub use settings::Settings;
pub use status::{Exchange, Observer, Status};

#[cfg(test)]
mod tests;

#[cfg(test)]
mod storm_tests;
