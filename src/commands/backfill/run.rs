//! Asks for what is left of the plan, point by point, and finishes each month when its last point is in.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::journal::{JournalError, NAME};
use super::month::{self, Source};
use super::plan::{Month, Plan, Point};
use super::progress::Progress;
use super::{Job, Ready};
use eightxeight::answer::Snapshot;
use eightxeight::backoff::{Spread, delay};
use eightxeight::clock::Clock;
use eightxeight::{Client, ClientError, Error, Failure, Reason, Settings, Users};

/// Why a backfill didn't get to its end.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The command has to be called in another way.
    #[error("{0}")]
    Usage(String),
    /// There can be no HTTP client.
    #[error("{}", crate::config::client_problem(.0))]
    Http(#[from] ClientError),
    /// The journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An answer or a file can't be written.
    #[error(
        "{path}: {source}; all that was fetched is in the journal: mend this and go on with --resume"
    )]
    Write {
        /// What was written.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// 8x8 says no, and waiting won't change that.
    #[error("{error}; {}; then go on with --resume, {done} of {total} requests are done", error.remedy())]
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
    pub fn is_usage(&self) -> bool {
        match self {
            BackfillError::Usage(_) | BackfillError::Http(_) => true,
            BackfillError::Journal(error) => error.is_usage(),
            _ => false,
        }
    }
}

/// Runs to the end, or until `stop`. The finished files, in the order of time.
///
/// # Errors
///
/// [`BackfillError`]. What was fetched is in the journal then.
pub async fn run(
    mut ready: Ready,
    clock: Clock,
    terminal: bool,
    stop: CancellationToken,
) -> Result<Vec<PathBuf>, BackfillError> {
    let per_minute = ready.per_minute();
    let Job {
        account,
        plan,
        options,
        ..
    } = &ready.job;
    let settings = Settings {
        max_requests_per_minute: per_minute,
        ..account.api.clone()
    };
    let directory = options.output.clone();
    let (plan, done, total) = (plan.clone(), ready.journal.done(), ready.total);
    let mut run = Run {
        asking: Asking {
            client: Client::new(&Users::new(clock), settings, Arc::new(|_| {}))?,
            clock,
            interval: account.collect.interval,
        },
        progress: Progress::new(terminal, done, total, per_minute),
        source: Source {
            journal: directory.join(NAME),
            windows: plan.windows.clone(),
            labels: options.labels.clone(),
        },
        directory,
    };
    let result = tokio::select! {
        result = run.complete(&plan, &mut ready) => Some(result),
        () = stop.cancelled() => None,
    };
    run.progress.end();
    let synced = ready.journal.sync();
    match result {
        Some(Ok(())) => {}
        Some(Err(error)) => return Err(error),
        None => {
            let done = run.progress.done();
            return Err(BackfillError::Stopped { done, total });
        }
    }
    synced.map_err(|source| unwritten(run.source.journal.clone(), source))?;
    let segments = ready.journal.segments().iter();
    Ok(segments
        .map(|segment| month::path(&run.directory, segment.month))
        .collect())
}

struct Run {
    asking: Asking,
    progress: Progress,
    source: Source,
    directory: PathBuf,
}

impl Run {
    async fn complete(&mut self, plan: &Plan, ready: &mut Ready) -> Result<(), BackfillError> {
        for point in plan.points().skip(ready.journal.done()) {
            self.finish_before(Some(Month::of(point.period.end)), ready)
                .await?;
            let snapshot = self.asking.ask(point, &self.progress).await;
            let snapshot = snapshot.map_err(|error| BackfillError::GaveUp {
                error,
                done: self.progress.done(),
                total: ready.total,
            })?;
            match ready.journal.append(point, &snapshot) {
                Err(JournalError::Io { path, source }) => return Err(unwritten(path, source)),
                result => result?,
            }
            self.progress.advance(point.period.end);
        }
        self.finish_before(None, ready).await
    }

    /// Writes the files of the months before one, or of all, that aren't there yet.
    async fn finish_before(
        &self,
        month: Option<Month>,
        ready: &Ready,
    ) -> Result<(), BackfillError> {
        for segment in ready.journal.segments() {
            let path = month::path(&self.directory, segment.month);
            let complete = month.is_none_or(|month| segment.month < month);
            if !complete || path.exists() {
                continue;
            }
            let (source, segment, to) = (self.source.clone(), *segment, path.clone());
            // It can take minutes, and a signal must not wait for it.
            let written = tokio::task::spawn_blocking(move || source.write(segment, &to)).await;
            written
                .unwrap_or_else(|broken_off| Err(std::io::Error::other(broken_off)))
                .map_err(|source| unwritten(path, source))?;
        }
        Ok(())
    }
}

fn unwritten(path: PathBuf, source: std::io::Error) -> BackfillError {
    BackfillError::Write { path, source }
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
                Error::Held { until, .. } | Error::Refused { until } => *until,
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
                        remedy = error.remedy(),
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
    let Error::Request(failure @ Failure { reason, .. }) = error else {
        return matches!(error, Error::Refused { .. });
    };
    failure.is_refusal()
        || matches!(
            reason,
            Reason::BadApiKey
                | Reason::BadCredentials
                | Reason::Forbidden
                | Reason::NoPermission
                | Reason::BadRequest
                | Reason::TooLarge
        )
}
