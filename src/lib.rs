//! A Prometheus exporter for the company summary of 8x8's Work Analytics API.

pub mod catalogue;
pub mod clock;
pub mod identities;
pub mod simulator;
pub mod snapshot;
pub mod window;
