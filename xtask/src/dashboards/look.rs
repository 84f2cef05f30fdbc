//! Colours and thresholds. The lowest step of each is grey: Grafana paints what has no data with it,
//! and no data is never green.

use serde_json::{Value, json};

use crate::constants::{
    ABANDON_AMBER, ABANDON_CRITICAL, ABANDON_WARNING, FRESH, MISSED_WARNING, STALE_SECONDS,
};

/// What says nothing.
pub(super) const GREY: &str = "#6b7280";
/// As it should be.
pub(super) const GREEN: &str = "green";
/// To be watched.
pub(super) const AMBER: &str = "orange";
/// A warning fires.
pub(super) const RED: &str = "red";
/// A critical alert fires.
pub(super) const DARK_RED: &str = "dark-red";
/// A number that is neither good nor bad.
pub(super) const BLUE: &str = "blue";

/// Grafana's `thresholds`: grey, then each colour from its value on.
pub(super) fn steps(colours: &[(f64, &str)]) -> Value {
    let base = json!({"color": GREY, "value": null});
    let steps = colours
        .iter()
        .map(|(from, colour)| json!({"color": colour, "value": from}));
    let steps: Vec<Value> = std::iter::once(base).chain(steps).collect();
    json!({"mode": "absolute", "steps": steps})
}

/// Abandoned inbound calls per inbound call, as the alerts have it.
pub(super) fn abandon() -> Value {
    steps(&[
        (0.0, GREEN),
        (ABANDON_AMBER, AMBER),
        (ABANDON_WARNING, RED),
        (ABANDON_CRITICAL, DARK_RED),
    ])
}

/// Missed inbound calls per inbound call, as the alert has it. There is no amber below it, and a
/// rate just below a warning isn't green.
pub(super) fn missed() -> Value {
    steps(&[(0.0, "transparent"), (MISSED_WARNING, RED)])
}

/// Age of the newest answer: while it is fresh it counts, and when it is stale the exporter shows it
/// no more.
pub(super) fn age() -> Value {
    let fresh = humantime::parse_duration(FRESH).map_or(0.0, |fresh| fresh.as_secs_f64());
    steps(&[(0.0, GREEN), (fresh, AMBER), (STALE_SECONDS.into(), RED)])
}

/// A number that is neither good nor bad.
pub(super) fn neutral() -> Value {
    steps(&[(0.0, BLUE)])
}

/// Value mappings from 0 and 1 to words, each with its colour.
pub(super) fn words(zero: (&str, &str), one: (&str, &str)) -> Value {
    let word = |(text, color): (&str, &str), index: u8| json!({"text": text, "color": color, "index": index});
    json!([{"type": "value", "options": {"0": word(zero, 0), "1": word(one, 1)}}])
}

/// A colour that no threshold changes.
pub(super) fn fixed(colour: &str) -> Value {
    json!({"mode": "fixed", "fixedColor": colour})
}

/// An override of some properties of all that a matcher finds.
pub(super) fn with(matcher: &str, options: &str, properties: &[(&str, Value)]) -> Value {
    let properties: Vec<Value> = properties
        .iter()
        .map(|(id, value)| json!({"id": id, "value": value}))
        .collect();
    json!({"matcher": {"id": matcher, "options": options}, "properties": properties})
}

/// A line's colour by its name in the legend.
pub(super) fn line(name: &str, colour: &str) -> Value {
    with("byName", name, &[("color", fixed(colour))])
}
