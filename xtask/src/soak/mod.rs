//! Runs the real program for a long time against a simulator that misbehaves at random, scrapes it each
//! second, ends it at random moments, and counts what must not happen.
//!
//! First SECONDS by the machine's clock, then DAYS by a clock that runs
//! [`FACTOR`] times as fast, for simulator and program alike (Debian's `faketime`). The schedule follows from
//! the seed; how requests interleave doesn't.

#![allow(
    clippy::disallowed_methods,
    reason = "the program under test lives in the machine's time"
)]

mod days;
mod judge;
mod life;
mod line;
mod page;
mod program;
mod short;
mod tally;
mod world;

use std::error::Error;
use std::process::Command;

use tokio::runtime::Runtime;
use world::World;

use crate::Outcome;

type Failed = Box<dyn Error>;

/// A request over loopback takes some 50 µs when the machine is idle, and some ms when it isn't: less than a
/// second by the fast clock.
const FACTOR: u32 = 300;

/// A Saturday noon: the clocks of London are set back in the night that follows.
const START: &str = "2026-10-24 12:00:00";

/// Says that this process lives by the fast clock.
const DAYS: &str = "by-the-fast-clock";

/// By the given SECONDS, DAYS and SEED, or default ones.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    Runtime::new()?.block_on(soak(arguments))
}

async fn soak(arguments: &[&str]) -> Outcome {
    let number = |at: usize, default: u64| match arguments.get(at) {
        Some(text) => text
            .parse()
            .map_err(|_| "SECONDS, DAYS and SEED are numbers"),
        None => Ok(default),
    };
    if arguments.first().is_some_and(|first| *first == DAYS) {
        let mut world = World::new(number(2, 1)?, FACTOR).await?;
        days::run(&mut world, number(1, 3)?).await?;
        return Ok(world
            .tally
            .print("days by the fast clock", world.is_exact()));
    }
    let (seconds, days, seed) = (number(0, 240)?, number(1, 3)?, number(2, 1)?);
    println!("seed {seed}");
    let mut good = true;
    if seconds > 0 {
        let mut world = World::new(seed, 1).await?;
        short::run(&mut world, seconds).await?;
        good = world
            .tally
            .print("by the machine's clock", world.is_exact());
    }
    if days > 0 {
        good &= by_the_fast_clock(days, seed)?;
    }
    println!("{}", if good { "good" } else { "NOT GOOD" });
    Ok(good)
}

/// Runs this program again under `faketime`, whose clock its children share.
fn by_the_fast_clock(days: u64, seed: u64) -> Outcome {
    let status = Command::new("faketime")
        .args(["-f", &format!("@{START} x{FACTOR}")])
        .arg(std::env::current_exe()?)
        .args(["soak", DAYS, &days.to_string(), &seed.to_string()])
        .env("TZ", "UTC")
        // The program is started later and has to have this process's time.
        .env("FAKETIME_DONT_RESET", "1")
        // Files keep the machine's times.
        .env("NO_FAKE_STAT", "1")
        .status()
        .map_err(|error| {
            format!("can't start faketime: {error}; Debian's package is `faketime`")
        })?;
    Ok(status.success())
}
