//! The exporter's own web server: routes, pages, connections.
//!
//! [`routes`] says what is served where; [`metrics`] answers a scrape, [`discovery`] Prometheus'
//! service discovery, [`status`] a person. [`server`]
//! accepts connections and ends them, [`connection`] knows what each is doing, [`listen`] opens the
//! sockets.
//!
//! A web configuration, of which [`config`] knows the format, puts a [`front`] before all of that: [`tls`] with
//! [`clients`] that have certificates, [`limit`], [`auth`]. [`files`] reads what it names.

mod auth;
mod clients;
pub mod config;
mod connection;
mod dashboards;
mod deadline;
mod discovery;
mod files;
mod front;
mod limit;
pub mod listen;
mod metrics;
mod names;
mod routes;
mod server;
mod status;
mod tls;

pub use dashboards::{DASHBOARDS, Dashboard};
pub use front::Front;
pub use routes::{App, OTHER_PATHS, health_router, router};
pub use server::{Server, Stopped};
