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
use text::Text;

use crate::config;
use eightxeight::Client;

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

/// Checks an account by its client and shows the report on `out`. Whether all worked.
///
/// # Errors
///
/// When `out` can't be written to.
pub(crate) async fn check(
    account: config::Account,
    client: Client,
    format: Format,
    out: &mut (dyn Write + Send),
) -> io::Result<bool> {
    let mut text = match format {
        Format::Text { colour } => Some(Text::new(colour)),
        Format::Json => None,
    };
    let mut written = Ok(());
    let report = run(account, client, |step| {
        if let (Some(text), Ok(())) = (&mut text, &written) {
            let line = text.step(step);
            written = out.write_all(line.as_bytes()).and_then(|()| out.flush());
        }
    })
    .await;
    written?;
    match text {
        Some(text) => out.write_all(text.rest(&report).as_bytes())?,
        None => writeln!(out, "{:#}", serde_json::to_value(&report)?)?,
    }
    out.flush()?;
    Ok(report.ok)
}
