//! `backfill`: asks for the windows of the past, up to two years back, and writes them as `OpenMetrics`
//! files that promtool makes blocks of.
//!
//! ```text
//! Options --> Plan --points--> Client --snapshots--> Journal --segments--> a file for each month
//! ```
//!
//! The [`plan`] says what is asked, in what order. Each answer goes into the [`journal`] as it comes, so
//! that nothing is asked twice; the files of [`month`] are made from the journal alone.

mod agree;
pub mod journal;
pub mod month;
pub mod options;
mod own;
pub mod parameters;
pub mod plan;
mod progress;
mod record;
mod run;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

pub(crate) use agree::agree;
pub(crate) use journal::Journal;
pub(crate) use options::Options;
pub(crate) use parameters::Parameters;
pub(crate) use plan::Plan;
pub(crate) use run::{BackfillError, run};

use crate::config;

/// A backfill that takes longer than this asks first.
pub(crate) const LONG: Duration = Duration::from_hours(1);

/// A backfill that can be started.
#[derive(Debug)]
pub(crate) struct Job {
    /// The account to ask.
    pub account: config::Account,
    /// The options as given.
    pub options: Options,
    /// What is asked.
    pub plan: Plan,
    /// What must be the same to go on.
    pub parameters: Parameters,
}

impl Job {
    /// The backfill that options describe.
    ///
    /// # Errors
    ///
    /// All that is wrong with them at `now`, a line for each.
    pub(crate) fn new(
        options: Options,
        account: config::Account,
        now: Timestamp,
    ) -> Result<Job, Vec<String>> {
        let collect = &account.collect;
        let plan = Plan::new(&options, &collect.windows, &collect.zone, now)?;
        if !options.resume {
            plan.reaches(0, now).map_err(|problem| vec![problem])?;
        }
        let parameters = parameters::parameters(&options, &plan, &account);
        Ok(Job {
            account,
            options,
            plan,
            parameters,
        })
    }

    /// Opens the journal. What an earlier run has fetched may be older than what 8x8 still keeps.
    ///
    /// # Errors
    ///
    /// What is in the way.
    pub(crate) fn open(self, now: Timestamp) -> Result<Ready, BackfillError> {
        let points = self.plan.points();
        let Options { output, resume, .. } = &self.options;
        let journal = Journal::open(output, &self.parameters, points, *resume)?;
        self.plan
            .reaches(journal.done(), now)
            .map_err(BackfillError::Usage)?;
        let total = self.plan.points().count();
        Ok(Ready {
            job: self,
            journal,
            total,
        })
    }
}

/// The finished files and what to do with them.
#[must_use]
pub(crate) fn next_steps(files: &[PathBuf]) -> String {
    let mut text =
        "Done. These commands load the files into a Prometheus whose data is in DATA:\n".to_owned();
    for file in files {
        let _ = writeln!(
            text,
            "promtool tsdb create-blocks-from openmetrics --max-block-duration=720h {} DATA",
            file.display()
        );
    }
    text
}

/// A backfill whose journal is open.
#[derive(Debug)]
pub(crate) struct Ready {
    job: Job,
    journal: Journal,
    total: usize,
}

impl Ready {
    /// How many requests may be sent in a minute: half the budget, the other half is a running exporter's.
    #[must_use]
    pub(crate) fn per_minute(&self) -> u32 {
        (self.job.account.api.max_requests_per_minute / 2).max(1)
    }

    /// How many requests are left.
    #[must_use]
    pub(crate) fn requests(&self) -> usize {
        self.total - self.journal.done()
    }

    /// How long they take at least.
    #[must_use]
    pub(crate) fn duration(&self) -> Duration {
        progress::duration(self.requests() as u64, self.per_minute())
    }

    /// What is going to happen, in one line.
    #[must_use]
    pub(crate) fn announcement(&self) -> String {
        let (left, done) = (self.requests(), self.journal.done());
        let already = match done {
            0 if self.job.options.resume => {
                format!(" (nothing in {} to go on from)", self.output())
            }
            0 => String::new(),
            done => format!(" ({done} of {} are done already)", self.total),
        };
        format!(
            "{left} requests{already}, {} a minute, which is half of --api.max-requests-per-minute: {}",
            self.per_minute(),
            match left {
                0 => "nothing to ask for".to_owned(),
                _ => format!("about {}", progress::words(self.duration())),
            }
        )
    }

    /// Gives up before anything was asked; an empty journal isn't left behind.
    pub(crate) fn discard(self) {
        self.journal.discard();
    }

    fn output(&self) -> std::path::Display<'_> {
        self.job.options.output.display()
    }
}
