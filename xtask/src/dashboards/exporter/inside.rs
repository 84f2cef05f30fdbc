//! What the answers are like, and the exporter as a process.

use serde_json::json;

use super::{OF_ACCOUNT, OF_WINDOW, lines};
use crate::dashboards::look::{self, GREY};
use crate::dashboards::panel::{Help, Panel};
use crate::dashboards::query::{account, process};

pub(super) fn answers() -> Vec<Panel> {
    let cache = [
        "eightxeight_cache_hits_total",
        "eightxeight_cache_requests_total",
    ];
    let [hits, asked] = cache.map(|metric| {
        format!(
            "sum by (account, instance) (rate({}[$__rate_interval]))",
            account(metric)
        )
    });
    let drift = [
        ("eightxeight_answer_unknown_fields", "unknown fields"),
        ("eightxeight_answer_missing_fields", "missing values"),
        ("eightxeight_answer_rejected_values", "unreadable values"),
        ("eightxeight_answer_duplicate_pbxes", "duplicate PBXs"),
    ];
    let mut drifted = lines(
        "Drift of the answer from the field table",
        "Fields that the exporter doesn't know, values that are absent, unreadable or given twice.",
        "the largest of the exporters, by window",
        &drift.map(|(metric, _)| metric),
        "Above 0: 8x8 changed its answer. See whether a newer exporter knows it; report it if not.",
    )
    .unit("none", 0)
    .default("min", 0);
    for (metric, name) in drift {
        let expr = format!("max by (account, window) ({})", account(metric));
        drifted = drifted.query(&expr, &format!("{name} {OF_WINDOW}"));
    }
    vec![
        lines(
            "Cache hits",
            "The share of windows that a scrape got without a request to 8x8.",
            "rate of hits / rate of requests",
            &cache,
            "With one Prometheus about 0 in scrape mode, about 0.5 with two. Above: the interval \
             is longer than the scrape interval.",
        )
        .unit("percentunit", 0)
        .default("min", 0)
        .default("max", 1)
        .query(&format!("{hits}\n/\n({asked} > 0)"), OF_ACCOUNT),
        drifted,
        lines(
            "Sums that don't hold",
            "Sums that hold in 8x8's documentation and not in the answer, such as inbound = \
             answered + missed.",
            "the largest of the exporters, by window",
            &["eightxeight_answer_inconsistencies"],
            "Nothing is dropped for it. Compare with 8x8's own reports before you rely on the \
             totals.",
        )
        .unit("none", 0)
        .default("min", 0)
        .query(
            &format!(
                "max by (account, window) ({})",
                account("eightxeight_answer_inconsistencies")
            ),
            OF_WINDOW,
        ),
    ]
}

pub(super) fn process_panels() -> Vec<Panel> {
    let since = |metric: &str| format!("time() - {}", process(metric));
    let loaded = "eightxeight_exporter_config_last_reload_success_timestamp_seconds";
    let version = Panel::table(
        "Version",
        &Help {
            shows: "The build of each exporter.",
            formula: "the labels of eightxeight_exporter_build_info",
            from: &["eightxeight_exporter_build_info"],
            remedy: "Different builds side by side: finish the update.",
        },
    )
    .size(8, 7)
    .unit("none", 0)
    .query(&process("eightxeight_exporter_build_info"), "")
    .transform(
        "organize",
        &json!({
            "excludeByName": {"Time": true, "__name__": true, "Value": true, "Value #A": true},
            "renameByName": {
                "instance": "Instance", "job": "Job", "version": "Version", "revision": "Revision", "rustversion": "Rust",
            },
            "indexByName": {},
        }),
    );
    vec![
        lines(
            "CPU",
            "Processor time: 100 % is one core.",
            "rate of process_cpu_seconds_total",
            &["process_cpu_seconds_total"],
            "Far above 1 %: see how many scrape, and how many PBXs there are.",
        )
        .unit("percentunit", None)
        .query(
            &format!(
                "rate({}[$__rate_interval])",
                process("process_cpu_seconds_total")
            ),
            "{{instance}}",
        ),
        lines(
            "Memory",
            "Resident memory.",
            "process_resident_memory_bytes as it is",
            &["process_resident_memory_bytes"],
            "Rising for days without more PBXs: report it.",
        )
        .unit("bytes", 1)
        .query(&process("process_resident_memory_bytes"), "{{instance}}"),
        lines(
            "File descriptors",
            "Open ones and how many may be open.",
            "process_open_fds and process_max_fds as they are",
            &["process_open_fds", "process_max_fds"],
            "Near the limit: clients hold connections open. See who connects.",
        )
        .unit("none", 0)
        .custom("scaleDistribution", json!({"type": "log", "log": 10}))
        .query(&process("process_open_fds"), "open {{instance}}")
        .query(&process("process_max_fds"), "limit {{instance}}")
        .with(look::with(
            "byRegexp",
            "/^limit/",
            &[("color", look::fixed(GREY))],
        )),
        lines(
            "Time since the start and the last reload",
            "A drop is a restart, or a new configuration.",
            "now - start, now - load of the configuration in force",
            &["process_start_time_seconds", loaded],
            "Restarts that nobody ordered: see the log's last lines before each.",
        )
        .unit("s", None)
        .query(&since("process_start_time_seconds"), "started {{instance}}")
        .query(&since(loaded), "configured {{instance}}"),
        lines(
            "Threads",
            "Threads of the process.",
            "process_threads as it is",
            &["process_threads"],
            "Hundreds: something blocks. Report it with a log at level debug.",
        )
        .unit("none", 0)
        .query(&process("process_threads"), "{{instance}}"),
        version,
    ]
}
