//! What is recorded of the calls, and the alerts about them.

use eightxeight_exporter::catalogue::Field;

use super::{HEADER, PBX, VALUE, WINDOW, alert, blank, dashboard, lines};
use crate::constants::{
    ABANDON_CRITICAL, ABANDON_WARNING, CALLS_SEEN_WITHIN, FEWEST_CALLS, FRESH, MISSED_WARNING,
    NO_ALERT_WINDOW, OVERVIEW_UID, RATE_BRIDGES, RATE_FOR, RATE_KEEP_FIRING_FOR, recorded,
    recorded_share,
};
use crate::yaml::{Alert, Rule, RuleFile, Severity};

/// One group, so that the alerts see what was recorded in the same moment.
pub(super) fn file() -> RuleFile {
    RuleFile {
        path: "deploy/prometheus/rules/company.yml",
        comments: vec![HEADER],
        group: "eightxeight-company",
        rules: vec![
            record_fresh(Field::InboundTotal),
            record_fresh(Field::InboundAbandoned),
            record_fresh(Field::InboundMissed),
            record_share(Field::InboundAbandoned),
            record_share(Field::InboundMissed),
            abandon_rate_high(ABANDON_WARNING, Severity::Warning),
            abandon_rate_high(ABANDON_CRITICAL, Severity::Critical),
            missed_rate_high(),
        ],
    }
}

/// Not among the others, so that only who adds it gets it: many PBXs have hours without a call.
pub(super) fn opt_in_file() -> RuleFile {
    RuleFile {
        path: "deploy/prometheus/rules/opt-in/no-calls.yml",
        comments: vec![
            "Opt in: add this file to rule_files, next to company.yml, which it needs, and let",
            "Alertmanager mute it outside the hours in which somebody should be calling.",
            HEADER,
        ],
        group: "eightxeight-no-calls",
        rules: vec![no_calls()],
    }
}

/// The answer of a fresh exporter, the same for a pair of them; a frozen one doesn't count.
fn record_fresh(field: Field) -> Rule {
    let metric = field.spec().metric;
    Rule::Record {
        name: recorded(field),
        expr: lines(&format!(
            "
            max by (job, account, pbx_id, window) (
                {metric}
              and on (job, account, instance, window)
                (max_over_time(eightxeight_collection_success[{FRESH}]) == 1)
            )
            "
        )),
    }
}

fn record_share(part: Field) -> Rule {
    let name = recorded_share(part);
    let part = recorded(part);
    let whole = recorded(Field::InboundTotal);
    Rule::Record {
        name,
        expr: lines(&format!(
            "
            {part}
            /
            ({whole} > 0)
            "
        )),
    }
}

fn abandon_rate_high(threshold: f64, severity: Severity) -> Rule {
    let remedy = "put more people on the phones, or let what they can't take ring elsewhere";
    alert(
        "EightXEightAbandonRateHigh",
        Alert {
            severity,
            ..rate_high(Field::InboundAbandoned, threshold, "abandoned", remedy)
        },
    )
}

fn missed_rate_high() -> Rule {
    let remedy = "see that phones are staffed and logged in, \
                  and that forwarding leads to somebody who answers";
    alert(
        "EightXEightMissedRateHigh",
        rate_high(Field::InboundMissed, MISSED_WARNING, "missed", remedy),
    )
}

fn rate_high(part: Field, threshold: f64, what: &str, remedy: &str) -> Alert {
    let share = recorded_share(part);
    let calls = recorded(Field::InboundTotal);
    let percent = threshold * 100.0;
    Alert {
        expr: lines(&format!(
            r#"
            last_over_time({share}{{window!="{NO_ALERT_WINDOW}"}}[{RATE_BRIDGES}]) >= {threshold}
            unless
            {calls} < {FEWEST_CALLS}
            "#
        )),
        hold: Some(RATE_FOR.into()),
        keep_firing_for: Some(RATE_KEEP_FIRING_FOR.into()),
        summary: format!("Many inbound calls {what} at PBX {PBX} ({WINDOW})"),
        description: format!(
            "{{{{ $value | humanizePercentage }}}} of the inbound calls to PBX {PBX} in the last \
             {WINDOW} were {what} (threshold {percent:.0}%): {remedy}."
        ),
        dashboard: dashboard(OVERVIEW_UID, &["pbx_id", "window"]),
        ..blank()
    }
}

/// 8x8 doesn't say whether a PBX without calls has zeros or is left out. Left out of an answer that
/// came is meant, not an answer that didn't come.
fn no_calls() -> Rule {
    let calls = recorded(Field::InboundTotal);
    alert(
        "EightXEightNoCalls",
        Alert {
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
            summary: format!("No inbound calls at PBX {PBX} ({WINDOW})"),
            description: format!(
                "PBX {PBX} had no inbound call in the last {WINDOW}, but up to {VALUE} in other \
                 such times within {CALLS_SEEN_WITHIN}: call it from outside, and if it stays \
                 silent open a case with 8x8 and your carrier."
            ),
            dashboard: dashboard(OVERVIEW_UID, &["pbx_id", "window"]),
            ..blank()
        },
    )
}
