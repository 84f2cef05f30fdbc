//! The set of rules in force. One set serves scenarios, tests and load.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::Fault;
use super::rules::{Rule, Seen};
use eightxeight::clock::{Clock, Moment};

/// Names a rule that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleId(u64);

/// The rules in force, in the order in which they were added. All that strike a request act on it; the
/// first with a reply settles what is answered.
#[derive(Debug)]
pub struct Faults {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    rules: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: RuleId,
    since: Moment,
    /// Set by the scenario rather than by a test.
    scenario: bool,
    hits: u64,
    rule: Rule,
}

impl Faults {
    pub(crate) fn new(clock: Clock) -> Faults {
        Faults {
            clock,
            state: Mutex::default(),
        }
    }

    /// Puts a rule into force.
    pub fn add(&self, rule: Rule) -> RuleId {
        self.lock().add(rule, self.clock.now(), false)
    }

    /// Takes a rule out of force.
    pub fn remove(&self, id: RuleId) {
        self.lock().rules.retain(|entry| entry.id != id);
    }

    /// Takes all rules out of force but the scenario's.
    pub fn clear(&self) {
        self.lock().rules.retain(|entry| entry.scenario);
    }

    /// How many requests a rule in force has struck.
    #[must_use]
    pub fn hits(&self, id: RuleId) -> u64 {
        let state = self.lock();
        let entry = state.rules.iter().find(|entry| entry.id == id);
        entry.map_or(0, |entry| entry.hits)
    }

    /// Replaces the rules of the last scenario.
    pub(crate) fn set_scenario(&self, rules: Vec<Rule>) {
        let now = self.clock.now();
        let mut state = self.lock();
        state.rules.retain(|entry| !entry.scenario);
        for rule in rules {
            state.add(rule, now, true);
        }
    }

    /// What happens to a request.
    pub(crate) fn judge(&self, mut seen: Seen<'_>) -> Fault {
        let mut fault = Fault::none();
        for entry in &mut self.lock().rules {
            seen.since_rule = seen.at.since(entry.since);
            if let Some(more) = entry.rule.judge(&seen, fault.has_reply()) {
                entry.hits += 1;
                fault.join(more);
            }
        }
        fault
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, rule: Rule, since: Moment, scenario: bool) -> RuleId {
        let id = RuleId(self.next);
        self.next += 1;
        self.rules.push(Entry {
            id,
            since,
            scenario,
            hits: 0,
            rule,
        });
        id
    }
}
