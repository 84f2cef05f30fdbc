//! Reads a report's query as strictly as a server would.

use std::collections::HashMap;

use axum::extract::Query;
use axum::http::Uri;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use eightxeight::window::Period;

/// Reads the four parameters: `pbxId` and the period. The error is a sentence.
pub(crate) fn read(uri: &Uri) -> Result<(String, Period), String> {
    let Query(mut query) = Query::<HashMap<String, String>>::try_from_uri(uri)
        .map_err(|_| "The query can't be read".to_owned())?;
    let mut required = |name: &str| {
        let missing = || format!("Required String parameter '{name}' is not present");
        query.remove(name).ok_or_else(missing)
    };
    let pbx_id = required("pbxId")?;
    let start = required("startTime")?;
    let end = required("endTime")?;
    let zone_name = required("timeZone")?;
    let zone = zone(&zone_name).ok_or_else(|| format!("Unknown time-zone ID: {zone_name}"))?;
    let period = Period {
        start: instant(&start, &zone).ok_or_else(|| unreadable("startTime", &start))?,
        end: instant(&end, &zone).ok_or_else(|| unreadable("endTime", &end))?,
    };
    if period.start > period.end {
        return Err("startTime is after endTime".to_owned());
    }
    Ok((pbx_id, period))
}

fn unreadable(name: &str, value: &str) -> String {
    format!("{name} '{value}' is not of the form YYYY-MM-DD HH:MM:SS")
}

/// A zone by its exact name; jiff alone would overlook case.
fn zone(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok()?;
    (zone.iana_name() == Some(name) && !zone.is_unknown()).then_some(zone)
}

/// The instant of a wall clock reading as Java and most servers see it: one that is skipped is moved on by the
/// gap, one that occurs twice is the first.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
    let wall = DateTime::strptime(FORMAT, text).ok()?;
    if wall.strftime(FORMAT).to_string() != text {
        return None;
    }
    zone.to_ambiguous_timestamp(wall).compatible().ok()
}
