//! The dashboards as they are checked in: written as they should be, complete, and answered by a real
//! Prometheus.

mod coverage;
mod expression;
mod file;
mod grid;
mod linter;
mod linter_tests;
mod live;
mod numbers;
mod past;
mod served;
mod wording;

#[path = "../../../examples/history/replay.rs"]
mod replay;
