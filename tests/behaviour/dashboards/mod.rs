//! The dashboards as they are checked in: complete, true, answered by a real Prometheus, and coloured as the alerts fire.

mod colours;
mod coverage;
mod drawn;
mod engines;
mod file;
mod live;
mod numbers;
mod past;
mod served;
mod truth;

#[path = "../../../xtask/src/history/replay.rs"]
mod replay;
