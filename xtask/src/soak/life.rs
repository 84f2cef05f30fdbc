//! One life of the program, from its start to its end, scraped each second of it.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use eightxeight::window::Period;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rand::RngExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};

use super::page::{Page, Size};
use super::program::{Options, Program, write_config};
use super::world::World;
use super::{Failed, judge};

/// What every other reload adds to the timeout of a request.
const RELOAD: Duration = Duration::from_secs(1);

/// A scrape and what came of it.
struct Scrape {
    began: (Instant, Timestamp),
    result: Result<String, String>,
}

/// See the module.
pub(crate) struct Life {
    program: Program,
    options: Options,
    client: reqwest::Client,
    ticks: Interval,
    under_way: JoinSet<Scrape>,
    /// The newest page, and the newest that was compared.
    page: Page,
    compared: Page,
    size: Size,
    /// When the content of the password's file changed.
    changes: Vec<Instant>,
    reloads: u32,
    /// How many requests the simulator had before.
    earlier: u64,
    zone: TimeZone,
}

impl Life {
    /// With the right password, and whatever faults are in force.
    pub(crate) async fn start(world: &mut World, options: Options) -> Result<Life, Failed> {
        world.write_password(&world.simulator.credentials().password)?;
        let earlier = requests(world);
        let program = Program::start(&world.api(), world.files(), &options, &world.panics)?;
        world.tally.starts += 1;
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks.tick().await;
        Ok(Life {
            program,
            client: reqwest::Client::builder()
                .no_proxy()
                .timeout(options.patience + 4 * world.slack())
                .build()?,
            options,
            ticks,
            under_way: JoinSet::new(),
            page: Page::default(),
            compared: Page::default(),
            size: Size::new(if world.is_exact() { 5 } else { 300 }),
            changes: Vec::new(),
            reloads: 0,
            earlier,
            zone: TimeZone::get("Europe/London")?,
        })
    }

    /// Scrapes for so long.
    pub(crate) async fn pass(&mut self, world: &mut World, time: Duration) {
        self.until(world, time, |_| false).await;
    }

    /// Scrapes until a page is as wanted, but not for longer than `most`: how long it took.
    pub(crate) async fn until(
        &mut self,
        world: &mut World,
        most: Duration,
        wanted: impl Fn(&Page) -> bool,
    ) -> Option<Duration> {
        let start = Instant::now();
        loop {
            tokio::select! {
                _ = self.ticks.tick() => self.scrape(world),
                Some(scrape) = self.under_way.join_next() => {
                    if let Ok(scrape) = scrape {
                        let began = scrape.began.0;
                        self.take(world, scrape);
                        if began >= start && wanted(&self.page) {
                            return Some(start.elapsed());
                        }
                    }
                }
                () = sleep_until(start + most) => return None,
            }
        }
    }

    /// Something happens to the machine, the network or the configuration that it has to live through.
    pub(crate) async fn disturb(&mut self, world: &mut World) -> Result<(), Failed> {
        // A reload may take ten seconds, which the fast clock makes too few for any machine.
        let kinds = if world.is_exact() { 3 } else { 2 };
        match world.dice.random_range(0..kinds) {
            0 => self.sleep(world).await,
            1 => {
                world.line.cut();
                world.tally.cuts += 1;
                Ok(())
            }
            _ => self.reload(world).await,
        }
    }

    /// The machine sleeps, longer than what is known is good. Nobody scrapes meanwhile.
    async fn sleep(&mut self, world: &mut World) -> Result<(), Failed> {
        while let Some(scrape) = self.under_way.join_next().await {
            self.take(world, scrape?);
        }
        self.program.signal("STOP")?;
        let time = self.options.max_staleness + Duration::from_secs(1);
        sleep(time).await;
        self.program.signal("CONT")?;
        world.tally.sleeps += 1;
        world.tally.asleep += time;
        Ok(())
    }

    /// A configuration that can't be used, and then another one that can.
    async fn reload(&mut self, world: &mut World) -> Result<(), Failed> {
        self.reloads += 1;
        let longer = self.options.timeout + RELOAD * (self.reloads % 2);
        for (timeout, is_good) in [(Duration::ZERO, false), (longer, true)] {
            write_config(world.files(), timeout)?;
            self.program.signal("HUP")?;
            // A scrape tells, and one may have to wait for 8x8 first.
            let most = Duration::from_secs(5) + self.options.patience + world.slack();
            let noticed = self.until(world, most, |page| page.reloaded == is_good);
            if noticed.await.is_none() {
                eprintln!("a reload isn't noticed within {most:?}");
                world.tally.not_reloaded += 1;
            }
        }
        world.tally.reloads += 1;
        Ok(())
    }

    /// Writes the password's file.
    pub(crate) fn write_password(&mut self, world: &World, text: &str) -> Result<(), Failed> {
        self.changes.push(Instant::now());
        world.write_password(text)
    }

    /// Takes the password's file away.
    pub(crate) fn remove_password(&mut self, world: &World) -> Result<(), Failed> {
        self.changes.push(Instant::now());
        Ok(std::fs::remove_file(world.secret("password"))?)
    }

    /// Puts a pipe, in which nobody writes, in place of the password's file.
    pub(crate) fn hang_password(&mut self, world: &World) -> Result<(), Failed> {
        self.changes.push(Instant::now());
        let pipe = world.secret("pipe");
        Command::new("mkfifo").arg(&pipe).status()?;
        Ok(std::fs::rename(pipe, world.secret("password"))?)
    }

    /// Ends it one way or the other, and judges what it has asked.
    pub(crate) async fn end(mut self, world: &mut World) -> Result<(), Failed> {
        if !self.program.runs()? {
            eprintln!("it ended by itself");
            world.tally.bad_exits += 1;
        } else if world.dice.random_bool(0.3) {
            self.program.kill()?;
            world.tally.kills += 1;
        } else {
            let within = Duration::from_secs(5) + world.slack();
            let good = self.program.terminate(within).await?;
            world.tally.bad_exits += u64::from(!good);
            world.tally.terms += 1;
        }
        self.under_way.shutdown().await;
        self.size.judge(&mut world.tally);
        let log = world.simulator.requests().all();
        let own: Vec<_> = log
            .into_iter()
            .filter(|entry| entry.number > self.earlier)
            .collect();
        let (slack, minutes) = (world.slack(), world.budget_minutes());
        judge::logins(&own, &self.options, &self.changes, slack, &mut world.tally);
        judge::budget(&own, self.options.budget, minutes, slack, &mut world.tally);
        let logins = world.simulator.customer().logins();
        let tally = &mut world.tally;
        (tally.granted, tally.refused, tally.lockouts) =
            (logins.granted, logins.refused, logins.lockouts);
        tally.panics = world.panics.load(Ordering::Relaxed);
        Ok(())
    }

    fn scrape(&mut self, world: &mut World) {
        world.tally.scrapes += 1;
        let seconds = self.options.patience.as_secs().to_string();
        let request = self
            .client
            .get(&self.program.url)
            .header("x-prometheus-scrape-timeout-seconds", seconds);
        self.under_way.spawn(async move {
            let began = (Instant::now(), Timestamp::now());
            let result = match request.send().await {
                Ok(answer) if answer.status() == 200 => {
                    answer.text().await.map_err(|error| format!("{error:?}"))
                }
                Ok(answer) => Err(answer.status().to_string()),
                Err(error) => Err(format!("{error:?}")),
            };
            Scrape { began, result }
        });
    }

    fn take(&mut self, world: &mut World, scrape: Scrape) {
        let (instant, wall) = scrape.began;
        let took = instant.elapsed();
        let text = match scrape.result {
            Ok(text) => text,
            Err(problem) => {
                eprintln!("a scrape failed after {took:?}: {problem}");
                world.tally.failed_scrapes += 1;
                return;
            }
        };
        let tally = &mut world.tally;
        tally.slowest_scrape = tally.slowest_scrape.max(took);
        tally.late_scrapes += u64::from(took > self.options.patience);
        let page = Page::read(&text);
        tally.pages_with_data += u64::from(page.has_data());
        self.size.note(&page, tally);
        if !page.shows_what(&self.compared) {
            page.compare(&world.simulator, tally);
            self.compared = page.clone();
        }
        if self.is_too_old(&page, wall, world.slack()) {
            eprintln!("at {wall} a page covers {:?}", page.periods);
            world.tally.old_pages += 1;
        }
        self.page = page;
    }

    /// Whether it shows an answer beyond its age, or yesterday's for today's.
    fn is_too_old(&self, page: &Page, began: Timestamp, slack: Duration) -> bool {
        // A window ends when its collection begins, which may then wait for the budget, log in and ask.
        let most = self.options.max_staleness + 2 * (self.options.timeout + RELOAD);
        let most = most + Duration::from_mins(1) + slack;
        let oldest = began - SignedDuration::try_from(most).unwrap_or_default();
        let midnight = |instant: Timestamp| {
            let day = instant.to_zoned_datetime(self.zone.clone()).start_of_day();
            day.map_or(instant, |midnight| midnight.timestamp())
        };
        let before = began - SignedDuration::try_from(slack).unwrap_or_default();
        let today = [before, Timestamp::now()].map(midnight);
        let [hour, day] = page.periods;
        let too_old = |period: Option<Period>| period.is_some_and(|period| period.end < oldest);
        too_old(hour) || too_old(day) || day.is_some_and(|day| !today.contains(&day.start))
    }
}

/// How many requests there have been.
pub(crate) fn requests(world: &World) -> u64 {
    use eightxeight_simulator::Endpoint::{Compsum, Token};
    let log = world.simulator.requests();
    log.count(Token) + log.count(Compsum)
}
