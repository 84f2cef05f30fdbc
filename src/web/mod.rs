//! The exporter's own web server: routes and pages.
//!
//! [`routes`] says what is served where; [`metrics`] answers a scrape, [`discovery`] Prometheus'
//! service discovery, [`status`] a person, [`dashboards`] Grafana.

mod app;
mod dashboards;
mod deadline;
mod discovery;
mod metrics;
mod routes;
mod status;

pub use app::App;
pub use dashboards::{DASHBOARDS, Dashboard};
pub use routes::{health_router, router};
