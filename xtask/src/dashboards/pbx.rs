//! For the analyst: every field of 8x8's answer has a panel. The panels follow from the field table.

use eightxeight_exporter::catalogue::{Field, Unit};

use super::dashboard::{Dashboard, Placed, Section};
use super::look;
use super::panel::{Help, Panel};
use super::query::{CHOSEN, fresh, share_of_many};
use super::windows::windows;
use crate::constants::FEWEST_CALLS;

/// The uid of the analyst's dashboard.
pub(super) const UID: &str = "eightxeight-pbx";

/// The details.
pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        uid: UID,
        title: "8x8 / PBX Detail",
        description: "Every number of 8x8's Company Summary, for each PBX.",
        from: "now-24h",
        labels_of: "eightxeight_company_calls",
        by_pbx: true,
        sections: Group::ALL.into_iter().map(section).collect(),
    }
}

/// Fields that are read together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Inbound,
    Outbound,
    Extensions,
    All,
    Times,
    External,
    Internal,
}

impl Group {
    const ALL: [Group; 7] = [
        Group::Inbound,
        Group::Outbound,
        Group::Extensions,
        Group::All,
        Group::Times,
        Group::External,
        Group::Internal,
    ];

    /// Where a field belongs, by its metric's name, so that a new one finds its place.
    fn of(field: Field) -> Group {
        let name = short_name(field);
        if name.starts_with("external_") {
            Group::External
        } else if name.starts_with("internal_") {
            Group::Internal
        } else if name.starts_with("extension_to_extension_") {
            Group::Extensions
        } else if field.spec().unit == Unit::Milliseconds {
            Group::Times
        } else if name.starts_with("inbound_") {
            Group::Inbound
        } else if name.starts_with("outbound_") {
            Group::Outbound
        } else {
            Group::All
        }
    }

    fn title(self) -> &'static str {
        match self {
            Group::Inbound => "Inbound",
            Group::Outbound => "Outbound",
            Group::Extensions => "Extension to extension",
            Group::All => "All directions and voicemail",
            Group::Times => "Times",
            Group::External => "From and to outside (8x8 may not fill these)",
            Group::Internal => "From and to inside (8x8 may not fill these)",
        }
    }

    /// In every answer that 8x8 has published these are 0 while there are thousands of inbound calls.
    fn is_never_filled(self) -> bool {
        matches!(self, Group::External | Group::Internal)
    }
}

fn short_name(field: Field) -> &'static str {
    let metric = field.spec().metric;
    metric
        .strip_prefix("eightxeight_company_")
        .unwrap_or(metric)
}

fn section(group: Group) -> Section {
    let mut fields: Vec<Field> = Field::ALL
        .into_iter()
        .filter(|field| Group::of(*field) == group)
        .collect();
    // The whole before its parts.
    fields.sort_by_key(|field| !short_name(*field).ends_with("calls"));
    let mut panels: Vec<Panel> = fields
        .into_iter()
        .map(|field| panel(group, field))
        .collect();
    if group == Group::Inbound {
        panels.extend([
            share("Abandon rate", Field::InboundAbandoned, look::abandon()),
            share("Missed rate", Field::InboundMissed, look::missed()),
        ]);
    }
    let text = (group == Group::All).then_some(());
    let width = width(panels.len() + text.iter().len());
    for panel in &mut panels {
        (panel.width, panel.height) = (width, HEIGHT);
    }
    let panels = panels.into_iter().map(Placed::Panel);
    let text = text.map(|()| Placed::Text(windows(width, HEIGHT)));
    Section {
        title: group.title().to_owned(),
        collapsed: group.is_never_filled(),
        panels: panels.chain(text).collect(),
    }
}

const HEIGHT: u32 = 7;

/// Four or three in a line, whichever leaves fewer holes.
fn width(panels: usize) -> u32 {
    let holes = |in_line: usize| panels.next_multiple_of(in_line) - panels;
    if holes(3) < holes(4) { 8 } else { 6 }
}

fn panel(group: Group, field: Field) -> Panel {
    let spec = field.spec();
    let shows = format!("{} in the last $window, for each PBX.", spec.meaning);
    let (unit, decimals) = match spec.unit {
        Unit::Calls => ("locale", Some(0)),
        Unit::Percent => ("percentunit", Some(1)),
        Unit::Milliseconds => ("s", None),
    };
    let conversion = match spec.unit {
        Unit::Calls => "8x8's number as it is",
        Unit::Percent => "8x8's percentage / 100",
        Unit::Milliseconds => "8x8's milliseconds / 1000",
    };
    let formula = format!("{conversion} (`{}`)", spec.metric);
    Panel::lines(
        &title(field),
        &Help {
            shows: &shows,
            formula: &formula,
            from: &[spec.key],
            remedy: remedy(group, field),
        },
    )
    .unit(unit, decimals)
    .bridged()
    .query(&fresh(field, CHOSEN), "{{pbx_id}} {{account}}")
}

/// The meaning, short enough for a narrow panel.
fn title(field: Field) -> String {
    let meaning = field.spec().meaning;
    let end = meaning.find([':', ';', ',']).unwrap_or(meaning.len());
    meaning[..end]
        .replace(" that were ", ", ")
        .replace(" that the caller abandoned", ", abandoned")
}

fn remedy(group: Group, field: Field) -> &'static str {
    let name = short_name(field);
    if group.is_never_filled() {
        "In every answer that 8x8 has published this is 0. Where it is for you too, rest nothing \
         on it."
    } else if name.ends_with("_abandoned") || name.contains("abandoned_time") {
        "Rising: people wait too long or call in vain. Staff the phones, or let calls ring \
         elsewhere."
    } else if name.ends_with("_missed") {
        "Rising: see that phones are staffed and logged in, and where calls are forwarded to. \
         Abandoned calls are among the missed ones, so never add the two."
    } else if name.ends_with("_answered") {
        "Falling while the calls don't: see who is logged in."
    } else if name.contains("ring_time") {
        "Rising: too few people for the calls."
    } else if group == Group::Times {
        "Unlike the usual: ask the people on the phones what is different today."
    } else if name.contains("voicemail") {
        "See that somebody listens to them."
    } else {
        "None in working hours: call in from outside, and see Exporter Health."
    }
}

fn share(title: &str, part: Field, thresholds: serde_json::Value) -> Panel {
    let calls = Field::InboundTotal;
    let formula = format!(
        "{} / {}, where there are at least {FEWEST_CALLS} calls in the window; the threshold of \
         the alert is dashed",
        part.spec().key,
        calls.spec().key
    );
    Panel::lines(
        title,
        &Help {
            shows: "The share of the inbound calls in the last $window, for each PBX.",
            formula: &formula,
            from: &[part.spec().key, calls.spec().key],
            remedy: remedy(Group::Inbound, part),
        },
    )
    .unit("percentunit", 1)
    .dashed(thresholds)
    .custom("axisSoftMax", 0.3)
    .bridged()
    .query(
        &share_of_many(&fresh(part, CHOSEN), &fresh(calls, CHOSEN)),
        "{{pbx_id}} {{account}}",
    )
}
