//! When a fault strikes: rules, and the set of them that is in force.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::dice::Dice;
use super::fault::{Fault, RetryAfter, http_date};
use super::lock::lock;
use super::requests::{Endpoint, Logged};
use eightxeight::clock::{Clock, Moment};

type Condition = Box<dyn Fn(&Logged, Duration) -> bool + Send + Sync>;

/// A fault and the requests that it strikes: until cleared, all that go to its endpoint.
#[must_use]
pub struct Rule {
    endpoint: Option<Endpoint>,
    conditions: Vec<Condition>,
    left: u64,
    then: Then,
}

#[derive(Debug)]
enum Then {
    Fault(Fault),
    Quota(Quota),
    Random { dice: Dice, permille: u32 },
}

/// How a spent quota is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuotaAnswer {
    /// 429 with `Retry-After` in seconds.
    #[default]
    Seconds,
    /// 429 with `Retry-After` as a date.
    Date,
    /// 429 without a hint.
    Bare,
    /// Apigee's 500.
    Apigee,
}

#[derive(Debug)]
struct Quota {
    most: usize,
    within: Duration,
    answer: QuotaAnswer,
    /// When an account's requests were let through.
    passed: HashMap<Option<Arc<str>>, VecDeque<Instant>>,
}

impl Rule {
    fn new(endpoint: Option<Endpoint>, then: Then) -> Rule {
        Rule {
            endpoint,
            conditions: Vec::new(),
            left: u64::MAX,
            then,
        }
    }

    /// A rule for logins.
    pub fn token(fault: Fault) -> Rule {
        Rule::new(Some(Endpoint::Token), Then::Fault(fault))
    }

    /// A rule for reports.
    pub fn compsum(fault: Fault) -> Rule {
        Rule::new(Some(Endpoint::Compsum), Then::Fault(fault))
    }

    /// A rule for logins and reports.
    pub fn any(fault: Fault) -> Rule {
        Rule::new(None, Then::Fault(fault))
    }

    /// Lets `most` reports of each account through `within` any such time. The refused ones don't count.
    pub fn quota(most: usize, within: Duration) -> Rule {
        let quota = Quota {
            most,
            within,
            answer: QuotaAnswer::default(),
            passed: HashMap::new(),
        };
        Rule::new(Some(Endpoint::Compsum), Then::Quota(quota))
    }

    /// Strikes `permille` of a thousand requests with faults of every kind; the same ones, in the same
    /// order, for the same seed.
    pub fn random(seed: u64, permille: u32) -> Rule {
        let dice = Dice::new(&[seed]);
        Rule::new(None, Then::Random { dice, permille })
    }

    /// Says how a spent quota is answered; nothing for other rules.
    pub fn answering(mut self, answer: QuotaAnswer) -> Rule {
        if let Then::Quota(quota) = &mut self.then {
            quota.answer = answer;
        }
        self
    }

    /// Strikes only so many times.
    pub fn times(mut self, times: u64) -> Rule {
        self.left = times;
        self
    }

    /// Strikes only requests for which `condition` holds, in addition to other conditions. It is also told how
    /// long the rule has been in force.
    pub fn when(
        mut self,
        condition: impl Fn(&Logged, Duration) -> bool + Send + Sync + 'static,
    ) -> Rule {
        self.conditions.push(Box::new(condition));
        self
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

    /// What it does to a request, if it strikes. `replied` says that another rule has settled the reply: then
    /// a rule for a reply isn't used up.
    pub(crate) fn judge(
        &mut self,
        request: &Logged,
        in_force: Duration,
        replied: bool,
    ) -> Option<Fault> {
        let mut conditions = self.conditions.iter();
        let concerned = self.left > 0
            && self.endpoint.is_none_or(|only| only == request.endpoint)
            && conditions.all(|condition| condition(request, in_force));
        if !concerned {
            return None;
        }
        let fault = match &mut self.then {
            Then::Fault(fault) if replied && fault.has_reply() => None,
            Then::Fault(fault) => Some(fault.clone()),
            Then::Quota(_) if replied => None,
            Then::Quota(quota) => quota.judge(request),
            Then::Random { dice, permille } => {
                dice.permille(*permille).then(|| Fault::random(dice))
            }
        }?;
        self.left = self.left.saturating_sub(1);
        Some(fault)
    }
}

impl Quota {
    fn judge(&mut self, request: &Logged) -> Option<Fault> {
        let now = request.at.instant;
        let passed = self.passed.entry(request.account.clone()).or_default();
        while passed
            .front()
            .is_some_and(|at| now.duration_since(*at) >= self.within)
        {
            passed.pop_front();
        }
        if passed.len() < self.most {
            passed.push_back(now);
            return None;
        }
        let free = passed.front().map_or(now, |first| *first + self.within);
        let wait = free.saturating_duration_since(now);
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Some(match self.answer {
            QuotaAnswer::Seconds => Fault::too_many_requests(Some(RetryAfter::Seconds(seconds))),
            QuotaAnswer::Date => {
                let date = http_date((request.at + Duration::from_secs(seconds)).wall);
                Fault::too_many_requests(Some(RetryAfter::Text(date)))
            }
            QuotaAnswer::Bare => Fault::too_many_requests(None),
            QuotaAnswer::Apigee => Fault::apigee_quota(),
        })
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("endpoint", &self.endpoint)
            .field("left", &self.left)
            .field("then", &self.then)
            .finish_non_exhaustive()
    }
}

/// Names a rule that was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleId(u64);

/// The rules in force, in the order in which they were added. All that strike a request act on it; the
/// first with a reply settles what is answered. One set serves scenarios, tests and load.
#[derive(Debug)]
pub struct Faults {
    clock: Clock,
    next: AtomicU64,
    entries: Mutex<Vec<Entry>>,
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
            next: AtomicU64::default(),
            entries: Mutex::default(),
        }
    }

    /// Puts a rule into force.
    pub fn add(&self, rule: Rule) -> RuleId {
        let entry = self.entry(rule, false);
        let id = entry.id;
        lock(&self.entries).push(entry);
        id
    }

    /// Takes a rule out of force.
    pub fn remove(&self, id: RuleId) {
        lock(&self.entries).retain(|entry| entry.id != id);
    }

    /// Takes all rules out of force but the scenario's.
    pub fn clear(&self) {
        lock(&self.entries).retain(|entry| entry.scenario);
    }

    /// How many requests a rule in force has struck.
    #[must_use]
    pub fn hits(&self, id: RuleId) -> u64 {
        let entries = lock(&self.entries);
        let entry = entries.iter().find(|entry| entry.id == id);
        entry.map_or(0, |entry| entry.hits)
    }

    /// Replaces the rules of the last scenario.
    pub(crate) fn set_scenario(&self, rules: Vec<Rule>) {
        let mut entries = lock(&self.entries);
        entries.retain(|entry| !entry.scenario);
        entries.extend(rules.into_iter().map(|rule| self.entry(rule, true)));
    }

    /// What happens to a request.
    pub(crate) fn judge(&self, request: &Logged) -> Fault {
        let mut fault = Fault::none();
        for entry in lock(&self.entries).iter_mut() {
            let in_force = request.at.since(entry.since);
            if let Some(more) = entry.rule.judge(request, in_force, fault.has_reply()) {
                entry.hits += 1;
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
            hits: 0,
            rule,
        }
    }
}
