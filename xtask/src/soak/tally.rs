//! What was counted, and what of it must not be.

use std::fmt::Display;
use std::time::Duration;

/// What the program may grow by: bytes of memory, and descriptors.
pub(crate) const MOST_GROWTH: (f64, f64) = (64.0 * 1024.0 * 1024.0, 64.0);

/// A day with a wrong password may cost so many logins.
pub(crate) const MOST_BAD_LOGINS: u64 = 8;

/// See the module. What must be zero is named in [`Tally::print`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub time: Duration,
    pub starts: u64,
    pub kills: u64,
    pub terms: u64,
    pub bad_exits: u64,
    pub panics: u64,
    pub scrapes: u64,
    pub failed_scrapes: u64,
    pub late_scrapes: u64,
    pub slowest_scrape: Duration,
    pub pages_with_data: u64,
    pub pages_compared: u64,
    pub samples: u64,
    pub wrong_samples: u64,
    pub old_pages: u64,
    pub logins: u64,
    pub granted: u64,
    pub refused: u64,
    pub lockouts: u64,
    pub reports: u64,
    pub failed_requests: u64,
    pub most_in_a_minute: usize,
    pub over_budget: u64,
    pub hasty_logins: u64,
    pub rotations: u64,
    pub sleeps: u64,
    pub asleep: Duration,
    pub cuts: u64,
    pub reloads: u64,
    pub not_reloaded: u64,
    pub logins_without_secret: u64,
    pub not_noticed: u64,
    pub not_healed: u64,
    pub slowest_healing: Duration,
    pub bad_logins_in_a_day: u64,
    pub memory_growth: f64,
    pub descriptor_growth: f64,
}

impl Tally {
    /// Prints all counts; whether none is what it must not be.
    pub(crate) fn print(&self, title: &str, is_exact: bool) -> bool {
        let seconds = self.time.as_secs();
        let awake = seconds - self.asleep.as_secs().min(seconds);
        let share = 100 * self.pages_with_data / self.scrapes.max(1);
        let memory = self.memory_growth / 1024.0 / 1024.0;
        let descriptors = self.descriptor_growth;
        let bad_logins = self.bad_logins_in_a_day;
        let mut late = count("scrapes after their deadline", &self.late_scrapes);
        if is_exact {
            late = late.must(self.late_scrapes == 0);
        }
        let rows = [
            count("seconds by its clock", &seconds),
            count("starts", &self.starts),
            count("ends by SIGTERM", &self.terms),
            count("ends by SIGKILL", &self.kills),
            none("bad or late exits", self.bad_exits),
            none("panics", self.panics),
            count("scrapes", &self.scrapes).must(self.scrapes >= awake * 9 / 10),
            none("failed scrapes", self.failed_scrapes),
            late,
            count("slowest scrape", &time(self.slowest_scrape)),
            count("pages with 8x8's numbers", &format!("{share} %")).must(share > 0),
            count("pages compared", &self.pages_compared),
            count("samples compared", &self.samples).must(self.samples > 0),
            none("wrong, missing or needless samples", self.wrong_samples),
            none("pages that were too old", self.old_pages),
            count("reports asked for", &self.reports),
            count("logins", &self.logins),
            count("logins granted", &self.granted),
            count("logins refused for the password", &self.refused),
            count("requests that failed", &self.failed_requests),
            count(
                "most requests in 60 s, as they arrived",
                &self.most_in_a_minute,
            ),
            none("requests beyond the budget", self.over_budget),
            none("logins too soon", self.hasty_logins),
            none("lock-outs of the user", self.lockouts),
            count(
                "logins in a day with a wrong password, at most 8",
                &bad_logins,
            )
            .must(bad_logins <= MOST_BAD_LOGINS),
            count("rotations of the password", &self.rotations),
            count("times that its machine slept", &self.sleeps),
            count("times that its connections died", &self.cuts),
            count("reloads, each after one of a bad file", &self.reloads),
            none("reloads not noticed", self.not_reloaded),
            none(
                "logins with an empty, absent or hung file",
                self.logins_without_secret,
            ),
            none("wrong passwords not noticed", self.not_noticed),
            none("right passwords not noticed", self.not_healed),
            count(
                "slowest to notice the right one",
                &time(self.slowest_healing),
            ),
            count("growth of memory, MiB, at most 64", &format!("{memory:.1}"))
                .must(self.memory_growth <= MOST_GROWTH.0),
            count("growth of descriptors, at most 64", &descriptors)
                .must(descriptors <= MOST_GROWTH.1),
        ];
        println!("\n{title}");
        for row in &rows {
            let verdict = match row.is_good {
                Some(true) => "ok",
                Some(false) => "VIOLATED",
                None => "",
            };
            println!("  {:<50} {:>12}  {verdict}", row.name, row.count);
        }
        rows.iter().all(|row| row.is_good != Some(false))
    }
}

/// A line of what is printed.
struct Row {
    name: &'static str,
    count: String,
    /// `None` where any count will do.
    is_good: Option<bool>,
}

impl Row {
    fn must(self, be: bool) -> Row {
        Row {
            is_good: Some(be),
            ..self
        }
    }
}

fn count(name: &'static str, count: &dyn Display) -> Row {
    Row {
        name,
        count: count.to_string(),
        is_good: None,
    }
}

fn none(name: &'static str, counted: u64) -> Row {
    count(name, &counted).must(counted == 0)
}

fn time(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
