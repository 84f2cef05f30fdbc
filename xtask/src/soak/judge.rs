//! Judges the requests of one life of the program: never more than the budget, and no login without a reason.

use std::time::Duration;

use eightxeight_simulator::{Endpoint, Logged};
use tokio::time::Instant;

use super::program::Options;
use super::tally::Tally;

const MINUTE: Duration = Duration::from_mins(1);

/// After a refused login, doubled with each one more.
const RETRY: Duration = Duration::from_mins(15);

/// Then it is sixteen hours; the next one would be more than a day, where it ends.
const MOST_DOUBLINGS: u32 = 6;

/// No more requests than the budget has, in any minute or in any so many: then by so many times it.
pub(crate) fn budget(
    log: &[Logged],
    budget: u32,
    minutes: u32,
    slack: Duration,
    tally: &mut Tally,
) {
    // More than anybody asks.
    if budget > 100 {
        return;
    }
    let most = (budget * minutes) as usize;
    let period = match minutes {
        1 => MINUTE,
        more => (MINUTE * more).saturating_sub(slack),
    };
    for (at, first) in log.iter().enumerate() {
        let of = |period| {
            log[at..]
                .iter()
                .take_while(|entry| entry.at.since(first.at) < period)
                .count()
        };
        tally.most_in_a_minute = tally.most_in_a_minute.max(of(MINUTE));
        if of(period) > most {
            eprintln!(
                "more than {most} requests in {period:?} from {}",
                first.at.wall
            );
            tally.over_budget += 1;
        }
    }
}

/// Counts the requests, and the logins that came too soon; `changes` are the moments when a secret changed.
pub(crate) fn logins(
    log: &[Logged],
    options: &Options,
    changes: &[Instant],
    slack: Duration,
    tally: &mut Tally,
) {
    let is_login = |entry: &&Logged| entry.endpoint == Endpoint::Token;
    let logins: Vec<_> = log.iter().filter(is_login).collect();
    tally.logins += logins.len() as u64;
    tally.reports += (log.len() - logins.len()) as u64;
    let failed = log.iter().filter(|entry| entry.status != Some(200)).count();
    tally.failed_requests += failed as u64;
    hasty(&logins, options, changes, slack, tally);
}

/// Two logins are an interval apart, or the minute in which a token is young, and more after a refusal, unless a
/// secret has changed between them.
fn hasty(
    logins: &[&Logged],
    options: &Options,
    changes: &[Instant],
    slack: Duration,
    tally: &mut Tally,
) {
    let mut refusals = 0;
    for pair in logins.windows(2) {
        let [one, next] = pair else { continue };
        let between = one.at.instant..next.at.instant;
        if changes.iter().any(|change| between.contains(change)) {
            refusals = 0;
            continue;
        }
        let refused = one
            .status
            .is_some_and(|status| (400..500).contains(&status) && ![408, 429].contains(&status));
        refusals = if refused { refusals + 1 } else { 0 };
        let least = match refusals {
            0 => options.interval.min(MINUTE),
            more => RETRY * 2u32.pow((more - 1).min(MOST_DOUBLINGS)),
        };
        let apart = next.at.since(one.at);
        if apart + slack < least {
            eprintln!("logins {apart:?} apart at {}, not {least:?}", next.at.wall);
            tally.hasty_logins += 1;
        }
    }
}
