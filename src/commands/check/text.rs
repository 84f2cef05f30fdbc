//! A report for people.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::report::{Report, State, Step, Subject, WindowReport};
use eightxeight::answer::Row;
use eightxeight::fields::Field;

/// More rows than this are a matter for `--format json`.
const MOST_ROWS: usize = 100;

/// Writes a report as it comes about.
pub(super) struct Text {
    colour: bool,
    /// What is to be done is said once, even where several windows fail alike.
    remedies: HashSet<String>,
}

#[derive(Clone, Copy)]
enum Colour {
    Green,
    Red,
    Yellow,
    Bold,
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
        let took = match step.took {
            Some(took) => format!(" ({:.2} s)", took.as_secs_f64()),
            None => String::new(),
        };
        let name = name(&step.subject);
        let (word, colour, what) = match &step.state {
            State::Ok(what) => ("ok", Colour::Green, format!("{what}{took}")),
            State::Skipped(why) => ("skipped", Colour::Yellow, why.clone()),
            State::Failed(trouble) => ("FAILED", Colour::Red, format!("{}{took}", trouble.what)),
        };
        let word = self.paint(colour, &format!("{word:<8}"));
        let mut text = format!("{word} {name:<13} {}\n", printable(&what));
        if let State::Failed(trouble) = &step.state
            && self.remedies.insert(trouble.remedy.clone())
        {
            let next = self.paint(Colour::Bold, "What to do:");
            let _ = writeln!(text, "{:22} {next} {}", "", trouble.remedy);
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
            let _ = writeln!(
                text,
                "\n{} {}",
                self.paint(Colour::Bold, "Note:"),
                printable(note)
            );
        }
        let (colour, verdict) = if report.is_ok() {
            (Colour::Green, "All worked.")
        } else {
            (Colour::Red, "Not all worked: see above.")
        };
        let _ = writeln!(text, "\n{}", self.paint(colour, verdict));
        text
    }

    fn table(&self, text: &mut String, report: &WindowReport) {
        let rows = &report.snapshot.answer.rows;
        if rows.is_empty() {
            return;
        }
        let title = format!("Window {}", report.window);
        let _ = writeln!(text, "\n{}", self.paint(Colour::Bold, &title));
        let shown = &rows[..rows.len().min(MOST_ROWS)];
        let head = [
            "PBX",
            "Inbound",
            "Answered",
            "Missed",
            "Abandoned",
            "Abandon rate",
            "Talk time",
        ];
        let mut lines = vec![head.map(str::to_owned)];
        lines.extend(shown.iter().map(cells));
        let widths: Vec<usize> = (0..head.len())
            .map(|column| {
                lines
                    .iter()
                    .map(|line| line[column].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for line in &lines {
            for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let fill = " ".repeat(width.saturating_sub(cell.chars().count()));
                let _ = match column {
                    0 => write!(text, "{cell}{fill}"),
                    _ => write!(text, "  {fill}{cell}"),
                };
            }
            text.push('\n');
        }
        if rows.len() > shown.len() {
            let more = rows.len() - shown.len();
            let _ = writeln!(text, "and {more} more; --format json has them all");
        }
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Green => 32,
            Colour::Red => 31,
            Colour::Yellow => 33,
            Colour::Bold => 1,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::Name => "Name".to_owned(),
        Subject::Connection => "Connection".to_owned(),
        Subject::Proxy => "Proxy".to_owned(),
        Subject::Tls => "TLS".to_owned(),
        Subject::Login => "Login".to_owned(),
        Subject::Clock => "Clock".to_owned(),
        Subject::Window(window) => format!("Window {window}"),
    }
}

fn cells(row: &Row) -> [String; 7] {
    let number = |field| {
        row.base(field)
            .map_or("-".to_owned(), |value| value.to_string())
    };
    let rate = row
        .abandon_rate()
        .map_or("-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    let talk = row
        .base(Field::TotalTalkTime)
        .map_or("-".to_owned(), clock_time);
    [
        printable(&row.pbx_id),
        number(Field::InboundTotal),
        number(Field::InboundAnswered),
        number(Field::InboundMissed),
        number(Field::InboundAbandoned),
        rate,
        talk,
    ]
}

/// Seconds as hours, minutes and seconds.
fn clock_time(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` keeps to the range, and no sum of calls comes near its end"
    )]
    let whole = seconds.round() as i64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

/// Text from outside, harmless to a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escaped = character.is_control().then(|| character.escape_default());
            let plain = escaped.is_none().then_some(character);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
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
