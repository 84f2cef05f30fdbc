//! 8x8's Work Analytics API. Knows nothing of Prometheus.
//!
//! [`Client`] asks for the company summary of a [`Period`](crate::window::Period) and yields a
//! [`Snapshot`](crate::answer::Snapshot). Below it: [`transport`] sends one request; [`token`] and
//! [`decode`] read the two answers; [`failure`] tells errors apart, [`cause`] what lies beneath; [`lockout`]
//! keeps the user from being locked out, [`backoff`] and [`budget`] keep 8x8 from being asked too often.

pub mod answer;
pub mod backoff;
pub mod budget;
pub mod cause;
mod client;
pub mod clock;
pub mod consistency;
pub mod credentials;
pub mod decode;
mod error;
pub mod failure;
pub mod fields;
pub mod lockout;
mod settings;
mod status;
pub mod token;
pub mod transport;
pub mod window;

pub use cause::Cause;
pub use client::Client;
pub use error::Error;
pub use failure::{Endpoint, Failure, Reason};
pub use settings::Settings;
pub use status::{Exchange, Observer, Status};
