//! How the dealings with 8x8 go.

use serde_json::json;

use super::{OF_ACCOUNT, lines};
use crate::dashboards::panel::Panel;
use crate::dashboards::query::account;

pub(super) fn panels() -> Vec<Panel> {
    vec![
        rate(),
        failures(),
        duration(),
        budget(),
        waits(),
        token(),
        clock(),
    ]
}

fn rate() -> Panel {
    let asked = "eightxeight_api_requests_total";
    lines(
        "Requests per minute",
        "Logins (token) and reports (compsum).",
        "rate per second * 60, summed over exporters",
        &[asked],
        "Near --api.max-requests-per-minute: take a longer interval or fewer windows.",
    )
    .unit("reqpm", 1)
    .query(
        &format!(
            "sum by (endpoint) (rate({}[$__rate_interval])) * 60",
            account(asked)
        ),
        "{{endpoint}}",
    )
}

fn failures() -> Panel {
    let failures = "eightxeight_api_request_failures_total";
    lines(
        "Failed requests per minute by reason",
        "What went wrong with requests to 8x8. All reasons at 0: none failed.",
        "rate per second * 60, summed over exporters",
        &[failures],
        "`eightxeight-exporter check` explains the present reason and says what to do.",
    )
    .unit("reqpm", 1)
    .size(16, 7)
    .custom("drawStyle", "bars")
    .custom("fillOpacity", 80)
    .custom("stacking", json!({"mode": "normal", "group": "A"}))
    .option(
        "legend",
        json!({
            "showLegend": true, "displayMode": "table", "placement": "right", "calcs": ["max"],
            "sortBy": "Max", "sortDesc": true,
        }),
    )
    .query(
        &format!(
            "sum by (reason) (rate({}[$__rate_interval])) * 60",
            account(failures)
        ),
        "{{reason}}",
    )
}

fn duration() -> Panel {
    let duration = "eightxeight_api_request_duration_seconds";
    let of = |suffix: &str| {
        format!(
            "rate({}[$__rate_interval])",
            account(&format!("{duration}{suffix}"))
        )
    };
    let summed = |suffix: &str| format!("sum by (endpoint) ({})", of(suffix));
    // Without requests a mean would be 0 / 0.
    let some = format!("({} > 0)", summed("_count"));
    lines(
        "Duration of requests",
        "How long 8x8 takes: the mean, and what 95 % stay below.",
        "rate of _sum / rate of _count; histogram_quantile(0.95) of the buckets",
        &[duration],
        "Rising: 8x8 or the way to it is slow. Near --api.timeout: requests will fail.",
    )
    .unit("s", None)
    .query(
        &format!("{}\n/\n{some}", summed("_sum")),
        "{{endpoint}} mean",
    )
    .query(
        &format!(
            "histogram_quantile(0.95, sum by (endpoint, le) ({}))\nand\n{some}",
            of("_bucket")
        ),
        "{{endpoint}} 95 %",
    )
}

fn budget() -> Panel {
    lines(
        "Budget left",
        "Requests that may be sent now within the budget of the last minute.",
        "eightxeight_api_budget_remaining_requests as it is",
        &["eightxeight_api_budget_remaining_requests"],
        "At 0 collections wait for their turn: raise --api.max-requests-per-minute if 8x8 \
         allows it, take a longer interval or fewer windows.",
    )
    .unit("none", 0)
    .default("min", 0)
    .query(
        &account("eightxeight_api_budget_remaining_requests"),
        OF_ACCOUNT,
    )
}

fn waits() -> Panel {
    let [backoff, login] = [
        "eightxeight_api_backoff_until_timestamp_seconds",
        "eightxeight_api_next_login_timestamp_seconds",
    ];
    let left = |metric: &str| format!("clamp_min({} - time(), 0)", account(metric));
    lines(
        "Waits",
        "Seconds until 8x8 is asked again after failures, and until a login is tried again \
         after 8x8 refused one. Nothing is shown while there is nothing to wait for.",
        "the moment - now",
        &[backoff, login],
        "A wait for a login: correct the credentials; a change ends the wait.",
    )
    .unit("s", None)
    .no_value("Nothing to wait for, or no data")
    .query(&left(backoff), "next request {{account}} {{instance}}")
    .query(&left(login), "next login {{account}} {{instance}}")
}

fn token() -> Panel {
    lines(
        "Life left of the token",
        "A saw is healthy: the token is renewed a minute before it expires.",
        "expiry - now",
        &["eightxeight_token_expiry_timestamp_seconds"],
        "No line: there is no token, since logins fail or nobody scrapes.",
    )
    .size(12, 7)
    .unit("s", None)
    .query(
        &format!(
            "{} - time()",
            account("eightxeight_token_expiry_timestamp_seconds")
        ),
        OF_ACCOUNT,
    )
}

fn clock() -> Panel {
    lines(
        "Clock skew",
        "The exporter's clock less that of 8x8's Date header.",
        "eightxeight_api_clock_skew_seconds as it is",
        &["eightxeight_api_clock_skew_seconds"],
        "More than a few seconds: windows end too early or too late. Synchronise the clock.",
    )
    .size(12, 7)
    .unit("s", None)
    .query(&account("eightxeight_api_clock_skew_seconds"), OF_ACCOUNT)
}
