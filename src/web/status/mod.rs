//! The page for people: is it working, and if not, what to do. It never collects.
//!
//! The page, its style and its script are files of their own under `templates/`, so that nothing inline
//! needs to be allowed.

mod shared;
mod words;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::dashboards::{DASHBOARDS, Dashboard};
use super::routes::App;
use crate::account::Account;
use crate::collect::{FailureEvent, View, WindowView};
use crate::telemetry::BUILD;
use eightxeight::answer::Row;
use eightxeight::clock::Moment;
use eightxeight::fields::Field;

pub(super) use shared::Shared;
use words::{Tone, clock_time, length};

/// As many PBXs are shown for each window; the metrics have all of them.
const MOST_ROWS: usize = 100;

/// Nothing but the page's own style and script, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "status.html")]
struct Page<'a> {
    version: &'static str,
    revision: &'static str,
    uptime: String,
    now: String,
    telemetry_path: &'a str,
    accounts: Vec<AccountSection>,
    dashboards: &'static [Dashboard],
}

struct AccountSection {
    /// Where on the page it begins.
    anchor: String,
    name: Option<String>,
    /// The worst of its windows'.
    tone: Tone,
    /// Of the metrics.
    link: String,
    refusal: Option<String>,
    hold: Option<String>,
    budget: String,
    windows: Vec<WindowSection>,
    troubles: Vec<(String, FailureEvent)>,
}

struct WindowSection {
    label: String,
    state: words::State,
    remedy: Option<&'static str>,
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
    rate: Option<Rate>,
    talk: String,
}

struct Rate {
    share: f64,
    text: String,
    class: &'static str,
}

impl AccountSection {
    /// Of the headings in it: an account without a name has none above them.
    fn level(&self) -> u8 {
        if self.name.is_some() { 3 } else { 2 }
    }
}

impl Page<'_> {
    /// The accounts with trouble, where there are too many to look at all of them.
    fn troubled(&self) -> Vec<&AccountSection> {
        let all = self.accounts.iter();
        all.filter(|account| account.tone >= Tone::Failing)
            .collect()
    }
}

/// `GET /`.
pub(super) async fn status(State(app): State<Arc<App>>) -> Response {
    let now = app.exporter.clock().now();
    let accounts = app.exporter.accounts();
    let versions = accounts.iter().map(|account| account.view().version);
    let key = (now.wall.as_second(), versions.collect());
    match app.status.page(key, || render(&app, &accounts, now)) {
        Ok(html) => {
            let headers = [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (CONTENT_SECURITY_POLICY, POLICY),
                (X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (REFERRER_POLICY, "no-referrer"),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the status page could not be rendered");
            let text = "the status page could not be rendered; the log says why\n";
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}

fn render(app: &App, accounts: &[Arc<Account>], now: Moment) -> askama::Result<String> {
    let telemetry_path = &app.web.telemetry_path;
    let sections = accounts.iter().enumerate().map(|(number, account)| {
        let anchor = format!("account-{number}");
        section(anchor, account, now, telemetry_path)
    });
    let page = Page {
        version: BUILD.version,
        revision: BUILD.revision,
        uptime: length(now.wall.duration_since(app.exporter.started())),
        now: clock_time(now.wall, now.wall),
        telemetry_path,
        accounts: sections.collect(),
        dashboards: &DASHBOARDS,
    };
    page.render()
}

/// `GET /style.css`.
pub(super) async fn style() -> Response {
    asset(
        "text/css; charset=utf-8",
        include_str!("../../../templates/status.css"),
    )
}

/// `GET /status.js`.
pub(super) async fn script() -> Response {
    asset(
        "text/javascript; charset=utf-8",
        include_str!("../../../templates/status.js"),
    )
}

/// `GET /icon.svg`.
pub(super) async fn icon() -> Response {
    asset("image/svg+xml", include_str!("../../../templates/icon.svg"))
}

fn asset(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

fn section(anchor: String, account: &Account, at: Moment, telemetry_path: &str) -> AccountSection {
    let view = account.view();
    let status = account.status();
    let config = account.config();
    let link = match &config.name {
        Some(name) => {
            let query: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            format!("/probe?account={query}")
        }
        None => telemetry_path.to_owned(),
    };
    let now = at.wall;
    let windows = view.windows.iter().map(|state| window(state, &view, at));
    let windows: Vec<_> = windows.collect();
    AccountSection {
        anchor,
        name: config.name.clone(),
        tone: windows
            .iter()
            .map(|window| window.state.tone)
            .max()
            .unwrap_or(Tone::Waiting),
        link,
        refusal: words::refusal(
            &status,
            &config.api.credentials,
            config.collect.interval,
            now,
        ),
        hold: words::hold(&status, now),
        budget: words::budget(&status, config.api.max_requests_per_minute),
        windows,
        troubles: view
            .failures
            .iter()
            .map(|trouble| (clock_time(trouble.at, now), trouble.clone()))
            .collect(),
    }
}

fn window(state: &WindowView, view: &View, at: Moment) -> WindowSection {
    let now = at.wall;
    let shown = state.shown(&view.plan, at);
    let error = state
        .collection
        .as_ref()
        .and_then(|collection| collection.error.as_ref());
    let mut rows: Vec<(&Row, Option<f64>)> = shown
        .iter()
        .flat_map(|snapshot| &snapshot.answer.rows)
        .map(|row| (row, row.abandon_rate()))
        .collect();
    // Worst first, and those without calls last; equals stay in the order of their names.
    rows.sort_by(|(_, a), (_, b)| b.unwrap_or(-1.0).total_cmp(&a.unwrap_or(-1.0)));
    let covered = |instant: Timestamp| clock_time(instant, now);
    WindowSection {
        label: state.window.label().to_owned(),
        state: words::state(state, &view.plan, at),
        remedy: error.map(eightxeight::Error::remedy),
        covers: shown.map(|snapshot| {
            format!(
                "{} to {}",
                covered(snapshot.period.start),
                covered(snapshot.period.end)
            )
        }),
        hidden: rows.len().saturating_sub(MOST_ROWS),
        rows: rows
            .into_iter()
            .take(MOST_ROWS)
            .map(|(row, rate)| pbx_row(row, rate))
            .collect(),
    }
}

fn pbx_row(row: &Row, rate: Option<f64>) -> PbxRow {
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
        rate: rate.map(|share| Rate {
            share: share.clamp(0.0, 1.0),
            text: format!("{:.1} %", share * 100.0),
            class: words::threshold(share),
        }),
        // Without answered calls there is no mean, and 8x8 says 0.
        talk: row
            .base(Field::AvgTalkTime)
            .filter(|_| row.base(Field::TotalAnswered) != Some(0.0))
            .map_or_else(|| "–".to_owned(), words::minutes),
    }
}
