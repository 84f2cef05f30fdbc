//! What can go on at the simulated company and at 8x8, as timelines from the moment they begin.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::fault::Fault;
use super::rules::{QuotaAnswer, Rule};
use super::timeline::Timeline;

/// Something that goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
    /// A day like any other.
    #[default]
    Calm,
    /// Callers overrun the support line for 45 minutes, and a third give up. At a simulator's start 40 of them have
    /// passed.
    AbandonSpike,
    /// 8x8 works for 15 s, then fails for twelve minutes and works for five, over and over.
    Outage,
    /// 8x8 takes one question a minute.
    RateLimited,
}

/// A name that isn't a scenario's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a scenario: use `calm`, `abandon-spike`, `outage` or `rate-limited`")]
pub struct UnknownScenario(pub String);

const MINUTE: u64 = 60;
const SPIKE: i64 = 45 * 60;
const SPIKE_BEFORE_START: i64 = 40 * 60;
const OUTAGE_AFTER: Duration = Duration::from_secs(15);
const OUTAGE: u64 = 12 * MINUTE;
const OUTAGE_CYCLE: u64 = 17 * MINUTE;

impl Scenario {
    /// In the order in which help lists them.
    pub const ALL: [Scenario; 4] = [
        Scenario::Calm,
        Scenario::AbandonSpike,
        Scenario::Outage,
        Scenario::RateLimited,
    ];

    /// The name by which `--demo.scenario` and the simulator's own endpoint know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scenario::Calm => "calm",
            Scenario::AbandonSpike => "abandon-spike",
            Scenario::Outage => "outage",
            Scenario::RateLimited => "rate-limited",
        }
    }

    /// How callers behave when a simulator starts with it at `now`, a Unix time.
    pub(crate) fn timeline_at_start(self, now: i64) -> Timeline {
        Timeline::default().switched(now - SPIKE_BEFORE_START, self.spike())
    }

    /// For how many seconds callers overrun the lines when it begins.
    pub(crate) fn spike(self) -> i64 {
        match self {
            Scenario::AbandonSpike => SPIKE,
            _ => 0,
        }
    }

    /// What 8x8 does.
    pub(crate) fn rules(self) -> Vec<Rule> {
        match self {
            Scenario::Calm | Scenario::AbandonSpike => Vec::new(),
            Scenario::Outage => vec![
                Rule::any(Fault::drop_connection())
                    .when(|request, in_force| is_out(in_force) && request.number.is_multiple_of(3)),
                Rule::any(Fault::unavailable()).when(|_, in_force| is_out(in_force)),
            ],
            Scenario::RateLimited => {
                let minute = Duration::from_secs(MINUTE);
                vec![Rule::quota(1, minute, QuotaAnswer::Seconds)]
            }
        }
    }
}

fn is_out(since_start: Duration) -> bool {
    since_start
        .checked_sub(OUTAGE_AFTER)
        .is_some_and(|since| since.as_secs() % OUTAGE_CYCLE < OUTAGE)
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Scenario, UnknownScenario> {
        let mut all = Scenario::ALL.into_iter();
        all.find(|scenario| scenario.name() == text)
            .ok_or_else(|| UnknownScenario(text.to_owned()))
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
