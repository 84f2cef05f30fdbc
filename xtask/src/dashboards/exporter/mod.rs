//! For the operator: is it working, and if not, what to do?

mod collections;
mod inside;
mod requests;

use crate::constants::EXPORTER_UID;
use crate::dashboards::dashboard::{Dashboard, Section};
use crate::dashboards::look::{self, AMBER, GREEN, RED};
use crate::dashboards::panel::{Help, Panel};
use crate::dashboards::query::{account, age, process};

/// Exporter Health.
pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: EXPORTER_UID,
        title: "8x8 / Exporter Health",
        description: "Is the exporter working, is 8x8, and what is to be done?",
        from: "now-6h",
        labels_of: "eightxeight_up",
        by_pbx: false,
        sections: vec![
            Section::open("Is it working?", summary()),
            Section::open("Freshness", collections::panels()),
            Section::open("Requests to 8x8", requests::panels()),
            Section::open("Cache and answers", inside::answers()),
            Section::open("The process", inside::process_panels()),
        ],
    }
}

/// The legend of what each window has.
const OF_WINDOW: &str = "{{window}} {{account}}";
/// The legend of what each window of each exporter has.
const OF_INSTANCE: &str = "{{window}} {{account}} {{instance}}";
/// The legend of what each exporter has for an account.
const OF_ACCOUNT: &str = "{{account}} {{instance}}";

/// A panel about metrics, without 8x8's fields.
fn lines(title: &str, shows: &str, formula: &str, from: &[&str], remedy: &str) -> Panel {
    Panel::lines(
        title,
        &Help {
            shows,
            formula,
            from,
            remedy,
        },
    )
    .size(8, 7)
}

fn stat(title: &str, shows: &str, formula: &str, from: &[&str], remedy: &str) -> Panel {
    Panel::stat(
        title,
        &Help {
            shows,
            formula,
            from,
            remedy,
        },
    )
    .size(4, 4)
    .option("colorMode", "background")
}

/// A 0 or 1 of several exporters in words.
fn verdict(panel: Panel, expr: &str, zero: (&str, &str), one: (&str, &str)) -> Panel {
    panel
        .unit("none", 0)
        .thresholds(look::steps(&[]))
        .default("mappings", look::words(zero, one))
        .query(expr, "")
}

fn summary() -> Vec<Panel> {
    let failures = "eightxeight_api_request_failures_total";
    vec![
        verdict(
            stat(
                "Scrapes",
                "Whether Prometheus reaches all chosen exporters.",
                "the smallest `up`",
                &["up"],
                "Down: see whether the process runs, what its log says last, and Prometheus' \
                 page Targets.",
            ),
            &format!("min({})", process("up")),
            ("Down", RED),
            ("All up", GREEN),
        )
        .no_value("No target"),
        verdict(
            stat(
                "Collections",
                "Whether the newest collection of every window of every chosen account worked.",
                "the smallest eightxeight_up",
                &["eightxeight_up"],
                "Failing: the failures below say why; `eightxeight-exporter check` says what to \
                 do.",
            ),
            &format!("min({})", account("eightxeight_up")),
            ("Failing", RED),
            ("Working", GREEN),
        ),
        stat(
            "Data age",
            "How old the oldest window's newest answer is. Amber: not fresh any more, so no \
             alert about calls looks at it. Red: older than the exporter serves by default.",
            "now less the time of the last good collection, the worst window",
            &["eightxeight_collection_last_success_timestamp_seconds"],
            "Amber or red: see which failures rise below.",
        )
        .unit("s", None)
        .thresholds(look::age())
        .no_value("No answer yet")
        .query(&age("", None), ""),
        verdict(
            stat(
                "Credentials",
                "Whether 8x8's last word on the API key, the user or the password was no.",
                "the largest eightxeight_credentials_refused",
                &["eightxeight_credentials_refused"],
                "Refused: put the right ones into the secrets' files. A change is noticed by \
                 itself; until then the exporter tries ever more rarely, lest 8x8 lock the user.",
            ),
            &format!("max({})", account("eightxeight_credentials_refused")),
            ("Not refused", GREEN),
            ("Refused", RED),
        ),
        stat(
            "Failed requests",
            "Requests to 8x8 that failed in the chosen time.",
            "increase over the chosen time, summed",
            &[failures],
            "A few a day are usual on the internet. Many: the reasons are below.",
        )
        .unit("locale", 0)
        .thresholds(look::steps(&[(0.0, GREEN), (0.5, AMBER)]))
        .query(
            &format!("round(sum(increase({}[$__range])))", account(failures)),
            "",
        ),
        verdict(
            stat(
                "Configuration",
                "Whether the last reload of the configuration worked.",
                "the smallest eightxeight_exporter_config_last_reload_successful",
                &["eightxeight_exporter_config_last_reload_successful"],
                "Old: run `eightxeight-exporter --config.check`, correct what it names, reload.",
            ),
            &format!(
                "min({})",
                process("eightxeight_exporter_config_last_reload_successful")
            ),
            ("Old: reload failed", RED),
            ("In force", GREEN),
        ),
    ]
}
