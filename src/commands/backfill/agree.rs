//! Asks before a backfill that takes long.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use super::progress::words;
use super::{BackfillError, Ready};

/// A backfill that takes longer than this asks first.
const LONG: Duration = Duration::from_hours(1);

impl Ready {
    /// The backfill, if it may start: a short one always, a long one when `--yes` was given or somebody says so now.
    ///
    /// # Errors
    ///
    /// It may not. An empty journal isn't left behind.
    pub(crate) fn agreed(self) -> Result<Ready, BackfillError> {
        if self.job.options.yes || self.duration() <= LONG {
            return Ok(self);
        }
        let error = if io::stdin().is_terminal() && io::stderr().is_terminal() {
            let mut answer = String::new();
            let asked = write!(io::stderr(), "Start? [y/N] ")
                .and_then(|()| io::stderr().flush())
                .and_then(|()| io::stdin().lock().read_line(&mut answer));
            let answer = answer.trim().to_ascii_lowercase();
            if asked.is_ok() && ["y", "yes"].contains(&answer.as_str()) {
                return Ok(self);
            }
            BackfillError::Failed("not started".to_owned())
        } else {
            BackfillError::Usage(format!(
                "it takes about {}, which is more than an hour: say --yes to start it without being asked",
                words(self.duration())
            ))
        };
        self.journal.discard();
        Err(error)
    }
}
