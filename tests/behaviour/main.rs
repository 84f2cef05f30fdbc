//! What the exporter does, seen from outside: the real binary, real HTTP, a real Prometheus.
//!
//! Each module is a behaviour; [`fixture`] starts the programs, [`certificates`] makes
//! certificates.

#![allow(
    clippy::disallowed_methods, // The programs under test live in real time.
    clippy::float_cmp, // A sample is exactly what it should be.
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod accounts;
mod alerting;
mod backfill;
mod bad_answers;
mod bad_input;
mod browser;
mod certificates;
mod check;
mod config_file;
mod dashboards;
mod docs;
mod errors;
mod faults;
mod fields;
mod fixture;
mod load;
mod logs;
mod modes;
mod pages;
mod prometheus;
mod reloads;
mod rotation;
mod secrets;
mod seeds;
mod service;
mod sharing;
mod shutdown;
mod tokens;
mod totals;
mod victoria_metrics;
mod web_access;
mod web_config;
mod web_tls;
