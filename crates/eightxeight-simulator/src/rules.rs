//! When a fault strikes: rules, and the set of them that is in force.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::dice::Dice;
use super::fault::{Fault, http_date};
use super::requests::Logged;
use eightxeight::Endpoint;
use eightxeight::clock::{Clock, Moment};

/// What a rule does to a request, told how long it has been in force and whether another rule has settled the reply: then a
/// rule for a reply isn't used up.
type Judge = Box<dyn FnMut(&Logged, Duration, bool) -> Option<Fault> + Send>;

/// A fault and the requests that it strikes: until cleared, all that go to its endpoint.
#[must_use]
pub struct Rule(Judge);

/// How a spent quota is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaAnswer {
    /// 429 with `Retry-After` in seconds.
    Seconds,
    /// 429 with `Retry-After` as a date.
    Date,
    /// 429 without a hint.
    Bare,
    /// Apigee's 500.
    Apigee,
}

impl Rule {
    fn new(judge: impl FnMut(&Logged, Duration, bool) -> Option<Fault> + Send + 'static) -> Rule {
        Rule(Box::new(judge))
    }

    /// A rule for logins.
    pub fn token(fault: Fault) -> Rule {
        Rule::any(fault).when(|request, _| request.endpoint == Endpoint::Token)
    }

    /// A rule for reports.
    pub fn compsum(fault: Fault) -> Rule {
        Rule::any(fault).when(|request, _| request.endpoint == Endpoint::Compsum)
    }

    /// A rule for logins and reports.
    pub fn any(fault: Fault) -> Rule {
        Rule::new(move |_, _, replied| {
            let comes_late = replied && fault.has_reply();
            (!comes_late).then(|| fault.clone())
        })
    }

    /// Lets `most` reports of each account through `within` any such time. The refused ones don't count.
    pub fn quota(most: usize, within: Duration, answer: QuotaAnswer) -> Rule {
        // When each account's requests were let through.
        let mut passed: HashMap<_, VecDeque<Instant>> = HashMap::new();
        let rule = Rule::new(move |request, _, replied| {
            if replied {
                return None;
            }
            let now = request.at.instant;
            let passed = passed.entry(request.account.clone()).or_default();
            passed.retain(|at| now.duration_since(*at) < within);
            if passed.len() < most {
                passed.push_back(now);
                return None;
            }
            let free = passed.front().map_or(now, |first| *first + within);
            let wait = free.saturating_duration_since(now);
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let date = || http_date((request.at + Duration::from_secs(seconds)).wall);
            Some(match answer {
                QuotaAnswer::Seconds => Fault::too_many_requests(Some(&seconds.to_string())),
                QuotaAnswer::Date => Fault::too_many_requests(Some(&date())),
                QuotaAnswer::Bare => Fault::too_many_requests(None),
                QuotaAnswer::Apigee => Fault::apigee_quota(),
            })
        });
        rule.when(|request, _| request.endpoint == Endpoint::Compsum)
    }

    /// Strikes `permille` of a thousand requests with faults of every kind; the same ones, in the same
    /// order, for the same seed.
    pub fn random(seed: u64, permille: u32) -> Rule {
        let mut dice = Dice::new(&[seed]);
        Rule::new(move |_, _, _| {
            let strikes = dice.permille(permille);
            strikes.then(|| Fault::random(&mut dice))
        })
    }

    /// Strikes only so many times.
    pub fn times(mut self, times: u64) -> Rule {
        let mut left = times;
        Rule::new(move |request, in_force, replied| {
            let fault = (left > 0).then(|| self.judge(request, in_force, replied))??;
            left -= 1;
            Some(fault)
        })
    }

    /// Strikes only requests for which `condition` holds, in addition to other conditions. It is also told how
    /// long the rule has been in force.
    pub fn when(mut self, condition: impl Fn(&Logged, Duration) -> bool + Send + 'static) -> Rule {
        Rule::new(move |request, in_force, replied| {
            let concerned = condition(request, in_force);
            concerned.then(|| self.judge(request, in_force, replied))?
        })
    }

    /// Strikes only one account's requests.
    pub fn for_account(self, name: &str) -> Rule {
        let name = name.to_owned();
        self.when(move |request, _| request.account.as_deref() == Some(&name))
    }

    /// Strikes only within a time, counted from when the rule was added.
    pub fn lasting(self, time: Duration) -> Rule {
        self.when(move |_, in_force| in_force < time)
    }

    /// The fault that strikes a request, if any.
    pub(crate) fn judge(
        &mut self,
        request: &Logged,
        in_force: Duration,
        replied: bool,
    ) -> Option<Fault> {
        (self.0)(request, in_force, replied)
    }
}

/// Names a rule that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleId(u64);

/// The rules in force, in the order in which they were added. All that strike a request act on it; the
/// first with a reply settles what is answered. One set serves scenarios, tests and load.
pub struct Faults {
    clock: Clock,
    next: AtomicU64,
    entries: Mutex<Vec<Entry>>,
}

struct Entry {
    id: RuleId,
    since: Moment,
    /// Set by the scenario rather than by a test.
    scenario: bool,
    rule: Rule,
}

impl Faults {
    pub(crate) fn new(clock: Clock) -> Faults {
        Faults {
            clock,
            next: AtomicU64::default(),
            entries: Mutex::default(),
        }
    }

    /// Puts a rule into force.
    pub fn add(&self, rule: Rule) -> RuleId {
        let entry = self.entry(rule, false);
        let id = entry.id;
        self.entries.lock().push(entry);
        id
    }

    /// Takes a rule out of force.
    pub fn remove(&self, id: RuleId) {
        self.entries.lock().retain(|entry| entry.id != id);
    }

    /// Takes all rules out of force but the scenario's.
    pub fn clear(&self) {
        self.entries.lock().retain(|entry| entry.scenario);
    }

    /// Replaces the rules of the last scenario.
    pub(crate) fn set_scenario(&self, rules: Vec<Rule>) {
        let mut entries = self.entries.lock();
        entries.retain(|entry| !entry.scenario);
        entries.extend(rules.into_iter().map(|rule| self.entry(rule, true)));
    }

    /// What happens to a request.
    pub(crate) fn judge(&self, request: &Logged) -> Fault {
        let mut fault = Fault::none();
        for entry in self.entries.lock().iter_mut() {
            let in_force = request.at.since(entry.since);
            if let Some(more) = entry.rule.judge(request, in_force, fault.has_reply()) {
                fault.join(more);
            }
        }
        fault
    }

    fn entry(&self, rule: Rule, scenario: bool) -> Entry {
        Entry {
            id: RuleId(self.next.fetch_add(1, Ordering::Relaxed)),
            since: self.clock.now(),
            scenario,
            rule,
        }
    }
}
