//! Asks for what is left of the plan, point by point, and finishes each month when its last point is in.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::journal::{Journal, month_of};
use super::plan::Point;
use super::progress::Progress;
use super::{BackfillError, Job, Ready, month, own};
use crate::names::NAMES;
use eightxeight::answer::Snapshot;
use eightxeight::backoff::{Spread, asked_for, delay};
use eightxeight::clock::Clock;
use eightxeight::{Client, Error, Reason};

/// Runs to the end, or until `stop`. The finished files, in the order of time.
///
/// # Errors
///
/// What stopped it. What was fetched is in the journal then.
pub(crate) async fn run(
    mut ready: Ready,
    client: Client,
    stop: CancellationToken,
) -> Result<Vec<PathBuf>, BackfillError> {
    let per_minute = ready.job.per_minute();
    let mut asking = Asking {
        client,
        interval: ready.job.account.collect.interval,
        progress: Progress::new(ready.journal.done(), ready.total, per_minute),
    };
    let result = tokio::select! {
        result = complete(&mut ready, &mut asking) => Some(result),
        () = stop.cancelled() => None,
    };
    asking.progress.bar.abandon();
    let synced = ready.journal.sync();
    let stopped = || ready.failed("stopped; go on with the same command and --resume");
    result.unwrap_or_else(|| Err(stopped()))?;
    let options = &ready.job.options;
    synced.map_err(|error| BackfillError::write(&options.journal(), &error))?;
    let segments = ready.journal.segments().iter();
    Ok(segments
        .map(|segment| own::month_file(&options.output, segment.month))
        .collect())
}

impl Ready {
    fn failed(&self, why: &str) -> BackfillError {
        let (done, total) = (self.journal.done(), self.total);
        BackfillError::Failed(format!("{why}, {done} of {total} requests are done"))
    }
}

async fn complete(ready: &mut Ready, asking: &mut Asking) -> Result<(), BackfillError> {
    let job = ready.job.clone();
    for point in job.points().skip(ready.journal.done()) {
        let month = month_of(point.period.end);
        let begun = ready.journal.segments().last();
        if begun.is_some_and(|begun| begun.month < month) {
            write_months(&job, &ready.journal).await?;
        }
        let snapshot = asking.ask(point).await.map_err(|error| {
            let remedy = error.remedy(&NAMES);
            ready.failed(&format!("{error}; {remedy}; then go on with --resume"))
        })?;
        ready
            .journal
            .append(point, &snapshot)
            .map_err(|error| BackfillError::write(&job.options.journal(), &error))?;
        asking.progress.advance(point.period.end);
    }
    write_months(&job, &ready.journal).await
}

/// Writes the files of the journal's months that aren't there yet.
async fn write_months(job: &Arc<Job>, journal: &Journal) -> Result<(), BackfillError> {
    for segment in journal.segments() {
        let path = own::month_file(&job.options.output, segment.month);
        let (job, segment, to) = (job.clone(), *segment, path.clone());
        // It can take minutes, and a signal must not wait for it.
        tokio::task::spawn_blocking(move || month::write(&job, segment, &to))
            .await
            .unwrap_or_else(|broken_off| Err(io::Error::other(broken_off)))
            .map_err(|error| BackfillError::write(&path, &error))?;
    }
    Ok(())
}

/// Asks for one point after the other, waiting out what passes.
struct Asking {
    client: Client,
    interval: Duration,
    progress: Progress,
}

impl Asking {
    async fn ask(&self, point: Point) -> Result<Snapshot, Error> {
        let mut failures = 0;
        let mut said = None;
        loop {
            let error = match self.client.company_summary(point.period).await {
                Ok(snapshot) => {
                    if said.is_some() {
                        self.progress
                            .bar
                            .suspend(|| tracing::info!("8x8 answers again"));
                    }
                    return Ok(snapshot);
                }
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => error,
            };
            let now = Clock::System.now();
            let until = match &error {
                Error::Held { until, .. } | Error::Refused { until, .. } => *until,
                Error::Secrets(_) | Error::Panicked => now + self.interval,
                Error::Request(failure) => {
                    failures += 1;
                    now + delay(self.interval, failures, Spread::draw())
                        .max(asked_for(failure.retry_after))
                }
            };
            // A hold follows from a failure that has been told already.
            if said != Some(error.reason()) {
                said = Some(error.reason());
                self.progress.bar.suspend(|| {
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
    match error {
        Error::Request(failure) => matches!(
            failure.reason(),
            Reason::BadApiKey
                | Reason::BadCredentials
                | Reason::Forbidden
                | Reason::NoPermission
                | Reason::BadRequest
                | Reason::TooLarge
        ),
        Error::Refused { .. } => true,
        _ => false,
    }
}
