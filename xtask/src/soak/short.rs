//! The part by the machine's own clock: everything at once and often, and the default budget.

use std::time::Duration;

use eightxeight_simulator::Rule;
use rand::RngExt;
use tokio::time::Instant;

use super::Failed;
use super::life::Life;
use super::program::Options;
use super::world::World;

/// Runs for so many seconds.
pub(crate) async fn run(world: &mut World, seconds: u64) -> Result<(), Failed> {
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut round = 0;
    while Instant::now() < end {
        let mode = if round % 2 == 0 { "scrape" } else { "timer" };
        // The default budget has to be spent to be seen, which takes more than a minute.
        let (options, faults, length) = if round % 3 == 1 {
            (frugal(mode), 50, 75..100)
        } else {
            (hectic(mode), 150, 5..25)
        };
        let life = if options.budget > 10 { 20 } else { 1800 };
        world.simulator.tokens().set_life(Duration::from_secs(life));
        world.simulator.faults().clear();
        world
            .simulator
            .faults()
            .add(Rule::random(world.seed + round, faults));
        let length = Duration::from_millis(world.dice.random_range(length) * 1000 + 137);
        let length = length.min(end.saturating_duration_since(Instant::now()));
        let mut life = Life::start(world, options).await?;
        let until = Instant::now() + length;
        while Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            life.pass(world, left.min(Duration::from_secs(7))).await;
            if Instant::now() < until {
                life.disturb(world).await?;
            }
        }
        life.end(world).await?;
        round += 1;
    }
    world.tally.time = start.elapsed();
    Ok(())
}

fn hectic(mode: &'static str) -> Options {
    Options {
        mode,
        interval: Duration::from_secs(1),
        max_staleness: Duration::from_secs(5),
        budget: 10_000,
        timeout: Duration::from_secs(2),
        patience: Duration::from_secs(10),
        max_requests: 40,
    }
}

/// Two windows each four seconds would be thirty requests a minute.
fn frugal(mode: &'static str) -> Options {
    Options {
        interval: Duration::from_secs(4),
        max_staleness: Duration::from_mins(1),
        budget: 10,
        ..hectic(mode)
    }
}
