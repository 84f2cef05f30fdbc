//! A Prometheus exporter for the company summary of 8x8's Work Analytics API.
//!
//! ```text
//! 8x8 --> eightxeight --> Snapshot --> Page --> web --> Prometheus
//! ```
//!
//! A collection asks 8x8 for one window and yields an immutable [`snapshot::Snapshot`]. [`collect`] decides
//! when, keeps the newest one of each window and what went wrong; [`eightxeight`] is the client and knows
//! nothing of Prometheus. [`exposition`] turns snapshots into bytes, once for each new snapshot, and
//! [`web`] sends them, together with the few metrics of [`telemetry`] that change with each scrape.
//!
//! [`account`] is one 8x8 account with all of that, [`exporter`] all accounts and how they are exchanged at a
//! reload; [`app`] starts it from a [`config::Config`], which [`cli`] gets from the command line. [`catalogue`] is the table of 8x8's fields that all others walk.
//! [`simulator`] stands in for 8x8 in the demo and in the tests.

pub mod account;
pub mod app;
pub mod cli;
pub mod collect;
pub mod commands;
pub mod config;
pub mod exporter;
pub mod page;
pub mod telemetry;
pub mod web;

#[doc(hidden)]
pub use eightxeight::{
    self, answer as snapshot, clock, consistency as identities, credentials as secret,
    fields as catalogue, window,
};
#[doc(hidden)]
pub use eightxeight_simulator as simulator;
#[doc(hidden)]
pub use exporter_toolkit;
#[doc(hidden)]
pub use exposition;
