//! Writes what Prometheus would have stored while it scraped the demo for five weeks, as `OpenMetrics` with
//! timestamps, for `promtool tsdb create-blocks-from openmetrics`: dashboards with a past, in seconds.

mod replay;

use std::fs::File;
use std::io::BufWriter;
use std::time::Duration;

use eightxeight::clock::Clock;
use jiff::Timestamp;
use replay::{Plan, replay};

use crate::Outcome;

/// Up to END, an instant such as `2026-06-09T14:00:00Z`, with one of the demo's scenarios in force at the end.
pub(crate) fn run(file: &str, rest: &[&str]) -> Outcome {
    let end: Timestamp = match rest.first() {
        Some(text) => text.parse()?,
        None => Clock::System.now().wall,
    };
    let plan = Plan {
        end,
        // A week, and the four weeks that the dashboards show beside it.
        before: Duration::from_hours(35 * 24),
        step: 600,
        each_minute: Duration::from_hours(25),
        scenario: rest.get(1).map(|name| name.parse()).transpose()?,
    };
    replay(&plan, &mut BufWriter::new(File::create(file)?))?;
    Ok(true)
}
