//! The page for people: is it working, and if not, what to do. It never collects.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::routes::App;
use crate::catalogue::Field;
use crate::collect::{Mode, View, WindowState};
use crate::snapshot::Row;
use crate::telemetry::BUILD;

/// As many PBXs are shown; the metrics have all of them.
const MOST_ROWS: usize = 100;

#[derive(Template)]
#[template(path = "status.html")]
struct Page<'a> {
    version: &'static str,
    revision: &'static str,
    started: String,
    telemetry_path: &'a str,
    accounts: Vec<AccountSection>,
}

struct AccountSection {
    name: Option<String>,
    windows: Vec<WindowSection>,
}

struct WindowSection {
    label: String,
    state: String,
    problem: Option<String>,
    covers: Option<String>,
    rows: Vec<PbxRow>,
    hidden: usize,
}

struct PbxRow {
    pbx_id: String,
    inbound: String,
    answered: String,
    missed: String,
    abandoned: String,
    abandon_rate: String,
    talk: String,
}

pub(super) async fn status(State(app): State<Arc<App>>) -> Response {
    let mut accounts = Vec::new();
    for account in app.exporter.accounts().iter() {
        let view = account.collector().view().await;
        let timer = account.collector().settings().mode == Mode::Timer;
        accounts.push(AccountSection {
            name: account.config().name.clone(),
            windows: view
                .windows
                .iter()
                .map(|state| section(state, &view, timer))
                .collect(),
        });
    }
    let page = Page {
        version: BUILD.version,
        revision: BUILD.revision,
        started: format!("{:.0}", app.exporter.started()),
        telemetry_path: &app.web.telemetry_path,
        accounts,
    };
    match page.render() {
        Ok(html) => {
            let headers = [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (
                    CONTENT_SECURITY_POLICY,
                    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                ),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the status page could not be rendered");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the status page could not be rendered\n",
            )
                .into_response()
        }
    }
}

/// The style sheet, a file of its own so that the page needs no inline styles.
pub(super) async fn style() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, include_str!("../../templates/status.css")).into_response()
}

fn section(state: &WindowState, view: &View, timer: bool) -> WindowSection {
    let ago = |instant: Timestamp| {
        let seconds = view.now.wall.duration_since(instant).as_secs().max(0);
        humantime::format_duration(std::time::Duration::from_secs(seconds.unsigned_abs()))
            .to_string()
    };
    let words = match &state.outcome {
        None if timer => "not collected yet".to_owned(),
        None => "not collected yet: 8x8 is asked when the metrics are scraped".to_owned(),
        Some(outcome) => match (&outcome.error, &outcome.last_good) {
            (None, Some((snapshot, _))) => format!("collected {} ago", ago(snapshot.received)),
            (_, Some((snapshot, _))) => format!(
                "failing; the last good answer is {} old",
                ago(snapshot.received)
            ),
            (_, None) => "failing; there was no good answer yet".to_owned(),
        },
    };
    let error = state
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.error.as_ref());
    let mut rows: Vec<&Row> = state
        .served
        .iter()
        .flat_map(|snapshot| &snapshot.answer.rows)
        .collect();
    // Worst first; those without calls last.
    rows.sort_by(|a, b| {
        abandon_rate(b)
            .unwrap_or(-1.0)
            .total_cmp(&abandon_rate(a).unwrap_or(-1.0))
    });
    WindowSection {
        label: state.window.label().to_owned(),
        state: words,
        problem: error.map(|error| format!("{error}. What to do: {}.", error.remedy())),
        covers: state
            .served
            .as_ref()
            .map(|snapshot| format!("{:.0} to {:.0}", snapshot.period.start, snapshot.period.end)),
        hidden: rows.len().saturating_sub(MOST_ROWS),
        rows: rows.into_iter().take(MOST_ROWS).map(pbx_row).collect(),
    }
}

fn abandon_rate(row: &Row) -> Option<f64> {
    let inbound = row.base(Field::InboundTotal).filter(|calls| *calls > 0.0)?;
    Some(row.base(Field::InboundAbandoned)? / inbound)
}

fn pbx_row(row: &Row) -> PbxRow {
    let calls = |field| {
        row.base(field)
            .map_or_else(|| "–".to_owned(), |calls| calls.to_string())
    };
    PbxRow {
        pbx_id: row.pbx_id.to_string(),
        inbound: calls(Field::InboundTotal),
        answered: calls(Field::InboundAnswered),
        missed: calls(Field::InboundMissed),
        abandoned: calls(Field::InboundAbandoned),
        abandon_rate: abandon_rate(row)
            .map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0)),
        talk: row
            .base(Field::AvgTalkTime)
            .map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.0} s")),
    }
}
