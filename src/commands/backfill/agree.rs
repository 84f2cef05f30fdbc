//! Asks before a backfill that takes long.

use std::io::{self, BufRead, IsTerminal, Write};

use super::progress::words;
use super::{BackfillError, LONG, Ready};

/// Whether a backfill may start: a short one always, a long one when `yes` was said before or is said now.
///
/// # Errors
///
/// It may not.
pub(crate) fn agree(ready: &Ready, yes: bool) -> Result<(), BackfillError> {
    if yes || ready.duration() <= LONG {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(BackfillError::Usage(format!(
            "it takes about {}, which is more than an hour: say --yes to start it without being asked",
            words(ready.duration())
        )));
    }
    let mut answer = String::new();
    let asked = write!(io::stderr(), "Start? [y/N] ")
        .and_then(|()| io::stderr().flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    let answer = answer.trim().to_ascii_lowercase();
    match asked {
        Ok(_) if ["y", "yes"].contains(&answer.as_str()) => Ok(()),
        _ => Err(BackfillError::Declined),
    }
}
