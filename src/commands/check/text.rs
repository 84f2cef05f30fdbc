//! A report for people.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::report::{Outcome, PbxReport, Report, Step, Subject, WindowReport, failed};
use crate::config::printable;

/// More rows than this are a matter for `--format json`.
const MOST_ROWS: usize = 100;

const BOLD: u8 = 1;
const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;

/// Writes a report as it comes about.
pub(super) struct Text {
    colour: bool,
    /// What is to be done is said once, even where several windows fail alike.
    remedies: HashSet<String>,
}

impl Text {
    pub(super) fn new(colour: bool) -> Text {
        Text {
            colour,
            remedies: HashSet::new(),
        }
    }

    /// The lines of a step.
    pub(super) fn step(&mut self, step: &Step) -> String {
        let (word, colour, message) = match &step.outcome {
            Outcome::Ok { message } => ("ok", GREEN, message),
            Outcome::Skipped { message } => ("skipped", YELLOW, message),
            Outcome::Failed { message, .. } => ("FAILED", RED, message),
        };
        let took = step.duration_seconds.map(|took| format!(" ({took:.2} s)"));
        let mut text = format!(
            "{} {:<13} {}{}\n",
            self.paint(colour, &format!("{word:<8}")),
            name(&step.subject),
            printable(message),
            took.unwrap_or_default()
        );
        if let Outcome::Failed { remedy, .. } = &step.outcome
            && self.remedies.insert(remedy.clone())
        {
            let next = self.paint(BOLD, "What to do:");
            let _ = writeln!(text, "{:22} {next} {remedy}", "");
        }
        text
    }

    /// What follows the steps.
    pub(super) fn rest(&self, report: &Report) -> String {
        let mut text = String::new();
        for window in &report.windows {
            self.table(&mut text, window);
        }
        for note in &report.notes {
            let head = self.paint(BOLD, "Note:");
            let _ = writeln!(text, "\n{head} {}", printable(note));
        }
        let (colour, verdict) = match (failed(&report.steps), report.steps.len()) {
            (0, _) => (GREEN, "All worked.".to_owned()),
            (failed, steps) => (RED, format!("{failed} of {steps} steps failed, see above.")),
        };
        let _ = writeln!(text, "\n{}", self.paint(colour, &verdict));
        text
    }

    fn table(&self, text: &mut String, report: &WindowReport) {
        if report.pbxes.is_empty() {
            return;
        }
        let title = format!("Window {}", report.window);
        let _ = writeln!(text, "\n{}", self.paint(BOLD, &title));
        let mut lines = vec![HEAD.map(str::to_owned)];
        lines.extend(report.pbxes.iter().take(MOST_ROWS).map(cells));
        let widths: [usize; HEAD.len()] = std::array::from_fn(|column| {
            let lengths = lines.iter().map(|line| line[column].chars().count());
            lengths.max().unwrap_or(0)
        });
        for line in &lines {
            let _ = write!(text, "{:<1$}", line[0], widths[0]);
            for (cell, width) in line.iter().zip(widths).skip(1) {
                let _ = write!(text, "  {cell:>width$}");
            }
            text.push('\n');
        }
        if let more @ 1.. = report.pbxes.len().saturating_sub(MOST_ROWS) {
            let _ = writeln!(text, "and {more} more; --format json has them all");
        }
    }

    fn paint(&self, code: u8, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Tls => "TLS".to_owned(),
        Subject::Window(window) => format!("Window {window}"),
        // Their own names serve.
        other => format!("{other:?}"),
    }
}

const HEAD: [&str; 7] = [
    "PBX",
    "Inbound",
    "Answered",
    "Missed",
    "Abandoned",
    "Abandon rate",
    "Talk time",
];

fn cells(pbx: &PbxReport) -> [String; HEAD.len()] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let number = |number: Option<f64>| or_none(number.map(|number| number.to_string()));
    let percent = |ratio: f64| format!("{:.1} %", ratio * 100.0);
    [
        printable(&pbx.pbx_id),
        number(pbx.inbound_calls),
        number(pbx.inbound_calls_answered),
        number(pbx.inbound_calls_missed),
        number(pbx.inbound_calls_abandoned),
        or_none(pbx.abandon_ratio.map(percent)),
        or_none(pbx.talk_time_seconds.map(clock_time)),
    ]
}

/// Seconds as hours, minutes and seconds.
fn clock_time(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds.round()).map_or(0, |time| time.as_secs());
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n\u{9b}ä"), "a\\u{1b}[2Jb\\n\\u{9b}ä");
    }

    #[test]
    fn talk_time_reads_like_a_clock() {
        assert_eq!(clock_time(573_966.607), "159:26:07");
        assert_eq!(clock_time(0.0), "0:00:00");
    }
}
