//! What a check found.

use std::time::Duration;

use eightxeight::Reason;
use eightxeight::answer::{Drift, Row, Snapshot};
use eightxeight::fields::Field;
use eightxeight::window::Window;

/// What a step is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Finding the address of the host.
    Name,
    /// Connecting to it.
    Connection,
    /// Being let through by a proxy; only where there is one.
    Proxy,
    /// Agreeing on TLS, and trusting the certificate.
    Tls,
    /// Logging in.
    Login,
    /// Comparing the clocks.
    Clock,
    /// Asking for a window.
    Window(Window),
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It worked; what was found.
    Ok(String),
    /// It didn't.
    Failed(Trouble),
    /// It wasn't tried; why.
    Skipped(String),
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened, in plain words.
    pub what: String,
    /// What to do next.
    pub remedy: String,
    /// The reason as metrics know it, where 8x8 was asked.
    pub reason: Option<Reason>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is about.
    pub subject: Subject,
    /// What it came to.
    pub state: State,
    /// How long it took; absent where nothing was waited for.
    pub took: Option<Duration>,
}

/// The answer for one window.
#[derive(Debug)]
pub struct WindowReport {
    /// Which one.
    pub window: Window,
    /// What 8x8 said.
    pub snapshot: Snapshot,
}

/// All that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// The windows that were answered.
    pub windows: Vec<WindowReport>,
    /// What a user should know although nothing failed, a sentence each.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether every step worked. One that didn't apply counts as one that worked.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        !self
            .steps
            .iter()
            .any(|step| matches!(step.state, State::Failed(_)))
    }

    /// Adds what is remarkable about the answers.
    pub(super) fn note_answers(&mut self) {
        // Windows are usually alike in this, and then it is said once.
        let mut remarks: Vec<(String, Vec<&str>)> = Vec::new();
        for WindowReport { window, snapshot } in &self.windows {
            let empty = snapshot.answer.rows.is_empty().then(|| NO_PBX.to_owned());
            for remark in empty.into_iter().chain(drift(&snapshot.answer.drift)) {
                match remarks.iter_mut().find(|(known, _)| *known == remark) {
                    Some((_, windows)) => windows.push(window.label()),
                    None => remarks.push((remark, vec![window.label()])),
                }
            }
        }
        let remarks = remarks.into_iter().map(|(remark, windows)| {
            let plural = if windows.len() == 1 { "" } else { "s" };
            format!("Window{plural} {}: {remark}", windows.join(", "))
        });
        self.notes.extend(remarks);
        let rows = || {
            let snapshots = self.windows.iter().map(|report| &report.snapshot);
            snapshots.flat_map(|snapshot| &snapshot.answer.rows)
        };
        if let Some(note) = unfilled(rows) {
            self.notes.push(note);
        }
    }
}

const NO_PBX: &str = "the answer holds no PBX. Where 8x8 leaves PBXs without calls out, that is right for a \
                      quiet time; else check --api.pbx-id.";

fn drift(drift: &Drift) -> Option<String> {
    let counts = [
        (drift.unknown_fields, "unknown fields"),
        (drift.missing_fields, "missing numbers"),
        (drift.rejected_values, "values that are no numbers"),
        (drift.duplicate_pbxes, "PBXs given twice"),
        (drift.inconsistencies, "sums that don't add up"),
    ];
    let found: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{what}: {count}"))
        .collect();
    (!found.is_empty()).then(|| {
        format!(
            "the answer isn't quite what 8x8 documents ({}). The eightxeight_answer_* metrics show it.",
            found.join(", ")
        )
    })
}

/// In every answer that 8x8 has published the fields for calls from outside and inside, and the percents,
/// are 0.
fn unfilled<'a, I: Iterator<Item = &'a Row>>(rows: impl Fn() -> I) -> Option<String> {
    let sum = |field| rows().filter_map(|row| row.values.get(field)).sum::<f64>();
    let inbound = sum(Field::InboundTotal);
    let is_split = |field: &Field| {
        let key = field.spec().key;
        ["external", "internal", "percent"]
            .iter()
            .any(|kind| key.starts_with(kind))
    };
    let filled = |field| rows().any(|row| row.values.get(field).is_some_and(|value| value != 0.0));
    let empty = !Field::ALL.into_iter().filter(is_split).any(filled);
    (inbound > 0.0 && empty).then(|| {
        "All fields that tell calls from outside and from inside the company apart (external…, internal…, \
         percent…) are 0 although there are inbound calls: 8x8 seems not to fill them, as in its own published \
         answers. Rest no alert on them."
            .to_owned()
    })
}
