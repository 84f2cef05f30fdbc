//! What the exporter says about itself: logs and its own metrics.

mod account;
mod exporter;
pub mod log;
mod process;
mod requests;

pub use account::write_account;
pub use exporter::{BUILD, Build, write_exporter};
pub use requests::RequestMetrics;
