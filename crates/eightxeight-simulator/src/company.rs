//! Which PBXs a company has, and what 8x8 would truly answer about them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::day::{Pbx, Profile};
use super::history::History;
use super::tally::Tally;
use eightxeight::answer::Row;
use eightxeight::window::Period;

/// The PBXs of one customer.
#[must_use]
#[derive(Clone, Debug)]
pub struct Company {
    pub(crate) pbxes: Vec<Pbx>,
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
    /// The demo's: `acmecorp`, an office in London with a tiny branch `acmecorp2`; `acme-us`, an office in New
    /// York; and `acme-support`, a line that never closes.
    pub fn acme(seed: u64) -> Company {
        let london = || zone("Europe/London");
        let new_york = zone("America/New_York");
        let pbxes = vec![
            Pbx::new("acmecorp", Profile::main_office(190), london(), seed),
            Pbx::new("acmecorp2", Profile::branch(), london(), seed),
            Pbx::new("acme-us", Profile::office(110), new_york, seed),
            Pbx::new("acme-support", Profile::line(), london(), seed),
        ];
        Company { pbxes }
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
        Company {
            pbxes: numbered.map(pbx).collect(),
        }
    }

    /// The rows of an answer about all its PBXs given at `now`: the truth that a client's result is held against.
    ///
    /// Calls later than `now` haven't happened yet. 8x8 keeps two years (documented): what is older is cut
    /// away, and of a period that is older altogether there are no rows.
    #[must_use]
    pub fn answer(&self, period: Period, now: Timestamp, history: &History) -> Vec<Row> {
        let row = |(pbx, tally): (&Pbx, Tally)| Row {
            pbx_id: pbx.name.clone(),
            values: tally.values(),
        };
        let tallies = history.tallies(self.pbxes.iter().collect(), period, now);
        tallies.into_iter().map(row).collect()
    }

    /// The PBXs that a query's `pbxId` names. The error is a name that the company doesn't have, the first.
    pub(crate) fn select<'q>(&self, pbx_id: &'q str) -> Result<Vec<&Pbx>, &'q str> {
        if pbx_id == "allpbxes" {
            return Ok(self.pbxes.iter().collect());
        }
        let place = |name: &'q str| {
            let place = self.pbxes.iter().position(|pbx| *pbx.name == *name);
            place.ok_or(name)
        };
        let places: BTreeSet<_> = pbx_id.split(',').map(place).collect::<Result<_, _>>()?;
        Ok(places.into_iter().map(|place| &self.pbxes[place]).collect())
    }
}

/// The program holds the zone database, so every name here is found.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}
