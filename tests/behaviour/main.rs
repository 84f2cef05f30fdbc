//! What the exporter does, seen from outside: the real binary, real HTTP, a real Prometheus.
//!
//! Each module is a behaviour; [`fixture`] starts the programs.

mod bad_input;
mod errors;
mod faults;
mod fields;
mod fixture;
mod logs;
mod modes;
mod pages;
mod prometheus;
mod shutdown;
mod tokens;
