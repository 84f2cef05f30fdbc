//! `check`: tests DNS, TLS, login and every window in turn, and explains how to fix what fails.
//!
//! ```text
//! steps --> Report --> text | json
//! ```
//!
//! It asks with the same client as the exporter, so what works here works there: the words for failures are
//! the client's own. It logs in once, and a login that was refused isn't tried again.

mod reach;
mod report;
mod steps;
mod text;

use std::io::{self, Write};

use steps::run;

use crate::config;
use eightxeight::ClientError;
use eightxeight::clock::Clock;

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people: a line for each step as it ends, then tables.
    Text {
        /// Whether the output takes colours.
        colour: bool,
    },
    /// One JSON object, at the end.
    Json,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// There can be no HTTP client.
    #[error("{}", crate::config::client_problem(.0))]
    Http(#[from] ClientError),
    /// The report can't be written.
    #[error("the report can't be written: {0}")]
    Output(#[from] io::Error),
}

/// Checks an account and shows the report on `out`. Whether all worked.
///
/// # Errors
///
/// When TLS can't be set up, or `out` can't be written to.
pub(crate) async fn check(
    account: config::Account,
    format: Format,
    out: &mut (dyn Write + Send),
) -> Result<bool, CheckError> {
    let report = match format {
        Format::Json => {
            let report = run(account, Clock::System, |_| {}).await?;
            let value = serde_json::to_value(&report).map_err(io::Error::from)?;
            writeln!(out, "{value:#}")?;
            report
        }
        Format::Text { colour } => {
            let mut text = text::Text::new(colour);
            let mut written = Ok(());
            let report = run(account, Clock::System, |step| {
                let line = text.step(step);
                if written.is_ok() {
                    written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
                }
            })
            .await?;
            written?;
            out.write_all(text.rest(&report).as_bytes())?;
            report
        }
    };
    out.flush()?;
    Ok(report.ok)
}
