//! What a check found. Its fields are those of the JSON report.

use serde::Serialize;

use crate::telemetry::BUILD;
use eightxeight::answer::{Drift, Row, Snapshot};
use eightxeight::fields::Field;
use eightxeight::window::Window;

/// What a step is about.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", content = "window", rename_all = "snake_case")]
pub(super) enum Subject {
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
    Window(String),
}

/// What a step came to.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It worked; what was found.
    Ok { message: String },
    /// It didn't.
    Failed {
        /// What happened.
        message: String,
        /// What to do next.
        remedy: String,
        /// The reason as metrics know it, where 8x8 was asked.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
    },
    /// It wasn't tried; why.
    Skipped { message: String },
}

pub(super) fn ok(message: impl Into<String>) -> Outcome {
    Outcome::Ok {
        message: message.into(),
    }
}

/// One step.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    #[serde(flatten)]
    pub(super) subject: Subject,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
    /// How long it took; absent where nothing was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration_seconds: Option<f64>,
}

/// The answer for one window.
#[derive(Debug, Serialize)]
pub(super) struct WindowReport {
    /// Which one.
    pub(super) window: String,
    /// Where it begins.
    pub(super) start: String,
    /// Where it ends.
    pub(super) end: String,
    /// One for each PBX, sorted by name.
    pub(super) pbxes: Vec<PbxReport>,
}

/// The most important numbers of a PBX.
#[derive(Debug, Serialize)]
pub(super) struct PbxReport {
    pub(super) pbx_id: Box<str>,
    pub(super) inbound_calls: Option<f64>,
    pub(super) inbound_calls_answered: Option<f64>,
    pub(super) inbound_calls_missed: Option<f64>,
    pub(super) inbound_calls_abandoned: Option<f64>,
    pub(super) abandon_ratio: Option<f64>,
    pub(super) talk_time_seconds: Option<f64>,
}

/// All that was found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether no step failed.
    pub(super) ok: bool,
    /// The program's.
    pub(super) version: &'static str,
    /// The steps in order.
    pub(super) steps: Vec<Step>,
    /// The windows that were answered.
    pub(super) windows: Vec<WindowReport>,
    /// What a user should know although nothing failed, a sentence each.
    pub(super) notes: Vec<String>,
}

impl Report {
    /// A report on these steps and answers, with what is remarkable about the answers after the `warnings`.
    pub(super) fn new(
        steps: Vec<Step>,
        answers: &[(Window, Snapshot)],
        warnings: Vec<String>,
        asked: &[String],
    ) -> Report {
        let windows = answers.iter().map(|(window, snapshot)| WindowReport {
            window: window.to_string(),
            start: snapshot.period.start.to_string(),
            end: snapshot.period.end.to_string(),
            pbxes: snapshot.answer.rows.iter().map(pbx).collect(),
        });
        Report {
            ok: failed(&steps) == 0,
            version: BUILD.version,
            windows: windows.collect(),
            notes: warnings.into_iter().chain(notes(answers, asked)).collect(),
            steps,
        }
    }
}

/// How many steps failed.
pub(super) fn failed(steps: &[Step]) -> usize {
    let failed = |step: &&Step| matches!(step.outcome, Outcome::Failed { .. });
    steps.iter().filter(failed).count()
}

fn pbx(row: &Row) -> PbxReport {
    PbxReport {
        pbx_id: row.pbx_id.clone(),
        inbound_calls: row.base(Field::InboundTotal),
        inbound_calls_answered: row.base(Field::InboundAnswered),
        inbound_calls_missed: row.base(Field::InboundMissed),
        inbound_calls_abandoned: row.base(Field::InboundAbandoned),
        abandon_ratio: row.abandon_rate(),
        talk_time_seconds: row.base(Field::TotalTalkTime),
    }
}

fn notes(answers: &[(Window, Snapshot)], asked: &[String]) -> Vec<String> {
    // Windows are usually alike in this, and then it is said once.
    let mut remarks: Vec<(String, Vec<&str>)> = Vec::new();
    for (window, snapshot) in answers {
        let empty = snapshot.answer.rows.is_empty().then(|| NO_PBX.to_owned());
        let absent = absent(&snapshot.answer.absent(asked).collect::<Vec<_>>());
        let drift = drift(&snapshot.answer.drift);
        for remark in empty.into_iter().chain(absent).chain(drift) {
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
    let snapshots = answers.iter().map(|(_, snapshot)| snapshot);
    let rows: Vec<_> = snapshots.flat_map(|one| &one.answer.rows).collect();
    remarks.chain(unfilled(&rows)).collect()
}

/// As many absent PBXs are named.
const MOST_ABSENT: usize = 20;

const NO_PBX: &str = "the answer holds no PBX. Where 8x8 leaves PBXs without calls out, that is right for a \
                      quiet time; else check --api.pbx-id.";

fn absent(names: &[&str]) -> Option<String> {
    let shown = names.get(..MOST_ABSENT).unwrap_or(names);
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| {
        format!(
            "8x8's answer lacks PBXs that were asked for by name: {}{more}. Check --api.pbx-id against the PBX \
             names in 8x8 Admin Console, and the user's access to them.",
            shown.join(", ")
        )
    })
}

fn drift(drift: &Drift) -> Option<String> {
    let counts = [
        (drift.unknown_fields, "unknown fields"),
        (drift.missing_fields, "missing numbers"),
        (
            drift.rejected_values,
            "values that are no numbers, and rows without a PBX's name",
        ),
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
fn unfilled(rows: &[&Row]) -> Option<String> {
    let values = |field| rows.iter().filter_map(move |row| row.values.get(field));
    let inbound: f64 = values(Field::InboundTotal).sum();
    let kinds = ["external", "internal", "percent"];
    let is_split = |field: &Field| kinds.iter().any(|kind| field.spec().key.starts_with(kind));
    let filled = |field| values(field).any(|value| value != 0.0);
    let empty = !Field::ALL.into_iter().filter(is_split).any(filled);
    (inbound > 0.0 && empty).then(|| {
        "All fields that tell calls from outside and from inside the company apart (external…, internal…, \
         percent…) are 0 although there are inbound calls: 8x8 seems not to fill them, as in its own published \
         answers. Rest no alert on them."
            .to_owned()
    })
}
