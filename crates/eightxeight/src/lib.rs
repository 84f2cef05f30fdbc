//! 8x8's Work Analytics API. Knows nothing of Prometheus.
//!
//! [`Client`] asks for the company summary of a [`Period`](crate::window::Period) and yields a
//! [`Snapshot`](crate::answer::Snapshot). Below it: [`transport`] is the way to 8x8, [`exchange`] sends one request; [`token`] and
//! [`decode`] read the two answers; [`failure`] tells errors apart, [`cause`] has the words for them; [`lockout`]
//! keeps the user from being locked out, [`backoff`] and [`budget`] keep 8x8 from being asked too often.

pub mod answer;
pub mod backoff;
mod budget;
mod cause;
mod client;
pub mod clock;
pub mod collection;
pub mod consistency;
pub mod credentials;
pub mod decode;
mod error;
mod exchange;
mod failure;
pub mod fields;
mod files;
mod lockout;
pub mod network;
pub mod proxy;
pub mod retry_after;
mod settings;
mod status;
mod token;
pub mod transport;
mod users;
pub mod window;

pub use cause::{Cause, Names, Reason};
pub use client::{Client, ClientError};
pub use collection::Collection;
pub use error::Error;
pub use failure::{Endpoint, Failure};
pub use settings::Settings;
pub use status::{Exchange, Observer, Status};
pub use users::{Question, UserId, Users};

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
