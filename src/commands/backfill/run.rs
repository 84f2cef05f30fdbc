//! Asks for what is left of the plan, point by point, and finishes each month when its last point is in.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Ready;
use super::journal::{Journal, NAME};
use super::month::{self, Source};
use super::plan::{Month, Point};
use super::progress::Progress;
use crate::names::NAMES;
use eightxeight::answer::Snapshot;
use eightxeight::backoff::{Spread, delay};
use eightxeight::clock::Clock;
use eightxeight::{Client, ClientError, Error, Reason, Settings, Users};

/// Why a backfill didn't get to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackfillError {
    /// The command has to be called in another way.
    #[error("{0}")]
    Usage(String),
    /// There can be no HTTP client.
    #[error("{}", crate::config::client_problem(.0))]
    Http(#[from] ClientError),
    /// The journal or its directory can't be used.
    #[error("--output: {0}: {1}")]
    Open(PathBuf, io::Error),
    /// An answer or a file can't be written.
    #[error("{0}: {1}; all that was fetched is in the journal: mend this and go on with --resume")]
    Write(PathBuf, io::Error),
    /// 8x8 says no, and waiting won't change that.
    #[error("{error}; {}; then go on with --resume, {done} of {total} requests are done", error.remedy(&NAMES))]
    GaveUp {
        /// What it says.
        error: Error,
        /// How many requests are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// Somebody stopped it.
    #[error(
        "stopped; go on with the same command and --resume, {done} of {total} requests are done"
    )]
    Stopped {
        /// How many requests are done.
        done: usize,
        /// Of how many.
        total: usize,
    },
    /// Somebody was asked and said no.
    #[error("not started")]
    Declined,
}

impl BackfillError {
    /// Whether the command was called wrongly, and nothing has been started.
    #[must_use]
    pub(crate) fn is_usage(&self) -> bool {
        matches!(self, BackfillError::Usage(_) | BackfillError::Http(_))
    }
}

/// Runs to the end, or until `stop`. The finished files, in the order of time.
///
/// # Errors
///
/// [`BackfillError`]. What was fetched is in the journal then.
pub(crate) async fn run(
    mut ready: Ready,
    clock: Clock,
    terminal: bool,
    stop: CancellationToken,
) -> Result<Vec<PathBuf>, BackfillError> {
    let (done, total, per_minute) = (ready.journal.done(), ready.total, ready.per_minute());
    let account = &ready.job.account;
    let settings = Settings {
        max_requests_per_minute: per_minute,
        ..account.api.clone()
    };
    let asking = Asking {
        client: Client::new(&Users::new(clock), settings, Arc::new(|_| {}))?,
        clock,
        interval: account.collect.interval,
    };
    let mut progress = Progress::new(terminal, done, total, per_minute);
    let result = tokio::select! {
        result = complete(&mut ready, &asking, &mut progress) => Some(result),
        () = stop.cancelled() => None,
    };
    progress.end();
    let synced = ready.journal.sync();
    let done = ready.journal.done();
    result.unwrap_or(Err(BackfillError::Stopped { done, total }))?;
    let output = &ready.job.options.output;
    synced.map_err(|source| BackfillError::Write(output.join(NAME), source))?;
    let segments = ready.journal.segments().iter();
    Ok(segments
        .map(|segment| month::path(output, segment.month))
        .collect())
}

async fn complete(
    ready: &mut Ready,
    asking: &Asking,
    progress: &mut Progress,
) -> Result<(), BackfillError> {
    let Ready {
        job,
        journal,
        total,
    } = ready;
    let directory = &job.options.output;
    let source = Source {
        journal: directory.join(NAME),
        windows: job.plan.windows.clone(),
        labels: job.options.labels.clone(),
    };
    for point in job.plan.points().skip(journal.done()) {
        let month = Month::of(point.period.end);
        if journal
            .segments()
            .last()
            .is_some_and(|last| last.month < month)
        {
            write_months(&source, directory, journal).await?;
        }
        let snapshot = asking.ask(point, progress).await;
        let snapshot = snapshot.map_err(|error| BackfillError::GaveUp {
            error,
            done: journal.done(),
            total: *total,
        })?;
        journal
            .append(point, &snapshot)
            .map_err(|source| BackfillError::Write(directory.join(NAME), source))?;
        progress.advance(point.period.end);
    }
    write_months(&source, directory, journal).await
}

/// Writes the files of the journal's months that aren't there yet.
async fn write_months(
    source: &Source,
    directory: &Path,
    journal: &Journal,
) -> Result<(), BackfillError> {
    for segment in journal.segments() {
        let path = month::path(directory, segment.month);
        let (source, segment, to) = (source.clone(), *segment, path.clone());
        // It can take minutes, and a signal must not wait for it.
        tokio::task::spawn_blocking(move || source.write(segment, &to))
            .await
            .unwrap_or_else(|broken_off| Err(io::Error::other(broken_off)))
            .map_err(|source| BackfillError::Write(path, source))?;
    }
    Ok(())
}

/// Asks for one point after the other, waiting out what passes.
struct Asking {
    client: Client,
    clock: Clock,
    interval: std::time::Duration,
}

impl Asking {
    async fn ask(&self, point: Point, progress: &Progress) -> Result<Snapshot, Error> {
        let mut failures = 0;
        let mut said = None;
        loop {
            let error = match self.client.company_summary(point.period).await {
                Ok(snapshot) => {
                    if said.is_some() {
                        progress.aside(|| tracing::info!("8x8 answers again"));
                    }
                    return Ok(snapshot);
                }
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => error,
            };
            let now = self.clock.now();
            let until = match &error {
                Error::Held { until, .. } | Error::Refused { until, .. } => *until,
                Error::Secrets(_) | Error::Panicked => now + self.interval,
                Error::Request(failure) => {
                    failures += 1;
                    now + delay(self.interval, failures, failure.retry_after, Spread::draw())
                }
            };
            // A hold follows from a failure that has been told already.
            if error.reason() != said.flatten() || said.is_none() {
                said = Some(error.reason());
                progress.aside(|| {
                    tracing::warn!(
                        error = %error,
                        remedy = error.remedy(&NAMES),
                        again_at = %format_args!("{:.0}", until.wall),
                        "8x8 can't be asked; nothing that was fetched is lost"
                    );
                });
            }
            tokio::time::sleep_until(until.instant).await;
        }
    }
}

/// Whether asking again would be answered alike: 8x8 says no to the user or to the question.
fn is_final(error: &Error) -> bool {
    let Error::Request(failure) = error else {
        return matches!(error, Error::Refused { .. });
    };
    failure.is_refusal()
        || matches!(
            failure.reason(),
            Reason::BadApiKey
                | Reason::BadCredentials
                | Reason::Forbidden
                | Reason::NoPermission
                | Reason::BadRequest
                | Reason::TooLarge
        )
}
