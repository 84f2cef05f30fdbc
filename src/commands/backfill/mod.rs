//! `backfill`: asks for the windows of the past, up to two years back, and writes them as `OpenMetrics`
//! files that promtool makes blocks of.
//!
//! ```text
//! Job --points--> Client --snapshots--> Journal --segments--> a file for each month
//! ```
//!
//! The [`plan`] says what is asked, in what order. Each answer goes into the [`journal`] as it comes, so
//! that nothing is asked twice; the files of [`month`] are made from the journal alone.

mod agree;
mod journal;
mod month;
mod options;
mod own;
mod parameters;
mod plan;
mod progress;
mod record;
mod run;

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use journal::Journal;
pub(crate) use options::Options;
pub(crate) use run::run;

use crate::config;
use eightxeight::Settings;

/// Why a backfill didn't get to its end, for a person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackfillError {
    /// The command has to be called in another way, and nothing has been started.
    #[error("{0}")]
    Usage(String),
    /// It failed or was stopped.
    #[error("{0}")]
    Failed(String),
}

impl BackfillError {
    /// An answer or a file can't be written.
    fn write(path: &Path, error: &io::Error) -> BackfillError {
        BackfillError::Failed(format!(
            "{}: {error}; all that was fetched is in the journal: mend this and go on with --resume",
            path.display()
        ))
    }
}

/// A backfill that can be started.
#[derive(Debug)]
pub(crate) struct Job {
    /// The account to ask.
    pub account: config::Account,
    /// What to ask it, and where the answers go.
    pub options: Options,
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
        let job = Job { account, options };
        let mut problems = job.problems(now);
        if problems.is_empty() && !job.options.resume {
            problems.extend(job.reaches(0, now).err());
        }
        if problems.is_empty() {
            Ok(job)
        } else {
            Err(problems)
        }
    }

    /// Opens the journal. What an earlier run has fetched may be older than what 8x8 still keeps.
    ///
    /// # Errors
    ///
    /// What is in the way.
    pub(crate) fn open(self, now: Timestamp) -> Result<Ready, BackfillError> {
        let journal = Journal::open(&self)?;
        self.reaches(journal.done(), now)
            .map_err(BackfillError::Usage)?;
        let total = self.points().count();
        Ok(Ready {
            job: Arc::new(self),
            journal,
            total,
        })
    }

    /// How many requests may be sent in a minute: half the budget, the other half is a running exporter's.
    fn per_minute(&self) -> u32 {
        (self.account.api.max_requests_per_minute / 2).max(1)
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
    job: Arc<Job>,
    journal: Journal,
    total: usize,
}

impl Ready {
    /// How to ask 8x8.
    #[must_use]
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            max_requests_per_minute: self.job.per_minute(),
            ..self.job.account.api.clone()
        }
    }

    /// How many requests are left.
    fn requests(&self) -> usize {
        self.total - self.journal.done()
    }

    /// How long they take at least.
    fn duration(&self) -> Duration {
        progress::duration(self.requests() as u64, self.job.per_minute())
    }

    /// What is going to happen, in one line.
    #[must_use]
    pub(crate) fn announcement(&self) -> String {
        let (left, total) = (self.requests(), self.total);
        let Options { output, resume, .. } = &self.job.options;
        let already = match self.journal.done() {
            0 if *resume => format!(" (nothing in {} to go on from)", output.display()),
            0 => String::new(),
            done => format!(" ({done} of {total} are done already)"),
        };
        format!(
            "{left} requests{already}, {} a minute, which is half of --api.max-requests-per-minute: {}",
            self.job.per_minute(),
            match left {
                0 => "nothing to ask for".to_owned(),
                _ => format!("about {}", progress::words(self.duration())),
            }
        )
    }
}
