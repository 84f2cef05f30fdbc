//! Totals over the chosen time, and the hours that they are made of.

use eightxeight_exporter::catalogue::Field;
use serde_json::json;

use crate::dashboards::dashboard::Section;
use crate::dashboards::look::{self, AMBER, BLUE, GREEN, RED};
use crate::dashboards::panel::{Help, Panel, keys};
use crate::dashboards::query::{hour_by_hour, hours_read, ratio, total};

use Field::{InboundAbandoned, InboundAnswered, InboundMissed, InboundTotal};

const FORMULA: &str = "sum_over_time(…{window=\"1h\"}[range:1h]): one reading on each full hour \
                       covers time without gap or overlap; then summed over the chosen PBXs";
const CAVEAT: &str = "Hours that couldn't be read are missing: see Hours read.";

/// The overview's last part.
pub(super) fn section() -> Section {
    let mut panels: Vec<Panel> = [
        (
            "Inbound, total",
            InboundTotal,
            "Inbound calls in the chosen time.",
        ),
        (
            "Answered, total",
            InboundAnswered,
            "Answered inbound calls in the chosen time.",
        ),
        (
            "Missed, total",
            InboundMissed,
            "Missed inbound calls in the chosen time, abandoned ones among them.",
        ),
        (
            "Abandoned, total",
            InboundAbandoned,
            "Abandoned inbound calls in the chosen time.",
        ),
    ]
    .map(|(title, field, shows)| {
        Panel::stat(
            title,
            &Help {
                shows: &format!("{shows} {CAVEAT}"),
                formula: FORMULA,
                from: &keys([field]),
                remedy: "Choose whole days or weeks to compare them.",
            },
        )
        .unit("locale", 0)
        .query(&total(field), title)
    })
    .into();
    panels.extend([rate(), hours()]);
    for panel in &mut panels {
        (panel.width, panel.height) = (4, 4);
    }
    panels.push(bars());
    Section::open("Totals over the chosen time", panels)
}

fn rate() -> Panel {
    Panel::stat(
        "Abandon rate, total",
        &Help {
            shows: "Of the inbound calls in the chosen time, the share in which the caller gave \
                    up.",
            formula: "total of abandoned / total of inbound calls",
            from: &keys([InboundAbandoned, InboundTotal]),
            remedy: "Red over a week and not only for an hour: the staffing plan doesn't fit the \
                     calls.",
        },
    )
    .unit("percentunit", 1)
    .thresholds(look::abandon())
    .query(
        &ratio(&total(InboundAbandoned), &total(InboundTotal)),
        "Abandon rate",
    )
}

fn hours() -> Panel {
    Panel::stat(
        "Hours read",
        &Help {
            shows: "The share of the chosen time's full hours for which there is a reading.",
            formula: "count_over_time(…{window=\"1h\"}[range:1h]) / full hours of the chosen time",
            from: &keys([InboundTotal]),
            remedy: "Below 100 %: the totals are too low by the calls of the missing hours. The \
                     chosen time begins before the first scrape, or 8x8 failed; `backfill` can \
                     fetch them.",
        },
    )
    .unit("percentunit", 0)
    .thresholds(look::steps(&[(0.0, AMBER), (0.995, GREEN)]))
    .query(
        &format!(
            "clamp_max(\n{}\n/\nclamp_min(floor(vector($__range_s / 3600)), 1), 1)",
            hours_read()
        ),
        "Hours read",
    )
}

fn bars() -> Panel {
    let lines = [
        ("Answered", InboundAnswered, GREEN, true),
        ("Missed", InboundMissed, AMBER, true),
        ("Abandoned", InboundAbandoned, RED, false),
        ("Inbound", InboundTotal, BLUE, false),
    ];
    let mut panel = Panel::lines(
        "Inbound calls in each clock hour",
        &Help {
            shows: "The hours that the totals are made of. Answered and missed stand upon each \
                    other and make up inbound; abandoned is a line, since it is a part of \
                    missed. The hour that runs isn't shown.",
            formula: "the reading of window `1h` at the end of each hour, summed over the chosen \
                      PBXs",
            from: &keys(lines.map(|(_, field, ..)| field)),
            remedy: "Plan people for the high hours. A gap is an hour without a reading.",
        },
    )
    .size(24, 9)
    .unit("locale", 0)
    .custom("lineInterpolation", "stepAfter")
    .custom("lineWidth", 1)
    .custom("showPoints", "never");
    for (name, field, colour, stacked) in lines {
        let mut properties = vec![("color", look::fixed(colour))];
        if stacked {
            properties.push(("custom.stacking", json!({"mode": "normal", "group": "A"})));
            properties.push(("custom.fillOpacity", 40.into()));
        } else {
            properties.push(("custom.fillOpacity", 0.into()));
            properties.push(("custom.lineWidth", 2.into()));
        }
        panel =
            panel
                .query(&hour_by_hour(field), name)
                .with(look::with("byName", name, &properties));
    }
    panel
}
