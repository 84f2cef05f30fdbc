#![doc = include_str!("../README.md")]
//!
//! # The inside
//!
//! ```text
//! day --> calls --> history --> company --> api --> fault_middleware --> delivery --> client
//!           ^          ^                     ^              ^
//!         dice      timeline              accounts        rules <-- fault
//!                      ^                   token            ^
//!                      +---------- scenario ----------------+
//! ```
//!
//! The left side is pure. `day` says how busy a PBX is; `calls` derives its calls from hashes, and `tally` counts them, so
//! that any period, however long ago, has the same calls each time it is counted, and neighbouring periods add up.
//! `history` keeps the sums of whole hours, `company` makes rows of them.
//!
//! The right side is HTTP. `api` has the routes, as strict as 8x8 is known to be; `fault_middleware` logs each
//! request and applies the faults in force; `delivery` sends the answer, or part of it. A `scenario` is a spike of
//! calls, or a list of rules for 8x8.

mod accounts;
mod api;
mod calls;
mod company;
mod day;
mod delivery;
mod dice;
mod fault;
mod fault_middleware;
mod history;
mod query;
mod refusal;
mod requests;
mod rules;
mod scenario;
mod settings;
mod shared;
mod tally;
mod timeline;
mod token;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use eightxeight::Endpoint;

pub use accounts::{Credentials, Customer, Lockout, Logins};
pub use company::Company;
pub use fault::Fault;
pub use history::History;
pub use requests::{Logged, Requests};
pub use rules::{Faults, QuotaAnswer, Rule, RuleId};
pub use scenario::{Scenario, UnknownScenario};
pub use settings::Settings;
pub use token::Tokens;

use shared::Shared;

use eightxeight::answer::Row;
use eightxeight::window::Period;

/// A running simulator. It stops when dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// The task that serves, and what stops it when dropped.
    serving: Option<(JoinHandle<()>, DropGuard)>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simulator({})", self.address)
    }
}

impl Simulator {
    /// Starts a simulator on the current tokio runtime, on a free loopback port.
    ///
    /// # Errors
    ///
    /// It can't listen, or there are no accounts.
    pub async fn start(settings: Settings) -> io::Result<Simulator> {
        if settings.customers.is_empty() {
            let none = "a simulator needs at least one account";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, none));
        }
        let mut simulator = Simulator {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            shared: Arc::new(Shared::new(settings)),
            serving: None,
        };
        simulator.listen().await?;
        Ok(simulator)
    }

    /// Listens, after [`Simulator::hang_up`] at the same address as before. Nothing happens if it does
    /// already.
    ///
    /// # Errors
    ///
    /// The address can't be listened on.
    pub async fn listen(&mut self) -> io::Result<()> {
        if self.serving.is_none() {
            let listener = TcpListener::bind(self.address).await?;
            self.address = listener.local_addr()?;
            let stop = CancellationToken::new();
            let router = api::router(self.shared.clone());
            let task = tokio::spawn(delivery::serve(listener, router, stop.clone()));
            self.serving = Some((task, stop.drop_guard()));
        }
        Ok(())
    }

    /// Closes all connections and lets new ones be refused, until [`Simulator::listen`]. Tokens and all else stay.
    pub async fn hang_up(&mut self) {
        if let Some((task, stop)) = self.serving.take() {
            drop(stop);
            // It fails only with its runtime, and then nothing listens either.
            let _ = task.await;
        }
    }

    /// The base URL of the API, with the path that 8x8's has.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, requests::PREFIX)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first account, the only one of most simulators.
    #[must_use]
    pub fn customer(&self) -> &Customer {
        // There is one: `start` has seen to it.
        &self.shared.customers[0]
    }

    /// The account of this name.
    #[must_use]
    pub fn customer_named(&self, name: &str) -> Option<&Customer> {
        let mut customers = self.shared.customers.iter();
        customers.find(|customer| *customer.name == *name)
    }

    /// What the first account logs in with.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        self.customer().credentials()
    }

    /// What 8x8 truly answers at `now` about all PBXs of the first account, whatever faults are in force.
    #[must_use]
    pub fn truth(&self, period: Period, now: Timestamp) -> Vec<Row> {
        let company = &self.customer().company;
        company.answer(period, now, &self.shared.history())
    }

    /// What time it is for the simulator.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now().wall
    }

    /// The tokens given out.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.shared.tokens
    }

    /// The rules in force.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.shared.requests
    }

    /// The scenario in force.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        self.shared.scenario()
    }

    /// Begins a scenario and ends the one before. The past stays as it was, and so do rules that a test added.
    pub fn set_scenario(&self, scenario: Scenario) {
        self.shared.switch(scenario);
    }

    /// Stops, and returns when the port is free and every connection is closed.
    pub async fn shutdown(mut self) {
        self.hang_up().await;
    }
}
