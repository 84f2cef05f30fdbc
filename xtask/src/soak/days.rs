//! The part by the fast clock: days with storms, rotations of the password, midnights, and a whole day on which
//! nobody notices that the password is wrong.

use std::time::Duration;

use eightxeight_simulator::{Endpoint, Rule};
use rand::RngExt;
use tokio::time::Instant;

use super::Failed;
use super::life::Life;
use super::program::Options;
use super::tally::MOST_BAD_LOGINS;
use super::world::World;

const DAY: Duration = Duration::from_hours(24);

/// Storms and rotations in turn, and the day with a wrong password in the middle.
pub(crate) async fn run(world: &mut World, days: u64) -> Result<(), Failed> {
    let start = Instant::now();
    let days = DAY * u32::try_from(days)?;
    let mut has_been_wrong = false;
    let mut round = 0;
    while start.elapsed() < days {
        let left = days.saturating_sub(start.elapsed());
        if !has_been_wrong && start.elapsed() >= days.saturating_sub(DAY) / 2 {
            has_been_wrong = true;
            a_day_with_a_wrong_password(world).await?;
        } else if round % 3 == 2 {
            rotation(world).await?;
        } else {
            storm(world, round, left).await?;
        }
        round += 1;
    }
    world.tally.time = start.elapsed();
    Ok(())
}

/// What is default but for the interval and what the fast clock makes small: patience and room.
fn options(world: &mut World, interval: u64) -> Options {
    Options {
        mode: if world.dice.random() {
            "scrape"
        } else {
            "timer"
        },
        interval: Duration::from_secs(interval),
        max_staleness: Duration::from_mins(10),
        budget: 10,
        timeout: Duration::from_secs(30),
        patience: Duration::from_secs(20),
        // While the machine is busy for a moment many come at once.
        max_requests: 1000,
    }
}

/// Some hours with faults; at every other time with more to ask than the budget has.
async fn storm(world: &mut World, round: u64, left: Duration) -> Result<(), Failed> {
    world.simulator.faults().clear();
    world
        .simulator
        .faults()
        .add(Rule::random(world.seed + round, 100));
    let options = options(world, if round.is_multiple_of(2) { 50 } else { 9 });
    let length = Duration::from_secs(world.dice.random_range(3600..5 * 3600)).min(left);
    let mut life = Life::start(world, options).await?;
    life.pass(world, length / 2).await;
    life.disturb(world).await?;
    life.pass(world, length / 2).await;
    life.end(world).await
}

/// The password changes at 8x8; later its file is touched, emptied, taken away, a pipe in which nobody writes, and at last right.
async fn rotation(world: &mut World) -> Result<(), Failed> {
    world.simulator.faults().clear();
    let options = options(world, 50);
    let interval = options.interval;
    let mut life = Life::start(world, options).await?;
    let minutes = |world: &mut World, most| Duration::from_mins(world.dice.random_range(1..most));
    for _ in 0..3 {
        let calm = minutes(world, 40);
        life.pass(world, calm).await;
        let old = world.simulator.credentials().password;
        world.change_password();
        notices(&mut life, world).await;
        let wrong = minutes(world, 40);
        life.pass(world, wrong).await;
        world.write_password(&format!("{old}\n"))?;
        let touched = minutes(world, 5);
        life.pass(world, touched).await;

        life.write_password(world, "")?;
        // A login that was under way has arrived.
        life.pass(world, Duration::from_secs(1) + world.slack())
            .await;
        let logins = world.simulator.requests().count(Endpoint::Token);
        let emptied = minutes(world, 5);
        life.pass(world, emptied).await;
        life.remove_password(world)?;
        let vanished = minutes(world, 5);
        life.pass(world, vanished).await;
        life.hang_password(world)?;
        let hung = minutes(world, 5);
        life.pass(world, hung).await;
        let more = world.simulator.requests().count(Endpoint::Token) - logins;
        world.tally.logins_without_secret += more;
        heals(&mut life, world, interval).await?;
        world.tally.rotations += 1;
    }
    life.end(world).await
}

async fn a_day_with_a_wrong_password(world: &mut World) -> Result<(), Failed> {
    world.simulator.faults().clear();
    let options = options(world, 50);
    let interval = options.interval;
    let mut life = Life::start(world, options).await?;
    life.pass(world, Duration::from_mins(10)).await;
    world.change_password();
    let before = world.simulator.requests().count(Endpoint::Token);
    let start = Instant::now();
    notices(&mut life, world).await;
    life.pass(world, DAY.saturating_sub(start.elapsed())).await;
    let logins = world.simulator.requests().count(Endpoint::Token) - before;
    if logins > MOST_BAD_LOGINS {
        eprintln!("{logins} logins in a day with a wrong password");
    }
    world.tally.bad_logins_in_a_day = logins;
    heals(&mut life, world, interval).await?;
    life.end(world).await
}

/// The metrics say that 8x8 refuses the credentials, soon after it does.
async fn notices(life: &mut Life, world: &mut World) {
    let most = Duration::from_mins(5);
    if life
        .until(world, most, |page| page.refused && !page.up)
        .await
        .is_none()
    {
        eprintln!("a wrong password isn't noticed within {most:?}");
        world.tally.not_noticed += 1;
    }
}

/// The right password arrives, and it works within an interval and a request.
async fn heals(life: &mut Life, world: &mut World, interval: Duration) -> Result<(), Failed> {
    life.write_password(world, &world.simulator.credentials().password)?;
    let most = interval + Duration::from_secs(10) + world.slack();
    let healed = life.until(world, most, |page| page.up && !page.refused);
    if let Some(took) = healed.await {
        world.tally.slowest_healing = world.tally.slowest_healing.max(took);
    } else {
        eprintln!("the right password isn't noticed within {most:?}");
        world.tally.not_healed += 1;
    }
    Ok(())
}
