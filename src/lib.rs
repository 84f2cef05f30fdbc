//! A Prometheus exporter for the company summary of 8x8's Work Analytics API.
//!
//! ```text
//! 8x8 --> eightxeight --> Snapshot --> Page --> web --> Prometheus
//! ```
//!
//! A collection asks 8x8 for one window and yields an immutable snapshot. [`collect`] decides when, and publishes what
//! there is; [`page`] renders it, once for each new answer; [`web`] sends it, together with the few metrics of
//! [`telemetry`] that change with each scrape.
//!
//! [`names`] is what it calls itself and its settings. [`account`] is one 8x8 account with all of that, [`exporter`] all
//! accounts and how a reload swaps them; [`app`] starts it from a [`config::Config`], which [`cli`] gets from the command
//! line. The crates below know nothing of this one: `eightxeight` asks, `exposition` renders, `exporter_toolkit` serves, and
//! `eightxeight_simulator` replaces 8x8 in the demo and in the tests.

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

mod names;
