//! What was counted, and what of it must not be.

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
    pub logins_without_secret: u64,
    pub not_noticed: u64,
    pub not_healed: u64,
    pub slowest_healing: Duration,
    /// The most in a day with a wrong password, where there was one.
    pub bad_logins_in_a_day: Option<u64>,
    pub memory_growth: f64,
    pub descriptor_growth: f64,
}

impl Tally {
    /// Prints all counts; whether none is what it must not be.
    pub(crate) fn print(&self, title: &str, is_exact: bool) -> bool {
        let seconds = self.time.as_secs();
        let all = self.scrapes.max(1);
        let share = 100 * self.pages_with_data / all;
        let memory = self.memory_growth / 1024.0 / 1024.0;
        let bad_logins = self.bad_logins_in_a_day.unwrap_or_default();
        let text = |what: &dyn ToString| what.to_string();
        let zero = |count: u64| (count.to_string(), Some(count == 0));
        let late = (
            text(&self.late_scrapes),
            is_exact.then_some(self.late_scrapes == 0),
        );
        let rows: Vec<(&str, (String, Option<bool>))> = vec![
            ("seconds by its clock", (text(&seconds), None)),
            ("starts", (text(&self.starts), None)),
            ("ends by SIGTERM", (text(&self.terms), None)),
            ("ends by SIGKILL", (text(&self.kills), None)),
            ("bad or late exits", zero(self.bad_exits)),
            ("panics", zero(self.panics)),
            (
                "scrapes",
                (text(&self.scrapes), Some(self.scrapes >= seconds * 9 / 10)),
            ),
            ("failed scrapes", zero(self.failed_scrapes)),
            ("scrapes after their deadline", late),
            (
                "slowest scrape",
                (format!("{:.1} s", self.slowest_scrape.as_secs_f64()), None),
            ),
            (
                "pages with 8x8's numbers",
                (format!("{share} %"), Some(share > 0)),
            ),
            ("pages compared", (text(&self.pages_compared), None)),
            (
                "samples compared",
                (text(&self.samples), Some(self.samples > 0)),
            ),
            (
                "wrong, missing or needless samples",
                zero(self.wrong_samples),
            ),
            ("pages that were too old", zero(self.old_pages)),
            ("reports asked for", (text(&self.reports), None)),
            ("logins", (text(&self.logins), None)),
            ("logins granted", (text(&self.granted), None)),
            (
                "logins refused for the password",
                (text(&self.refused), None),
            ),
            ("requests that failed", (text(&self.failed_requests), None)),
            (
                "most requests in 60 s, as they arrived",
                (text(&self.most_in_a_minute), None),
            ),
            ("requests beyond the budget", zero(self.over_budget)),
            ("logins too soon", zero(self.hasty_logins)),
            ("lock-outs of the user", zero(self.lockouts)),
            (
                "logins in a day with a wrong password, at most 8",
                (text(&bad_logins), Some(bad_logins <= MOST_BAD_LOGINS)),
            ),
            ("rotations of the password", (text(&self.rotations), None)),
            (
                "logins with an empty or absent file",
                zero(self.logins_without_secret),
            ),
            ("wrong passwords not noticed", zero(self.not_noticed)),
            ("right passwords not noticed", zero(self.not_healed)),
            (
                "slowest to notice the right one",
                (format!("{:.1} s", self.slowest_healing.as_secs_f64()), None),
            ),
            (
                "growth of memory, MiB, at most 64",
                (
                    format!("{memory:.1}"),
                    Some(self.memory_growth <= MOST_GROWTH.0),
                ),
            ),
            (
                "growth of descriptors, at most 64",
                (
                    text(&self.descriptor_growth),
                    Some(self.descriptor_growth <= MOST_GROWTH.1),
                ),
            ),
        ];
        println!("\n{title}");
        for (name, (count, verdict)) in &rows {
            let verdict = match verdict {
                Some(true) => "ok",
                Some(false) => "VIOLATED",
                None => "",
            };
            println!("  {name:<50} {count:>12}  {verdict}");
        }
        rows.iter().all(|(_, (_, verdict))| *verdict != Some(false))
    }
}
