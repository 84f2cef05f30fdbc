//! Writes what Prometheus would have stored while it scraped the demo for days, as `OpenMetrics` with
//! timestamps, for `promtool tsdb create-blocks-from openmetrics`: dashboards with a past, in seconds.
//!
//! `cargo run --example history -- FILE [END [SCENARIO]]`, where END is an instant such as
//! `2026-06-09T14:00:00Z` and SCENARIO one of the demo's, in force at the end.
#![allow(clippy::print_stderr, reason = "a tool for the terminal")]

mod replay;

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;
use std::time::Duration;

use eightxeight_exporter::clock::Clock;
use jiff::Timestamp;
use replay::{Plan, replay};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, rest) = match arguments.as_slice() {
        [file, rest @ ..] if rest.len() <= 2 => (file, rest),
        _ => {
            eprintln!("usage: cargo run --example history -- FILE [END [SCENARIO]]");
            return ExitCode::from(2);
        }
    };
    match write(file, rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(file: &str, rest: &[String]) -> Result<(), Box<dyn Error>> {
    let end: Timestamp = match rest.first() {
        Some(text) => text.parse()?,
        None => Clock::System.now().wall,
    };
    let plan = Plan {
        end,
        before: Duration::from_hours(8 * 24),
        step: 600,
        each_minute: Duration::from_hours(25),
        scenario: rest.get(1).map(|name| name.parse()).transpose()?,
    };
    replay(&plan, &mut BufWriter::new(File::create(file)?))
}
