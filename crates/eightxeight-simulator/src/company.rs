//! Which PBXs a company has, and what 8x8 would truly answer about them.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::day::{Pbx, Profile};
use super::history::History;
use super::tally::Tally;
use eightxeight::answer::Row;
use eightxeight::window::{LONGEST, Period};

/// What a query asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// `allpbxes`.
    All,
    /// The named ones.
    Named(Vec<String>),
}

impl Selection {
    /// Reads the query's `pbxId`.
    #[must_use]
    pub fn parse(text: &str) -> Selection {
        if text == "allpbxes" {
            Selection::All
        } else {
            Selection::Named(text.split(',').map(str::to_owned).collect())
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::All => f.write_str("allpbxes"),
            Selection::Named(names) => f.write_str(&names.join(",")),
        }
    }
}

/// A PBX that the company doesn't have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the company has no PBX `{0}`")]
pub struct UnknownPbx(pub String);

/// The PBXs of one customer.
#[must_use]
#[derive(Clone, Debug)]
pub struct Company {
    pbxes: Vec<Pbx>,
}

/// Two of the offices of load tests in each.
const ZONES: [&str; 6] = [
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Sydney",
    "Asia/Kolkata",
    "Europe/Berlin",
];

impl Company {
    /// A company with these PBXs.
    pub fn new(pbxes: Vec<Pbx>) -> Company {
        Company { pbxes }
    }

    /// The demo's: `acmecorp`, an office in London with a tiny branch `acmecorp2`; `acme-us`, an office in New
    /// York; and `acme-support`, a line that never closes.
    pub fn acme(seed: u64) -> Company {
        let london = || zone("Europe/London");
        let new_york = zone("America/New_York");
        Company::new(vec![
            Pbx::new("acmecorp", Profile::main_office(190), london(), seed),
            Pbx::new("acmecorp2", Profile::branch(), london(), seed),
            Pbx::new("acme-us", Profile::office(110), new_york, seed),
            Pbx::new("acme-support", Profile::line(), london(), seed),
        ])
    }

    /// `count` small PBXs for load, `pbx-0001` and so on, in zones around the world.
    pub fn synthetic(count: usize, seed: u64) -> Company {
        let pbx = |(number, name): (usize, &str)| {
            let peak = 4 + u32::try_from(number % 7).unwrap_or(0) * 3;
            let profile = if number.is_multiple_of(5) {
                Profile::branch()
            } else {
                Profile::office(peak)
            };
            Pbx::new(&format!("pbx-{number:04}"), profile, zone(name), seed)
        };
        let numbered = (1..=count).zip(ZONES.into_iter().cycle());
        Company::new(numbered.map(pbx).collect())
    }

    /// Its PBXs.
    #[must_use]
    pub fn pbxes(&self) -> &[Pbx] {
        &self.pbxes
    }

    /// The rows of an answer given at `now`: the truth that a client's result is held against.
    ///
    /// Calls later than `now` haven't happened yet. 8x8 keeps two years (documented): what is older is cut
    /// away, and of a period that is older altogether there are no rows.
    ///
    /// # Errors
    ///
    /// A PBX that the company doesn't have, the first in the selection's order.
    pub fn answer(
        &self,
        selection: &Selection,
        period: Period,
        now: Timestamp,
        history: &History,
    ) -> Result<Vec<Row>, UnknownPbx> {
        let tallies = self.tallies(selection, period, now, history)?;
        let row = |(pbx, tally): (&Pbx, Tally)| Row {
            pbx_id: pbx.name.clone(),
            values: tally.values(),
        };
        Ok(tallies.into_iter().map(row).collect())
    }

    pub(crate) fn tallies(
        &self,
        selection: &Selection,
        period: Period,
        now: Timestamp,
        history: &History,
    ) -> Result<Vec<(&Pbx, Tally)>, UnknownPbx> {
        let pbxes = self.select(selection)?;
        let oldest = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        if period.end <= oldest {
            return Ok(Vec::new());
        }
        let start = period.start.max(oldest).as_second();
        let end = period.end.as_second().min(now.as_second() + 1);
        let count = |pbx| (pbx, history.tally(pbx, start, end));
        Ok(pbxes.into_iter().map(count).collect())
    }

    fn select(&self, selection: &Selection) -> Result<Vec<&Pbx>, UnknownPbx> {
        let Selection::Named(names) = selection else {
            return Ok(self.pbxes.iter().collect());
        };
        let is_unknown = |name: &&String| self.pbxes.iter().all(|pbx| *pbx.name != ***name);
        if let Some(unknown) = names.iter().find(is_unknown) {
            return Err(UnknownPbx(unknown.clone()));
        }
        let is_named = |pbx: &&Pbx| names.iter().any(|name| **name == *pbx.name);
        Ok(self.pbxes.iter().filter(is_named).collect())
    }
}

/// The program holds the zone database, so every name here is found.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}
