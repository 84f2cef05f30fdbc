//! When a fault strikes.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::chance;
use super::dice::Dice;
use super::fault::{Fault, RetryAfter};
use super::requests::Endpoint;
use eightxeight::clock::Moment;
use eightxeight::window::Period;

/// A request, as far as a rule can look at it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Where it went.
    pub endpoint: Endpoint,
    /// The account whose API key it has.
    pub account: Option<&'a str>,
    /// The query, still encoded.
    pub query: &'a str,
    /// The period that a readable report query asks for.
    pub period: Option<Period>,
    /// How many requests there have been, this one included.
    pub number: u64,
    /// When it came.
    pub at: Moment,
    /// How long the rule has been in force.
    pub since_rule: Duration,
}

type Condition = Arc<dyn Fn(&Seen<'_>) -> bool + Send + Sync>;

/// A fault and the requests that it strikes: until cleared, all that go to its endpoint.
pub struct Rule {
    endpoint: Option<Endpoint>,
    conditions: Vec<Condition>,
    left: u64,
    then: Then,
}

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

struct Quota {
    most: usize,
    within: Duration,
    answer: QuotaAnswer,
    /// When an account's requests were let through.
    passed: HashMap<Option<Box<str>>, VecDeque<Instant>>,
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

    /// For logins.
    #[must_use]
    pub fn token(fault: Fault) -> Rule {
        Rule::new(Some(Endpoint::Token), Then::Fault(fault))
    }

    /// For reports.
    #[must_use]
    pub fn compsum(fault: Fault) -> Rule {
        Rule::new(Some(Endpoint::Compsum), Then::Fault(fault))
    }

    /// For both.
    #[must_use]
    pub fn any(fault: Fault) -> Rule {
        Rule::new(None, Then::Fault(fault))
    }

    /// Lets `most` reports of each account through `within` any such time. The refused ones don't count.
    #[must_use]
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
    #[must_use]
    pub fn random(seed: u64, permille: u32) -> Rule {
        let dice = Dice::new(&[seed]);
        Rule::new(None, Then::Random { dice, permille })
    }

    /// Says how a spent quota is answered; nothing for other rules.
    #[must_use]
    pub fn answering(mut self, answer: QuotaAnswer) -> Rule {
        if let Then::Quota(quota) = &mut self.then {
            quota.answer = answer;
        }
        self
    }

    /// Strikes only so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Rule {
        self.left = times;
        self
    }

    /// Strikes only requests for which `condition` holds, in addition to other conditions.
    #[must_use]
    pub fn when(mut self, condition: impl Fn(&Seen<'_>) -> bool + Send + Sync + 'static) -> Rule {
        self.conditions.push(Arc::new(condition));
        self
    }

    /// Strikes only one account's requests.
    #[must_use]
    pub fn for_account(self, name: &str) -> Rule {
        let name = name.to_owned();
        self.when(move |seen| seen.account == Some(&name))
    }

    /// Strikes only within a time, counted from when the rule was added.
    #[must_use]
    pub fn lasting(self, time: Duration) -> Rule {
        self.when(move |seen| seen.since_rule < time)
    }

    /// What it does to a request, if it strikes. `replied` says that another rule has settled the reply: then
    /// a rule for a reply isn't used up.
    pub(crate) fn judge(&mut self, seen: &Seen<'_>, replied: bool) -> Option<Fault> {
        let concerned = self.left > 0
            && self.endpoint.is_none_or(|only| only == seen.endpoint)
            && self.conditions.iter().all(|condition| condition(seen));
        if !concerned {
            return None;
        }
        let fault = match &mut self.then {
            Then::Fault(fault) if replied && fault.has_reply() => None,
            Then::Fault(fault) => Some(fault.clone()),
            Then::Quota(_) if replied => None,
            Then::Quota(quota) => quota.judge(seen),
            Then::Random { dice, permille } => {
                dice.permille(*permille).then(|| chance::fault(dice))
            }
        }?;
        self.left = self.left.saturating_sub(1);
        Some(fault)
    }
}

impl Quota {
    fn judge(&mut self, seen: &Seen<'_>) -> Option<Fault> {
        let now = seen.at.instant;
        let passed = self.passed.entry(seen.account.map(Box::from)).or_default();
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
                let date = super::http_date((seen.at + Duration::from_secs(seconds)).wall);
                Fault::too_many_requests(Some(RetryAfter::Text(date)))
            }
            QuotaAnswer::Bare => Fault::too_many_requests(None),
            QuotaAnswer::Apigee => Fault::apigee_quota(),
        })
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = match &self.then {
            Then::Fault(fault) => format!("{fault:?}"),
            Then::Quota(quota) => format!("{} in {:?}", quota.most, quota.within),
            Then::Random { permille, .. } => format!("{permille} of 1000"),
        };
        f.debug_struct("Rule")
            .field("endpoint", &self.endpoint)
            .field("left", &self.left)
            .field("then", &then)
            .finish_non_exhaustive()
    }
}
