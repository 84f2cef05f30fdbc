//! A report for machines.

use serde_json::{Value, json};

use super::report::{Report, State, Step, Subject, WindowReport};
use crate::telemetry::BUILD;
use eightxeight::answer::Row;
use eightxeight::fields::Field;

/// The report as one JSON object.
pub(super) fn render(report: &Report) -> String {
    let report = json!({
        "ok": report.is_ok(),
        "version": BUILD.version,
        "steps": report.steps.iter().map(step).collect::<Vec<_>>(),
        "windows": report.windows.iter().map(window).collect::<Vec<_>>(),
        "notes": report.notes,
    });
    format!("{report:#}\n")
}

fn step(step: &Step) -> Value {
    let (name, window) = match &step.subject {
        Subject::Name => ("name", None),
        Subject::Connection => ("connection", None),
        Subject::Proxy => ("proxy", None),
        Subject::Tls => ("tls", None),
        Subject::Login => ("login", None),
        Subject::Clock => ("clock", None),
        Subject::Window(window) => ("window", Some(window.label())),
    };
    let mut object = json!({ "step": name });
    let mut set = |key: &str, value: Value| object[key] = value;
    if let Some(window) = window {
        set("window", window.into());
    }
    match &step.state {
        State::Ok(what) => {
            set("state", "ok".into());
            set("message", what.as_str().into());
        }
        State::Skipped(why) => {
            set("state", "skipped".into());
            set("message", why.as_str().into());
        }
        State::Failed(trouble) => {
            set("state", "failed".into());
            set("message", trouble.what.as_str().into());
            set("remedy", trouble.remedy.as_str().into());
            if let Some(reason) = trouble.reason {
                set("reason", reason.label().into());
            }
        }
    }
    if let Some(took) = step.took {
        set("duration_seconds", took.as_secs_f64().into());
    }
    object
}

fn window(report: &WindowReport) -> Value {
    let period = report.snapshot.period;
    json!({
        "window": report.window.label(),
        "start": period.start.to_string(),
        "end": period.end.to_string(),
        "pbxes": report.snapshot.answer.rows.iter().map(pbx).collect::<Vec<_>>(),
    })
}

fn pbx(row: &Row) -> Value {
    json!({
        "pbx_id": row.pbx_id,
        "inbound_calls": row.base(Field::InboundTotal),
        "inbound_calls_answered": row.base(Field::InboundAnswered),
        "inbound_calls_missed": row.base(Field::InboundMissed),
        "inbound_calls_abandoned": row.base(Field::InboundAbandoned),
        "abandon_ratio": row.abandon_rate(),
        "talk_time_seconds": row.base(Field::TotalTalkTime),
    })
}
