//! The metrics of an account: how its collections and its dealings with 8x8 go.
//!
//! What accumulates is counted in [`RequestMetrics`]; everything else is a function of the view and the
//! status at the moment of the scrape, and is written straight from them.

use jiff::Timestamp;

use super::RequestMetrics;
use crate::collect::{View, WindowView};
use eightxeight::Status;
use eightxeight::clock::Moment;
use exposition::{Kind, Writer};

use super::gathered::write_gathered;

/// Name and help of the gauge by which rules tell fresh numbers from frozen ones.
pub(crate) const COLLECTION_SUCCESS: (&str, &str) = (
    "eightxeight_collection_success",
    "1 when the window's newest collection worked; 0 before the first has ended",
);

/// Writes an account's families.
pub(crate) fn write_account(
    writer: &mut Writer,
    view: &View,
    now: Moment,
    status: &Status,
    (asked, hits): (u64, u64),
    requests: &RequestMetrics,
) {
    collections(writer, view);
    let window_holds = view.windows.iter().filter_map(|state| {
        let interval = view.plan.settings.interval;
        state.collection.as_ref()?.hold(now, interval)
    });
    let holds = status
        .hold
        .map(|(until, _)| until)
        .into_iter()
        .chain(window_holds);
    let latest = holds
        .max_by_key(|until| until.instant)
        .map(|until| seconds(until.wall));
    optional(
        writer,
        "eightxeight_api_backoff_until_timestamp_seconds",
        "When the latest hold of the account or a window ends; absent when there is none",
        latest,
    );
    gauge(
        writer,
        "eightxeight_credentials_refused",
        "1 while 8x8's last word on the credentials was no",
        f64::from(u8::from(status.credentials_refused.is_some())),
    );
    let moment = |moment: Option<Moment>| moment.map(|moment| seconds(moment.wall));
    optional(
        writer,
        "eightxeight_api_next_login_timestamp_seconds",
        "Before this time no login is tried, unless a secret changes; absent when one may be tried at once",
        moment(status.next_login),
    );
    gauge(
        writer,
        "eightxeight_api_budget_remaining_requests",
        "Requests that may be sent now within the budget of the last minute",
        count(status.budget_remaining as u64),
    );
    optional(
        writer,
        "eightxeight_token_expiry_timestamp_seconds",
        "When the access token expires; absent without one",
        moment(status.token_expiry),
    );
    optional(
        writer,
        "eightxeight_api_clock_skew_seconds",
        "The local clock less the clock of 8x8's Date header; absent until known",
        status.clock_skew,
    );
    counter(
        writer,
        "eightxeight_cache_requests_total",
        "Windows asked of the cache",
        asked,
    );
    counter(
        writer,
        "eightxeight_cache_hits_total",
        "Windows that the cache served without a request to 8x8",
        hits,
    );
    write_gathered(writer, &requests.gather());
}

fn collections(writer: &mut Writer, view: &View) {
    let up = view.windows.iter().all(WindowView::is_up);
    gauge(
        writer,
        "eightxeight_up",
        "1 when the newest collection of every window worked; 0 before the first has ended",
        f64::from(u8::from(up)),
    );
    per_window(
        writer,
        view,
        COLLECTION_SUCCESS.0,
        COLLECTION_SUCCESS.1,
        |state| Some(f64::from(u8::from(state.is_up()))),
    );
    per_window(
        writer,
        view,
        "eightxeight_collection_last_success_timestamp_seconds",
        "When the window's last good answer came; absent until there was one",
        |state| {
            let (_, received) = state.collection.as_ref()?.last_good.as_ref()?;
            Some(seconds(received.wall))
        },
    );
    per_window(
        writer,
        view,
        "eightxeight_collection_duration_seconds",
        "How long the window's newest collection took, waits included",
        |state| Some(state.collection.as_ref()?.took.as_secs_f64()),
    );
}

fn per_window(
    writer: &mut Writer,
    view: &View,
    name: &str,
    help: &str,
    value: impl Fn(&WindowView) -> Option<f64>,
) {
    let mut family = writer.family(name, Kind::Gauge, help);
    for state in &view.windows {
        if let Some(value) = value(state) {
            family.sample(&[("window", state.window.label())], value);
        }
    }
}

fn gauge(writer: &mut Writer, name: &str, help: &str, value: f64) {
    writer.family(name, Kind::Gauge, help).sample(&[], value);
}

fn optional(writer: &mut Writer, name: &str, help: &str, value: Option<f64>) {
    if let Some(value) = value {
        gauge(writer, name, help, value);
    }
}

fn counter(writer: &mut Writer, name: &str, help: &str, value: u64) {
    writer
        .family(name, Kind::Counter, help)
        .sample(&[], count(value));
}

#[allow(clippy::cast_precision_loss)] // No count here comes near 2^53.
fn count(value: u64) -> f64 {
    value as f64
}

/// Unix time in whole milliseconds: a clock's nanoseconds would only make two scrapes differ.
#[allow(clippy::cast_precision_loss)] // Milliseconds stay below 2^53 for 285,000 years.
pub(super) fn seconds(instant: Timestamp) -> f64 {
    instant.as_millisecond() as f64 / 1000.0
}
