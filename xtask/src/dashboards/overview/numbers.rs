//! The small numbers beside the large one.

use eightxeight_exporter::catalogue::Field;

use super::now;
use crate::constants::FRESH;
use crate::dashboards::look;
use crate::dashboards::panel::{Help, Panel, keys};
use crate::dashboards::query::{CHOSEN, age, ratio};

use Field::{
    InboundAbandoned, InboundAnswered, InboundMissed, InboundTotal, TotalAnswered, TotalCall,
    TotalRingTime, TotalTalkTime, TotalVm,
};

/// Eight small ones, two lines of four.
pub(super) fn panels() -> Vec<Panel> {
    let count = |title: &str, field: Field, shows: &str, remedy: &str| {
        Panel::stat(
            title,
            &Help {
                shows,
                formula: "the newest number of each chosen PBX, summed",
                from: &keys([field]),
                remedy,
            },
        )
        .unit("locale", 0)
        .query(&now(field), title)
    };
    let mean = |title: &str, time: Field, calls: Field, shows: &str, remedy: &str| {
        let formula = format!(
            "{} / {}, each summed over the chosen PBXs: means of means would be wrong",
            time.spec().key,
            calls.spec().key
        );
        Panel::stat(
            title,
            &Help {
                shows,
                formula: &formula,
                from: &keys([time, calls]),
                remedy,
            },
        )
        .unit("s", 1)
        .query(&ratio(&now(time), &now(calls)), title)
    };
    let panels = vec![
        count(
            "Inbound calls",
            InboundTotal,
            "Inbound calls in the last $window.",
            "None in working hours: call in from outside, and see Exporter Health.",
        ),
        count(
            "Answered",
            InboundAnswered,
            "Inbound calls in the last $window that were answered.",
            "Far below the inbound calls: see who is logged in.",
        ),
        count(
            "Missed",
            InboundMissed,
            "Inbound calls in the last $window that nobody answered. Abandoned calls and those \
             that went to voicemail are among them, so never add the two.",
            "See that phones are staffed and logged in, and that forwarding leads to somebody.",
        ),
        count(
            "Abandoned",
            InboundAbandoned,
            "Inbound calls in the last $window in which the caller gave up. They are missed \
             calls too.",
            "Judge the rate, not the number: it is on the left.",
        ),
        count(
            "Voicemail",
            TotalVm,
            "Calls in the last $window that went to voicemail.",
            "Somebody has to listen to them: see that somebody does.",
        ),
        mean(
            "Talk time",
            TotalTalkTime,
            TotalAnswered,
            "Time spent talking per answered call, of any direction, in the last $window.",
            "Much longer than usual: something makes calls difficult today. Ask the people on \
             the phones.",
        ),
        mean(
            "Ring time",
            TotalRingTime,
            TotalCall,
            "Time spent ringing per call, of any direction, in the last $window. 8x8 doesn't say \
             what it divides its own avgRingTime by, so the two can differ.",
            "Rising: too few people for the calls.",
        ),
        data_age(),
    ];
    panels.into_iter().map(|panel| panel.size(3, 4)).collect()
}

fn data_age() -> Panel {
    let shows = format!(
        "How old the newest answer of 8x8 for the window $window is. What is older than {FRESH} is \
         not shown here as if it were now."
    );
    Panel::stat(
        "Data age",
        &Help {
            shows: &shows,
            formula: "now less the time of the last good collection; the oldest account's",
            from: &["eightxeight_collection_last_success_timestamp_seconds"],
            remedy: "Amber or red: 8x8 or the exporter fails. See Exporter Health.",
        },
    )
    .unit("s", 0)
    .thresholds(look::age())
    .option("colorMode", "background")
    .no_value("No answer yet")
    .query(&age("", Some(CHOSEN)), "Age")
}
