//! States in words. Pure, so that each can be read in a test.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::collect::Mode;
use crate::collect::{Plan, WindowView};
use eightxeight::clock::Moment;
use eightxeight::credentials::Credentials;
use eightxeight::{Error, Status};

/// How a state is coloured; the later is the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// It works.
    Good,
    /// Nothing is known yet.
    Waiting,
    /// It fails, and the last good answer is shown.
    Failing,
    /// It fails, and there is nothing to show.
    Lost,
}

impl Tone {
    /// The class of the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Waiting => "waiting",
            Tone::Failing => "failing",
            Tone::Lost => "lost",
        }
    }
}

/// A length of time as people say it: its two largest units.
pub(super) fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0).unsigned_abs();
    let text = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    let parts = text.split(' ').take(2).map(|part| {
        let unit = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = &part[..part.len() - unit.len()];
        format!("{number} {}", if unit == "m" { "min" } else { unit })
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// The present and the zone by whose clocks people read it.
pub(super) struct Here {
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
}

impl Here {
    /// A time of day, with its date unless that is today's.
    pub(super) fn time(&self, instant: Timestamp) -> String {
        let [instant, now] = [instant, self.now].map(|at| self.zone.to_datetime(at));
        let format = if instant.date() == now.date() {
            "%H:%M:%S"
        } else {
            "%Y-%m-%d %H:%M:%S"
        };
        instant.strftime(format).to_string()
    }

    /// The same with the zone's name.
    pub(super) fn clock_time(&self, instant: Timestamp) -> String {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        format!("{} {zone}", self.time(instant))
    }
}

/// A mean length of calls.
pub(super) fn minutes(seconds: f64) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It saturates.
    let whole = seconds.round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

/// How a window is doing: in a few words, and the rest of the sentence.
#[derive(Debug)]
pub(super) struct State {
    pub(super) tone: Tone,
    pub(super) headline: String,
    pub(super) rest: String,
}

/// How a window is doing.
pub(super) fn state(state: &WindowView, plan: &Plan, now: Moment) -> State {
    let mode = plan.settings.mode;
    let said = |tone, headline: &str, rest: String| State {
        tone,
        headline: headline.to_owned(),
        rest,
    };
    let Some(collection) = &state.collection else {
        let when = match mode {
            Mode::Scrape if !state.is_wanted() => ": 8x8 is asked when the metrics are scraped",
            Mode::Scrape | Mode::Timer => ": the first collection is under way",
        };
        return said(Tone::Waiting, "Not collected yet", when.to_owned());
    };
    let ago = |then: Moment| length(SignedDuration::try_from(now.age_of(then)).unwrap_or_default());
    let interval = plan.settings.interval;
    let wait = collection.next(interval).since(now);
    let is_refused = matches!(collection.error, Some(Error::Refused { .. }));
    let next = if is_refused {
        "a changed secret is tried"
    } else {
        "next"
    };
    let next = if collection.is_due(now, interval) || wait < Duration::from_secs(1) {
        match mode {
            Mode::Scrape => format!("{next} with the next scrape"),
            Mode::Timer => "the next is under way".to_owned(),
        }
    } else {
        let wait = length(SignedDuration::try_from(wait).unwrap_or_default());
        match mode {
            Mode::Scrape => format!("{next} with a scrape in {wait} or later"),
            Mode::Timer => format!("{next} in {wait}"),
        }
    };
    let error = collection.error.as_ref().map(failure);
    match (&error, &collection.last_good) {
        (None, Some((_, received))) => said(
            Tone::Good,
            &format!("Collected {} ago", ago(*received)),
            format!(", {next}"),
        ),
        (None, None) => said(Tone::Waiting, "Not collected yet", String::new()),
        (Some(error), Some((_, received))) if state.shown(plan, now).is_some() => said(
            Tone::Failing,
            "Failing",
            format!(
                ": {error}. Shown is the last good answer, {} old; {next}",
                ago(*received)
            ),
        ),
        (Some(error), Some((_, received))) => {
            let is_old = now.age_of(*received) > plan.settings.max_staleness;
            let why = if is_old {
                "too old to show"
            } else {
                "and from yesterday"
            };
            let age = ago(*received);
            said(
                Tone::Lost,
                "Failing",
                format!(": {error}. The last good answer is {age} old, {why}; {next}"),
            )
        }
        (Some(error), None) => said(
            Tone::Lost,
            "Failing",
            format!(": {error}. There was no good answer yet; {next}"),
        ),
    }
}

/// What went wrong. Until when nothing is asked stands above the windows.
fn failure(error: &Error) -> String {
    match error {
        Error::Held { cause, .. } => cause.meaning().to_owned(),
        error => error.to_string(),
    }
}

/// What to do while 8x8 refuses the credentials.
pub(super) fn refusal(
    status: &Status,
    credentials: &Credentials,
    interval: Duration,
    here: &Here,
) -> Option<String> {
    let refused = status.credentials_refused?;
    let until = status.next_login.map(|until| {
        format!(
            "; no login with the same ones before {}",
            here.clock_time(until.wall)
        )
    });
    let secrets = [
        ("the key", &credentials.key),
        ("the user's name", &credentials.username),
        ("the password", &credentials.password),
    ]
    .map(|(what, source)| format!("{what} ({})", source.origin()));
    Some(format!(
        "8x8 refused the credentials at {}{}. Put the right ones in place: {}; a change is noticed within {}.",
        here.clock_time(refused.wall),
        until.unwrap_or_default(),
        secrets.join(", "),
        length(SignedDuration::try_from(interval).unwrap_or_default()),
    ))
}

/// What keeps the account from asking, where that isn't 8x8's refusal of the credentials.
pub(super) fn hold(status: &Status, here: &Here) -> Option<String> {
    if let Some((until, cause)) = status.hold {
        let until = here.clock_time(until.wall);
        let why = cause.meaning();
        return Some(format!("Nothing is asked before {until}: {why}."));
    }
    let until = status.next_login?;
    let is_refused = status.credentials_refused.is_some();
    (!is_refused).then(|| {
        let until = here.clock_time(until.wall);
        format!("No login is tried before {until}: the last one was refused.")
    })
}

/// What is left of the budget.
pub(super) fn budget(status: &Status, most: u32) -> String {
    format!(
        "{} of {most} requests a minute are left",
        status.budget_remaining
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_lengths_as_people_say_them() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-03-03T03:27:05.9Z");
        let utc = Here {
            now,
            zone: TimeZone::UTC,
        };
        let morning = at("2026-03-03T01:12:00Z");
        assert_eq!(utc.clock_time(morning), "01:12:00 UTC");
        let evening = at("2026-03-02T23:59:59Z");
        assert_eq!(utc.clock_time(evening), "2026-03-02 23:59:59 UTC");
        let zone = TimeZone::get("America/New_York").unwrap();
        let there = Here { now, zone };
        assert_eq!(there.clock_time(evening), "18:59:59 America/New_York");
        assert_eq!(length(SignedDuration::from_secs(34)), "34 s");
        assert_eq!(
            length(SignedDuration::from_secs(3 * 86_400 + 7_261)),
            "3 days 2 h"
        );
        assert_eq!(length(SignedDuration::from_secs(-5)), "0 s");
        assert_eq!(length(SignedDuration::from_secs(150)), "2 min 30 s");
        assert_eq!(minutes(327.232), "5:27");
        assert_eq!(minutes(59.6), "1:00");
    }
}
