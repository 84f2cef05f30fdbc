//! Today beside the same day of the week before.

use eightxeight_exporter::catalogue::Field;
use serde_json::json;

use crate::dashboards::dashboard::Section;
use crate::dashboards::look::{self, BLUE, GREY};
use crate::dashboards::panel::{Help, Panel, keys};
use crate::dashboards::query::{TODAY, fresh, sum, week_before};

use Field::{InboundAbandoned, InboundAnswered, InboundMissed, InboundTotal, TotalVm};

/// The overview's second part.
pub(super) fn section() -> Section {
    Section::open("Today and a week before", vec![lines(), table()])
}

const CAVEAT: &str = "Needs the window `today` among the exporter's windows. In the week after the \
     clocks change, a week before is an hour off.";

fn lines() -> Panel {
    let before = look::with(
        "byName",
        "A week before",
        &[
            ("color", look::fixed(GREY)),
            (
                "custom.lineStyle",
                json!({"fill": "dash", "dash": [10, 10]}),
            ),
            ("custom.fillOpacity", 0.into()),
        ],
    );
    let shows = format!(
        "Inbound calls since midnight, and what they were a week before at this time of day. \
         {CAVEAT}"
    );
    Panel::lines(
        "Inbound calls since midnight",
        &Help {
            shows: &shows,
            formula: "the window `today`, summed over the chosen PBXs; dashed the same with \
                      offset 1w",
            from: &keys([InboundTotal]),
            remedy: "Well above the dashed line: a busy day, plan for it. Well below: see whether \
                     calls reach you.",
        },
    )
    .size(14, 8)
    .unit("locale", 0)
    .bridged()
    .query(&sum(&fresh(InboundTotal, TODAY)), "Today")
    .query(&sum(&week_before(InboundTotal, TODAY)), "A week before")
    .with(look::line("Today", BLUE))
    .with(before)
}

fn table() -> Panel {
    let rows = [
        ("Inbound calls", InboundTotal),
        ("Answered", InboundAnswered),
        ("Missed", InboundMissed),
        ("Abandoned", InboundAbandoned),
        ("Voicemail", TotalVm),
    ];
    let column = |of: fn(Field, &str) -> String| {
        let rows = rows.map(|(name, field)| {
            format!(
                r#"label_replace({}, "calls", "{name}", "", "")"#,
                sum(&of(field, TODAY))
            )
        });
        rows.join("\nor\n")
    };
    let (today, before) = (column(fresh), column(week_before));
    let change = format!("({today}\n)\n/ on (calls)\n(\n({before}\n) > 0) - 1");
    let names = json!({
        "calls": "Calls", "Value #A": "Today", "Value #B": "A week before", "Value #C": "Change",
    });
    Panel::table(
        "Today so far and a week before",
        &Help {
            shows: CAVEAT,
            formula: "the window `today` now and with offset 1w, summed over the chosen PBXs; \
                      change = today / a week before - 1",
            from: &keys(rows.map(|(_, field)| field)),
            remedy: "Abandoned calls grow faster than inbound ones: there are too few people for \
                     them.",
        },
    )
    .size(10, 8)
    .unit("locale", 0)
    .no_value("–")
    .query(&today, "")
    .query(&before, "")
    .query(&change, "")
    .transform("merge", &json!({}))
    .transform(
        "organize",
        &json!({"excludeByName": {"Time": true}, "renameByName": names, "indexByName": {}}),
    )
    .with(look::with(
        "byName",
        "Change",
        &[("unit", "percentunit".into()), ("decimals", 0.into())],
    ))
}
