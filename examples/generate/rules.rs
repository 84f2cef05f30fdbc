//! The recording rules and alerts. Read each function as the rule file that it becomes.

use eightxeight_exporter::catalogue::Field;

use crate::constants::{
    ABANDON_CRITICAL, ABANDON_WARNING, CALLS_SEEN_WITHIN, EXPORTER_UID, FEWEST_CALLS, FRESH, JOB,
    MISSED_WARNING, NO_ALERT_WINDOW, OVERVIEW_UID, RATE_BRIDGES, RATE_FOR, RATE_KEEP_FIRING_FOR,
    RATE_LIMITED_TIMES, RATE_LIMITED_WITHIN, RUNBOOKS, STALE_SECONDS, recorded, recorded_share,
};
use crate::yaml::{Alert, Rule, RuleFile, Severity};

/// All rule files.
pub(crate) fn files() -> Vec<RuleFile> {
    vec![company(), exporter(), no_calls()]
}

/// One group, so that the alerts see what was recorded in the same moment.
fn company() -> RuleFile {
    let rate = |share: Field, threshold: f64, severity, what: &str, remedy: &str| Alert {
        expr: lines(&format!(
            r#"
            last_over_time({}{{window!="{NO_ALERT_WINDOW}"}}[{RATE_BRIDGES}]) >= {threshold}
            unless
            {} < {FEWEST_CALLS}
            "#,
            recorded_share(share),
            recorded(Field::InboundTotal),
        )),
        hold: Some(RATE_FOR.into()),
        keep_firing_for: Some(RATE_KEEP_FIRING_FOR.into()),
        severity,
        summary: format!("Many inbound calls {what} at PBX {PBX} ({{{{ $labels.window }}}})"),
        description: format!(
            "{{{{ $value | humanizePercentage }}}} of the inbound calls to PBX {PBX} in the last \
             {{{{ $labels.window }}}} were {what} (threshold {}): {remedy}.",
            percent(threshold),
        ),
        dashboard: dashboard(OVERVIEW_UID, &["pbx_id", "window"]),
        ..blank()
    };
    let abandoned = |threshold, severity| {
        alert(
            "EightXEightAbandonRateHigh",
            rate(
                Field::InboundAbandoned,
                threshold,
                severity,
                "abandoned",
                "put more people on the phones, or let what they can't take ring elsewhere",
            ),
        )
    };
    RuleFile {
        path: "deploy/prometheus/rules/company.yml",
        comment: HEADER,
        group: "eightxeight-company",
        rules: vec![
            record_fresh(Field::InboundTotal),
            record_fresh(Field::InboundAbandoned),
            record_fresh(Field::InboundMissed),
            record_share(Field::InboundAbandoned),
            record_share(Field::InboundMissed),
            abandoned(ABANDON_WARNING, Severity::Warning),
            abandoned(ABANDON_CRITICAL, Severity::Critical),
            alert(
                "EightXEightMissedRateHigh",
                rate(
                    Field::InboundMissed,
                    MISSED_WARNING,
                    Severity::Warning,
                    "missed",
                    "see that phones are staffed and logged in, \
                     and that forwarding leads to somebody who answers",
                ),
            ),
        ],
    }
}

/// The operator's alerts: one for each thing that he can repair.
fn exporter() -> RuleFile {
    RuleFile {
        path: "deploy/prometheus/rules/exporter.yml",
        comment: HEADER,
        group: "eightxeight-exporter",
        rules: vec![
            alert(
                "EightXEightDataStale",
                Alert {
                    expr: format!(
                        "time() - eightxeight_collection_last_success_timestamp_seconds > {STALE_SECONDS}"
                    ),
                    hold: Some("5m".into()),
                    summary: format!(
                        "No new calls from 8x8 for window {{{{ $labels.window }}}}{ACCOUNT}"
                    ),
                    description: format!(
                        "The newest answer of 8x8 for window {{{{ $labels.window }}}}{ACCOUNT} at \
                         {INSTANCE} is {{{{ $value | humanizeDuration }}}} old, so no alert about \
                         calls can fire: see which failures \
                         eightxeight_api_request_failures_total counts and what the exporter logs."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &["instance"]),
                    ..blank()
                },
            ),
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
                        "{INSTANCE} has had no answer for window {{{{ $labels.window }}}}{ACCOUNT} \
                         since its start (success is {{{{ $value }}}}): run `eightxeight-exporter \
                         check` with its configuration, which names the cause and the remedy."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &["instance"]),
                    ..blank()
                },
            ),
            alert(
                "EightXEightCredentialsRefused",
                Alert {
                    expr: "eightxeight_credentials_refused == 1".into(),
                    hold: Some("2m".into()),
                    severity: Severity::Critical,
                    summary: format!("8x8 refuses the exporter's credentials{ACCOUNT}"),
                    description: format!(
                        "{INSTANCE} counts {{{{ $value }}}} refusal of its API key, user or \
                         password{ACCOUNT} and waits before it tries again, lest 8x8 lock the user: \
                         correct the secret's file, whose change it notices by itself."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &["instance"]),
                    ..blank()
                },
            ),
            alert(
                "EightXEightRateLimited",
                Alert {
                    // increase() extrapolates to fractions; whole answers are meant.
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
                        "8x8 answered {{{{ $value }}}} requests of {INSTANCE}{ACCOUNT} with \"too many\" \
                         in {RATE_LIMITED_WITHIN}: ask less often (--collect.interval, \
                         --api.max-requests-per-minute, fewer windows), and see who else uses the account."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &["instance"]),
                    ..blank()
                },
            ),
            alert(
                "EightXEightAnswerDrifted",
                Alert {
                    expr: drifted(),
                    hold: Some("30m".into()),
                    summary: format!("8x8's answers are not as the exporter knows them{ACCOUNT}"),
                    description: format!(
                        "The answer for window {{{{ $labels.window }}}}{ACCOUNT} at {INSTANCE} has \
                         {{{{ $value }}}} {{{{ $labels.drift }}}}: numbers may be absent or misread, \
                         so see whether a newer exporter knows the change, and report it if not."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &["instance"]),
                    ..blank()
                },
            ),
            alert(
                "EightXEightExporterDown",
                Alert {
                    expr: format!(r#"up{{job="{JOB}"}} == 0"#),
                    hold: Some("5m".into()),
                    severity: Severity::Critical,
                    summary: format!("Prometheus cannot scrape the exporter at {INSTANCE}"),
                    description: format!(
                        "up is {{{{ $value }}}} for {INSTANCE}{ACCOUNT}: see whether the process runs, \
                         what its log says last, and the scrape error on Prometheus' page Targets."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &["instance"]),
                    ..blank()
                },
            ),
            alert(
                "EightXEightExporterAbsent",
                Alert {
                    expr: format!(r#"absent(up{{job="{JOB}"}})"#),
                    hold: Some("5m".into()),
                    severity: Severity::Critical,
                    summary: "Prometheus has no exporter to scrape".into(),
                    description: format!(
                        "Job {{{{ $labels.job }}}} has no target (absent is {{{{ $value }}}}): see \
                         whether Prometheus' configuration still holds the job {JOB} and what its \
                         service discovery finds."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &[]),
                    ..blank()
                },
            ),
            alert(
                "EightXEightReloadFailed",
                Alert {
                    expr: "eightxeight_exporter_config_last_reload_successful == 0".into(),
                    hold: Some("5m".into()),
                    summary: format!("The exporter at {INSTANCE} runs on an old configuration"),
                    description: format!(
                        "The last reload at {INSTANCE} failed (successful is {{{{ $value }}}}) and \
                         changed nothing: correct what `eightxeight-exporter --config.check` names, \
                         then reload."
                    ),
                    dashboard: dashboard(EXPORTER_UID, &["instance"]),
                    ..blank()
                },
            ),
        ],
    }
}

/// Not in `rules/`, so that only who adds it gets it: many PBXs have hours without a call.
fn no_calls() -> RuleFile {
    let calls = recorded(Field::InboundTotal);
    RuleFile {
        path: "deploy/prometheus/rules/opt-in/no-calls.yml",
        comment: concat!(
            "Opt in: add this file to rule_files, next to company.yml, which it needs, and let\n",
            "Alertmanager mute it outside the hours in which somebody should be calling.\n",
            header!(),
        ),
        group: "eightxeight-no-calls",
        rules: vec![alert(
            "EightXEightNoCalls",
            Alert {
                // 8x8 doesn't say whether a PBX without calls has zeros or is left out. Left out of
                // an answer that came is meant, not an answer that didn't come.
                expr: lines(&format!(
                    r#"
                    max_over_time({calls}{{window!="{NO_ALERT_WINDOW}"}}[{CALLS_SEEN_WITHIN}]) > 0
                    unless
                    {calls} > 0
                    and on (job, account, window)
                    (max_over_time(eightxeight_collection_success[{FRESH}]) == 1)
                    "#
                )),
                hold: Some(RATE_FOR.into()),
                summary: format!("No inbound calls at PBX {PBX} ({{{{ $labels.window }}}})"),
                description: format!(
                    "PBX {PBX} had no inbound call in the last {{{{ $labels.window }}}}, but up to \
                     {{{{ $value }}}} in other such times within {CALLS_SEEN_WITHIN}: call it from \
                     outside, and if it stays silent open a case with 8x8 and your carrier."
                ),
                dashboard: dashboard(OVERVIEW_UID, &["pbx_id", "window"]),
                ..blank()
            },
        )],
    }
}

fn record_fresh(field: Field) -> Rule {
    Rule::Record {
        name: recorded(field),
        expr: lines(&format!(
            "
            max by (job, account, pbx_id, window) (
                {}
              and on (job, account, instance, window)
                (max_over_time(eightxeight_collection_success[{FRESH}]) == 1)
            )
            ",
            field.spec().metric
        )),
    }
}

fn record_share(part: Field) -> Rule {
    Rule::Record {
        name: recorded_share(part),
        expr: lines(&format!(
            "
            {}
            /
            ({} > 0)
            ",
            recorded(part),
            recorded(Field::InboundTotal)
        )),
    }
}

/// The kind of drift becomes a label: without it, two kinds at once would be one alert twice, which
/// Prometheus refuses. Sums that don't hold aren't drift: 8x8 nowhere promises them.
fn drifted() -> String {
    [
        ("unknown_fields", "unknown fields"),
        ("missing_fields", "missing values"),
        ("rejected_values", "unreadable values"),
        ("duplicate_pbxes", "duplicate PBXs"),
    ]
    .map(|(metric, drift)| {
        format!(r#"label_replace(eightxeight_answer_{metric} > 0, "drift", "{drift}", "", "")"#)
    })
    .join("\nor\n")
}

macro_rules! header {
    () => {
        "Generated by `cargo run --example generate` from examples/generate/. Change it there."
    };
}
use header;

const HEADER: &str = header!();

const PBX: &str = "{{ $labels.pbx_id }}";
const INSTANCE: &str = "{{ $labels.instance }}";
/// With a single account there is no such label.
const ACCOUNT: &str = "{{ with $labels.account }} of account {{ . }}{{ end }}";

fn alert(name: &'static str, rest: Alert) -> Rule {
    Rule::Alert(Alert {
        name,
        runbook: runbook(name),
        ..rest
    })
}

/// What most alerts have.
fn blank() -> Alert {
    Alert {
        name: "",
        expr: String::new(),
        hold: None,
        keep_firing_for: None,
        severity: Severity::Warning,
        summary: String::new(),
        description: String::new(),
        dashboard: String::new(),
        runbook: String::new(),
    }
}

/// Where the alert's section of the runbooks stands: absolute once Cargo.toml names the repository.
fn runbook(alert: &str) -> String {
    let base = match env!("CARGO_PKG_REPOSITORY") {
        "" => String::new(),
        repository => format!("{}/blob/main/", repository.trim_end_matches('/')),
    };
    format!("{base}{RUNBOOKS}#{}", alert.to_lowercase())
}

/// Path and query of a dashboard with its variables `job`, `account` where there is one, and those
/// named by a label. Grafana's address is left to whoever shows the link.
fn dashboard(uid: &str, labels: &[&str]) -> String {
    let mut url = format!(
        "/d/{uid}?var-job={{{{ $labels.job | urlquery }}}}\
         {{{{ with $labels.account }}}}&var-account={{{{ . | urlquery }}}}{{{{ end }}}}"
    );
    for label in labels {
        let variable = label.trim_end_matches("_id");
        url += &format!("&var-{variable}={{{{ $labels.{label} | urlquery }}}}");
    }
    url
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// The text without the indentation that it has only for standing in this file.
fn lines(text: &str) -> String {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let indent = |line: &str| line.len() - line.trim_start().len();
    let least = lines().map(indent).min().unwrap_or(0);
    lines()
        .map(|line| &line[least..])
        .collect::<Vec<_>>()
        .join("\n")
}
