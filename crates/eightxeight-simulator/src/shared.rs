//! The state of a running simulator, which all requests share.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use parking_lot::Mutex;

use super::accounts::Customer;
use super::history::History;
use super::refusal::Refusal;
use super::requests::Requests;
use super::rules::Faults;
use super::scenario::Scenario;
use super::settings::Settings;
use super::token::Tokens;
use eightxeight::clock::Clock;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) customers: Vec<Customer>,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    /// The scenario in force, and the calls under it.
    scene: Mutex<(Scenario, Arc<History>)>,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Shared {
        let (clock, scenario) = (settings.clock, settings.scenario);
        let timeline = scenario.timeline_at_start(clock.now().wall.as_second());
        let shared = Shared {
            clock,
            customers: settings.customers,
            tokens: Tokens::new(),
            faults: Faults::new(clock),
            requests: Requests::default(),
            scene: Mutex::new((scenario, Arc::new(History::new(timeline)))),
        };
        shared.faults.set_scenario(scenario.rules());
        shared
    }

    /// The customer whose API key a request has.
    pub(crate) fn customer_of(&self, headers: &HeaderMap) -> Result<&Customer, Refusal> {
        let key = headers.get("8x8-apikey").map(HeaderValue::as_bytes);
        let has_key = |customer: &&Customer| {
            key == Some(customer.state.lock().credentials.api_key.as_bytes())
        };
        let mut customers = self.customers.iter();
        customers.find(has_key).ok_or_else(Refusal::bad_api_key)
    }

    pub(crate) fn history(&self) -> Arc<History> {
        self.scene.lock().1.clone()
    }

    pub(crate) fn scenario(&self) -> Scenario {
        self.scene.lock().0
    }

    /// Begins a scenario. A call of this very second may have been counted already, so a spike begins or ends
    /// with the next.
    pub(crate) fn switch(&self, next: Scenario) {
        let mut scene = self.scene.lock();
        let from = self.clock.now().wall.as_second() + 1;
        let timeline = scene.1.timeline.switched(from, next.spike());
        self.faults.set_scenario(next.rules());
        *scene = (next, Arc::new(History::new(timeline)));
    }
}
