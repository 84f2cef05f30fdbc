//! The exporter's own web server: routes, pages, connections.
//!
//! [`routes`] says what is served where; [`metrics`] answers a scrape, [`discovery`] Prometheus'
//! service discovery, [`status`] a person. [`server`]
//! accepts connections and ends them, [`connection`] knows what each is doing, [`listen`] opens the
//! sockets.

mod connection;
mod deadline;
mod discovery;
pub mod listen;
mod metrics;
mod routes;
mod server;
mod status;

pub use routes::{App, OTHER_PATHS, health_router, router};
pub use server::{Server, Stopped};
