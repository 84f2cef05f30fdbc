//! What the exporter says about itself: logs and its own metrics.

mod account;
mod exporter;
mod gathered;
pub mod log;
pub mod panics;
mod process;
mod requests;

pub(crate) use account::COLLECTION_SUCCESS;
pub(crate) use account::write_account;
pub use exporter::{BUILD, Build, LastReload, write_exporter};
pub(crate) use requests::RequestMetrics;
