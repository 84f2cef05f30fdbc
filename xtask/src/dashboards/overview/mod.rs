//! For the contact centre's lead: are callers being lost right now, and is today normal?

mod course;
mod numbers;
mod table;
mod today;
mod totals;

use eightxeight_exporter::catalogue::Field;

use crate::constants::{
    ABANDON_AMBER, ABANDON_CRITICAL, ABANDON_WARNING, FEWEST_CALLS, OVERVIEW_UID,
};
use crate::dashboards::dashboard::{Dashboard, Placed, Section};
use crate::dashboards::look::{self, GREY};
use crate::dashboards::panel::{Help, Panel, keys};
use crate::dashboards::query::{CHOSEN, fresh, share_of_few, share_of_many, sum};
use crate::dashboards::windows::windows;

use Field::{InboundAbandoned, InboundTotal};

/// The overview.
pub(super) fn dashboard() -> Dashboard {
    let now = [abandon_rate(), worst()]
        .into_iter()
        .chain(numbers::panels())
        .chain([course::rate(), course::calls(), table::panel()])
        .map(Placed::Panel)
        .chain([Placed::Text(windows(7, 8))]);
    Dashboard {
        uid: OVERVIEW_UID,
        title: "8x8 / Company Overview",
        description: "Are callers being lost right now, and is today normal? Numbers of 8x8's \
                      Company Summary.",
        from: "now-24h",
        labels_of: "eightxeight_company_calls",
        by_pbx: true,
        sections: vec![
            Section {
                title: "Now".to_owned(),
                collapsed: false,
                panels: now.collect(),
            },
            today::section(),
            totals::section(),
        ],
    }
}

/// The sum of a field in the chosen window over the chosen PBXs.
fn now(field: Field) -> String {
    sum(&fresh(field, CHOSEN))
}

const TAKE_MORE_CALLS: &str = "Put more people on the phones, or let what they can't take ring \
     elsewhere. The table below says which PBX it is.";

fn abandon_rate() -> Panel {
    let (part, calls) = (now(InboundAbandoned), now(InboundTotal));
    let formula = format!(
        "abandoned / inbound calls, each summed over the chosen PBXs. Amber from {}, red from {} (the \
         warning), dark red from {} (the critical alert). Grey with fewer than {FEWEST_CALLS} calls: \
         two lost of three would be 67 %.",
        percent(ABANDON_AMBER),
        percent(ABANDON_WARNING),
        percent(ABANDON_CRITICAL),
    );
    Panel::stat(
        "Callers lost: abandon rate",
        &Help {
            shows: "Of the inbound calls in the last $window, the share in which the caller gave \
                    up before anybody answered.",
            formula: &formula,
            from: &keys([InboundAbandoned, InboundTotal]),
            remedy: TAKE_MORE_CALLS,
        },
    )
    .size(6, 8)
    .unit("percentunit", 1)
    .thresholds(look::abandon())
    .option("colorMode", "background")
    .no_value("No fresh data")
    .query(&share_of_many(&part, &calls), "Abandon rate")
    .query(&share_of_few(&part, &calls), "Abandon rate, few calls")
    .with(look::with(
        "byFrameRefID",
        "B",
        &[("color", look::fixed(GREY))],
    ))
}

fn percent(share: f64) -> String {
    format!("{} %", share * 100.0)
}

fn worst() -> Panel {
    let share = share_of_many(
        &fresh(InboundAbandoned, CHOSEN),
        &fresh(InboundTotal, CHOSEN),
    );
    let formula = format!(
        "abandoned / inbound calls of each PBX with at least {FEWEST_CALLS} calls in the window, \
         the three largest"
    );
    Panel::stat(
        "Worst PBXs",
        &Help {
            shows: "The abandon rate in the last $window where it is highest.",
            formula: &formula,
            from: &keys([InboundAbandoned, InboundTotal]),
            remedy: "Look at the worst first: staff it, or let its calls ring elsewhere.",
        },
    )
    .size(6, 8)
    .unit("percentunit", 1)
    .thresholds(look::abandon())
    .option("colorMode", "background")
    .option("textMode", "value_and_name")
    .option("orientation", "vertical")
    .no_value("No PBX with enough fresh calls")
    .query(
        &format!("sort_desc(topk(3,\n{share}\n))"),
        "{{pbx_id}} {{account}}",
    )
}
