//! Each PBX in a row.

use eightxeight_exporter::catalogue::Field;
use serde_json::json;

use crate::constants::FEWEST_CALLS;
use crate::dashboards::panel::{Help, Panel, keys};
use crate::dashboards::query::{CHOSEN, fresh, ratio, share_of_many};
use crate::dashboards::{look, pbx};

use Field::{
    InboundAbandoned, InboundAnswered, InboundMissed, InboundTotal, TotalAnswered, TotalTalkTime,
    TotalVm,
};

/// The table.
pub(super) fn panel() -> Panel {
    let of = |field| fresh(field, CHOSEN);
    let columns = [
        (
            "Abandon rate",
            share_of_many(&of(InboundAbandoned), &of(InboundTotal)),
        ),
        ("Inbound", of(InboundTotal)),
        ("Answered", of(InboundAnswered)),
        ("Abandoned", of(InboundAbandoned)),
        ("Missed", of(InboundMissed)),
        (
            "Missed rate",
            share_of_many(&of(InboundMissed), &of(InboundTotal)),
        ),
        ("Voicemail", of(TotalVm)),
        ("Talk time", ratio(&of(TotalTalkTime), &of(TotalAnswered))),
    ];
    let formula = format!(
        "abandon rate = abandoned / inbound, missed rate = missed / inbound, both only with at \
         least {FEWEST_CALLS} calls; talk time = totalTalkTime / totalAnswered"
    );
    let mut panel = Panel::table(
        "Each PBX, worst first",
        &Help {
            shows: "The last $window at each PBX. A PBX's name leads to its details.",
            formula: &formula,
            from: &keys([
                InboundTotal,
                InboundAnswered,
                InboundMissed,
                InboundAbandoned,
                TotalVm,
                TotalTalkTime,
                TotalAnswered,
            ]),
            remedy: "Begin at the top.",
        },
    )
    .size(17, 8)
    .unit("locale", 0)
    .no_value("–");
    let mut names = serde_json::Map::new();
    for ((name, expr), letter) in columns.iter().zip('A'..) {
        panel = panel.query(expr, "");
        names.insert(format!("Value #{letter}"), (*name).into());
    }
    names.insert("pbx_id".to_owned(), "PBX".into());
    names.insert("account".to_owned(), "Account".into());
    let hidden = json!({"Time": true, "job": true, "window": true});
    let cell = |name: &str, thresholds| {
        let colour = json!({"type": "color-background", "mode": "basic"});
        look::with(
            "byName",
            name,
            &[
                ("unit", "percentunit".into()),
                ("decimals", 1.into()),
                ("noValue", "few calls".into()),
                ("thresholds", thresholds),
                ("color", json!({"mode": "thresholds"})),
                ("custom.cellOptions", colour),
            ],
        )
    };
    let seconds = [("unit", "s".into()), ("decimals", 1.into())];
    panel
        .transform("merge", &json!({}))
        .transform(
            "organize",
            &json!({"excludeByName": hidden, "renameByName": names, "indexByName": {}}),
        )
        .transform(
            "sortBy",
            &json!({"fields": {}, "sort": [{"field": "Abandon rate", "desc": true}]}),
        )
        .with(look::with("byName", "Talk time", &seconds))
        .with(cell("Abandon rate", look::abandon()))
        .with(cell("Missed rate", look::missed()))
        .with(look::with(
            "byName",
            "PBX",
            &[(
                "links",
                json!([{"title": "Details of this PBX", "url": details()}]),
            )],
        ))
}

/// The dashboard of a row's PBX with the reader's other choices.
fn details() -> String {
    let kept = ["datasource", "job", "instance", "account", "window"];
    let kept = kept.map(|variable| format!("${{{variable}:queryparam}}"));
    format!(
        "/d/{}?${{__url_time_range}}&{}&var-pbx=${{__value.raw:percentencode}}",
        pbx::UID,
        kept.join("&")
    )
}
