//! The same over time.

use eightxeight_exporter::catalogue::Field;

use super::{TAKE_MORE_CALLS, now};
use crate::constants::FEWEST_CALLS;
use crate::dashboards::look::{self, BLUE};
use crate::dashboards::panel::{Help, Panel, keys};
use crate::dashboards::query::{CHOSEN, fresh, share_of_many};

use Field::{InboundAbandoned, InboundAnswered, InboundMissed, InboundTotal};

/// The abandon rate.
pub(super) fn rate() -> Panel {
    let share = share_of_many(
        &fresh(InboundAbandoned, CHOSEN),
        &fresh(InboundTotal, CHOSEN),
    );
    let formula = format!(
        "abandoned / inbound calls of each PBX, where there are at least {FEWEST_CALLS} calls in \
         the window"
    );
    Panel::lines(
        "Abandon rate of each PBX",
        &Help {
            shows: "At each moment, the rate in the $window before it. Dashed: amber, the \
                    warning, the critical alert. A gap is more than an hour without fresh data or \
                    with too few calls.",
            formula: &formula,
            from: &keys([InboundAbandoned, InboundTotal]),
            remedy: TAKE_MORE_CALLS,
        },
    )
    .size(12, 9)
    .unit("percentunit", 1)
    .dashed(look::abandon())
    .custom("axisSoftMax", 0.3)
    .bridged()
    .query(&share, "{{pbx_id}} {{account}}")
}

/// The calls.
pub(super) fn calls() -> Panel {
    let lines = [
        ("Inbound", InboundTotal, BLUE),
        ("Answered", InboundAnswered, look::GREEN),
        ("Missed", InboundMissed, look::AMBER),
        ("Abandoned", InboundAbandoned, look::RED),
    ];
    let mut panel = Panel::lines(
        "Inbound calls and what became of them",
        &Help {
            shows: "At each moment, the calls in the $window before it. Inbound = answered + \
                    missed; abandoned calls are among the missed ones.",
            formula: "the number of each chosen PBX, summed",
            from: &keys(lines.map(|(_, field, _)| field)),
            remedy: "Inbound rises and answered doesn't: more people are needed. Inbound falls to \
                     nothing: call in from outside.",
        },
    )
    .size(12, 9)
    .unit("locale", 0)
    .bridged();
    for (name, field, colour) in lines {
        panel = panel
            .query(&now(field), name)
            .with(look::line(name, colour));
    }
    panel
}
