//! The operators' alerts: one for each thing that needs their hand.

use super::{ACCOUNT, HEADER, INSTANCE, VALUE, WINDOW, alert, blank, dashboard, lines};
use crate::constants::{EXPORTER_UID, JOB, RATE_LIMITED_TIMES, RATE_LIMITED_WITHIN, STALE_SECONDS};
use crate::yaml::{Alert, Rule, RuleFile, Severity};

pub(super) fn file() -> RuleFile {
    RuleFile {
        path: "deploy/prometheus/rules/exporter.yml",
        comments: vec![HEADER],
        group: "eightxeight-exporter",
        rules: vec![
            data_stale(),
            never_collected(),
            credentials_refused(),
            rate_limited(),
            answer_drifted(),
            exporter_down(),
            exporter_absent(),
            reload_failed(),
        ],
    }
}

fn data_stale() -> Rule {
    alert(
        "EightXEightDataStale",
        Alert {
            expr: format!(
                "time() - eightxeight_collection_last_success_timestamp_seconds > {STALE_SECONDS}"
            ),
            hold: Some("5m".into()),
            summary: format!("No new calls from 8x8 for window {WINDOW}{ACCOUNT}"),
            description: format!(
                "The newest answer of 8x8 for window {WINDOW}{ACCOUNT} at {INSTANCE} is \
                 {{{{ $value | humanizeDuration }}}} old, so no alert about calls can fire: see \
                 which failures eightxeight_api_request_failures_total counts and what the \
                 exporter logs."
            ),
            ..of_an_exporter()
        },
    )
}

/// A restart within an outage leaves no last success whose age could be told.
fn never_collected() -> Rule {
    alert(
        "EightXEightNeverCollected",
        Alert {
            expr: lines(
                "
                eightxeight_collection_success == 0
                unless
                eightxeight_collection_last_success_timestamp_seconds
                ",
            ),
            hold: Some("10m".into()),
            summary: format!("The exporter has not had one answer from 8x8{ACCOUNT}"),
            description: format!(
                "{INSTANCE} has had no answer for window {WINDOW}{ACCOUNT} since its start \
                 (success is {VALUE}): run `eightxeight-exporter check` with its configuration, \
                 which names the cause and the remedy."
            ),
            ..of_an_exporter()
        },
    )
}

fn credentials_refused() -> Rule {
    alert(
        "EightXEightCredentialsRefused",
        Alert {
            expr: "eightxeight_credentials_refused == 1".into(),
            hold: Some("2m".into()),
            severity: Severity::Critical,
            summary: format!("8x8 refuses the exporter's credentials{ACCOUNT}"),
            description: format!(
                "{INSTANCE} counts {VALUE} refusal of its API key, user or password{ACCOUNT} and \
                 waits before it tries again, lest 8x8 lock the user: correct the secret's file, \
                 whose change it notices by itself."
            ),
            ..of_an_exporter()
        },
    )
}

/// `increase` extrapolates to fractions; whole answers are meant.
fn rate_limited() -> Rule {
    alert(
        "EightXEightRateLimited",
        Alert {
            expr: lines(&format!(
                r#"
                round(
                  sum by (job, account, instance) (
                    increase(eightxeight_api_request_failures_total{{reason="rate_limited"}}[{RATE_LIMITED_WITHIN}])
                  )
                ) >= {RATE_LIMITED_TIMES}
                "#
            )),
            summary: format!("8x8 limits the exporter's requests{ACCOUNT}"),
            description: format!(
                "8x8 answered {VALUE} requests of {INSTANCE}{ACCOUNT} with \"too many\" in \
                 {RATE_LIMITED_WITHIN}: ask less often (--collect.interval, \
                 --api.max-requests-per-minute, fewer windows), and see who else uses the account."
            ),
            ..of_an_exporter()
        },
    )
}

/// The kind of drift becomes a label: without it, two kinds at once would be one alert twice, which
/// Prometheus refuses. Sums that don't hold aren't drift: 8x8 nowhere promises them.
fn answer_drifted() -> Rule {
    let kinds = [
        ("unknown_fields", "unknown fields"),
        ("missing_fields", "missing values"),
        ("rejected_values", "unreadable values"),
        ("duplicate_pbxes", "duplicate PBXs"),
    ]
    .map(|(metric, drift)| {
        format!(r#"label_replace(eightxeight_answer_{metric} > 0, "drift", "{drift}", "", "")"#)
    });
    alert(
        "EightXEightAnswerDrifted",
        Alert {
            expr: kinds.join("\nor\n"),
            hold: Some("30m".into()),
            summary: format!("8x8's answers are not as the exporter knows them{ACCOUNT}"),
            description: format!(
                "The answer for window {WINDOW}{ACCOUNT} at {INSTANCE} has {VALUE} \
                 {{{{ $labels.drift }}}}: numbers may be absent or misread, so see whether a newer \
                 exporter knows the change, and report it if not."
            ),
            ..of_an_exporter()
        },
    )
}

fn exporter_down() -> Rule {
    alert(
        "EightXEightExporterDown",
        Alert {
            expr: format!(r#"up{{job="{JOB}"}} == 0"#),
            hold: Some("5m".into()),
            severity: Severity::Critical,
            summary: format!("Prometheus cannot scrape the exporter at {INSTANCE}"),
            description: format!(
                "up is {VALUE} for {INSTANCE}{ACCOUNT}: see whether the process runs, what its log \
                 says last, and the scrape error on Prometheus' page Targets."
            ),
            ..of_an_exporter()
        },
    )
}

/// `absent` takes the label job from a plain selector only.
fn exporter_absent() -> Rule {
    alert(
        "EightXEightExporterAbsent",
        Alert {
            expr: format!(r#"absent(up{{job="{JOB}"}})"#),
            hold: Some("5m".into()),
            severity: Severity::Critical,
            summary: "Prometheus has no exporter to scrape".into(),
            description: format!(
                "Job {{{{ $labels.job }}}} has no target (absent is {VALUE}): see whether \
                 Prometheus' configuration still holds the job {JOB} and what its service \
                 discovery finds."
            ),
            dashboard: dashboard(EXPORTER_UID, &[]),
            ..blank()
        },
    )
}

fn reload_failed() -> Rule {
    alert(
        "EightXEightReloadFailed",
        Alert {
            expr: "eightxeight_exporter_config_last_reload_successful == 0".into(),
            hold: Some("5m".into()),
            summary: format!("The exporter at {INSTANCE} runs on an old configuration"),
            description: format!(
                "The last reload at {INSTANCE} failed (successful is {VALUE}) and changed nothing: \
                 correct what `eightxeight-exporter --config.check` names, then reload."
            ),
            ..of_an_exporter()
        },
    )
}

fn of_an_exporter() -> Alert {
    Alert {
        dashboard: dashboard(EXPORTER_UID, &["instance"]),
        ..blank()
    }
}
