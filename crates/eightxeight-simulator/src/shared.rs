//! What all requests share.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::HeaderMap;

use super::Settings;
use super::accounts::Customer;
use super::faults::Faults;
use super::history::History;
use super::requests::Requests;
use super::scenario::Scenario;
use super::timeline::Timeline;
use super::token::Tokens;
use eightxeight::clock::Clock;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) customers: Vec<Customer>,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    pub(crate) omit_idle: bool,
    scenario: Mutex<Scenario>,
    history: RwLock<Arc<History>>,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Shared {
        let Settings {
            clock, scenario, ..
        } = settings;
        let timeline = scenario.timeline_at_start(clock.now().wall.as_second());
        let customer = |account| Customer::new(account, settings.lockout);
        let shared = Shared {
            clock,
            customers: settings.accounts.into_iter().map(customer).collect(),
            tokens: Tokens::new(settings.token_life),
            faults: Faults::new(clock),
            requests: Requests::default(),
            omit_idle: settings.omit_idle,
            scenario: Mutex::new(scenario),
            history: RwLock::new(Arc::new(History::new(timeline))),
        };
        shared.faults.set_scenario(scenario.rules());
        shared
    }

    /// The account whose API key a request has.
    pub(crate) fn account_of(&self, headers: &HeaderMap) -> Option<usize> {
        let key = headers.get("8x8-apikey")?.to_str().ok()?;
        self.customers
            .iter()
            .position(|customer| customer.has_key(key))
    }

    pub(crate) fn history(&self) -> Arc<History> {
        let history = self.history.read().unwrap_or_else(PoisonError::into_inner);
        history.clone()
    }

    pub(crate) fn scenario(&self) -> Scenario {
        *self.scenario.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a scenario. A call of this very second may have been counted already, so callers change
    /// their mood with the next.
    pub(crate) fn switch(&self, next: Scenario) {
        let mut scenario = self.scenario.lock().unwrap_or_else(PoisonError::into_inner);
        let mut history = self.history.write().unwrap_or_else(PoisonError::into_inner);
        let from = self.clock.now().wall.as_second() + 1;
        let timeline: Timeline = history.timeline().switched(from, &next.moods(from));
        *history = Arc::new(History::new(timeline));
        self.faults.set_scenario(next.rules());
        *scenario = next;
    }
}
