//! The page for people: is it working, and if not, what to do. It never collects.
//!
//! The page, its style and its script are files of their own under `templates/`, so that nothing inline
//! needs to be allowed.

pub(super) mod shared;
mod table;
mod words;

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;

use super::App;
use super::dashboards::{DASHBOARDS, Dashboard};
use crate::account::Account;
use crate::collect::{FailureEvent, View, WindowView};
use crate::config::Web;
use crate::names::NAMES;
use crate::telemetry::BUILD;
use eightxeight::clock::Moment;

use table::Table;
use words::{Here, Tone, length};

/// As many PBXs of each window are seen at once.
const VISIBLE_ROWS: usize = 10;

/// As many are on the page for each window, most of them folded; the metrics have all of them.
const MOST_ROWS: usize = 100;

/// About as many are on the page for all windows of all accounts.
const MOST_ROWS_IN_ALL: usize = 2000;

/// An older answer is no news of the present. The alerts have the same limit.
const FRESH: Duration = Duration::from_mins(3);

/// What the page needs besides: path, type and text.
pub(super) const FILES: [[&str; 3]; 3] = [
    [
        "/style.css",
        "text/css; charset=utf-8",
        include_str!("../../../templates/status.css"),
    ],
    [
        "/status.js",
        "text/javascript; charset=utf-8",
        include_str!("../../../templates/status.js"),
    ],
    [
        "/icon.svg",
        "image/svg+xml",
        include_str!("../../../templates/icon.svg"),
    ],
];

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
    /// Where the scenario of a demo is changed.
    demo: Option<String>,
    grafana: Option<String>,
    /// Since when the configuration in force has been, if a reload after it failed.
    outdated: Option<String>,
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
    remedy: Option<String>,
    covers: Option<String>,
    table: Option<Table>,
    /// PBXs that were asked for by name and not answered.
    absent: Vec<String>,
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
    let accounts = app.exporter.accounts();
    let at = app.exporter.clock().now();
    let versions = accounts.iter().map(|account| account.view().version);
    let key = (at.wall.as_second(), versions.collect());
    let html = match app.status.page(key, || page(&app, &accounts, at).render()) {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "the status page could not be rendered");
            let text = "the status page could not be rendered; the log says why\n";
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, html).into_response()
}

fn page<'a>(app: &'a App, accounts: &[Arc<Account>], at: Moment) -> Page<'a> {
    let only = accounts.first().filter(|_| accounts.len() == 1);
    let here = Here {
        now: at.wall,
        zone: only.map_or(TimeZone::UTC, zone),
    };
    let windows = accounts.iter().map(|account| account.view().windows.len());
    let most = MOST_ROWS_IN_ALL / windows.sum::<usize>().max(1);
    let most = most.clamp(VISIBLE_ROWS, MOST_ROWS);
    let sections = accounts.iter().enumerate().map(|(number, account)| {
        let anchor = format!("account-{number}");
        section(anchor, account, at, &app.web, most)
    });
    let scenario = |account: &Arc<Account>| {
        let url = account.config().api.url.join("/simulator/scenario");
        url.ok().map(Into::into)
    };
    let grafana = app.web.grafana_url.as_ref();
    let reload = app.exporter.last_reload();
    Page {
        version: BUILD.version,
        revision: BUILD.revision,
        uptime: length(at.wall.duration_since(app.exporter.started())),
        now: here.clock_time(at.wall),
        demo: only.filter(|_| app.exporter.is_demo()).and_then(scenario),
        grafana: grafana.map(|url| {
            let base = url.as_str().trim_end_matches('/');
            format!("{base}/d/eightxeight-overview")
        }),
        outdated: (!reload.successful).then(|| here.clock_time(reload.loaded)),
        telemetry_path: &app.web.telemetry_path,
        accounts: sections.collect(),
        dashboards: &DASHBOARDS,
    }
}

pub(super) fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

fn zone(account: &Arc<Account>) -> TimeZone {
    account.config().collect.zone.clone()
}

fn section(
    anchor: String,
    account: &Arc<Account>,
    at: Moment,
    web: &Web,
    most_rows: usize,
) -> AccountSection {
    let view = account.view();
    let status = account.status();
    let config = account.config();
    let link = match &config.name {
        Some(name) => {
            let query: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            format!("/probe?account={query}")
        }
        None => web.telemetry_path.clone(),
    };
    let here = Here {
        now: at.wall,
        zone: zone(account),
    };
    let windows = view.windows.iter();
    let windows: Vec<_> = windows
        .map(|state| window(account, state, &view, at, &here, most_rows))
        .collect();
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
            &here,
        ),
        hold: words::hold(&status, &here),
        budget: words::budget(&status, config.api.max_requests_per_minute),
        windows,
        troubles: view
            .failures
            .iter()
            .map(|trouble| (here.clock_time(trouble.at), trouble.clone()))
            .collect(),
    }
}

fn window(
    account: &Account,
    state: &WindowView,
    view: &View,
    at: Moment,
    here: &Here,
    most_rows: usize,
) -> WindowSection {
    let shown = state.shown(&view.plan, at);
    let collection = state.collection.as_deref();
    let error = collection.and_then(|collection| collection.error.as_ref());
    let received = collection.and_then(|collection| Some(collection.last_good.as_ref()?.1));
    let is_fresh = received.is_some_and(|received| at.age_of(received) <= FRESH);
    let table = shown.map(|snapshot| {
        let rows = &snapshot.answer.rows;
        Table::new(rows, VISIBLE_ROWS, most_rows, is_fresh)
    });
    WindowSection {
        label: state.window.label().to_owned(),
        state: words::state(state, &view.plan, at),
        remedy: error.map(|error| error.remedy(&NAMES)),
        covers: shown.map(|snapshot| {
            let start = here.time(snapshot.period.start);
            format!("{start} to {}", here.clock_time(snapshot.period.end))
        }),
        table: table.filter(|table| !table.worst.is_empty()),
        absent: shown.map_or_else(Vec::new, |snapshot| {
            let absent = snapshot.answer.absent(&account.config().api.pbx_ids);
            absent.take(MOST_ROWS).map(str::to_owned).collect()
        }),
    }
}
