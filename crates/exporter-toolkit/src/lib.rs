//! What a Prometheus exporter needs besides its metrics: the web configuration of Prometheus' exporter-toolkit, a
//! server that hostile clients can't starve, and strict YAML.
//!
//! [`Server`] accepts connections, caps and ends them. [`WebSecurity`] is a web configuration file in force: TLS, client
//! certificates, users, rate limit and headers, which follow their files. [`web_config`] reads the format, [`listen`]
//! opens sockets, [`yaml`] reads a configuration file and tells all that is wrong with it at once.

mod basic_auth;
mod client_certificates;
mod connection;
mod files;
pub mod listen;
mod rate_limit;
mod san;
mod security;
mod server;
mod tls;
pub mod web_config;
pub mod yaml;

pub use security::WebSecurity;
pub use server::Server;

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
