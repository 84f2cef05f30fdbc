//! The form in which grafana.com and Grafana's own import take a dashboard: which data source it
//! needs is an input that the one who imports it answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

const INPUT: &str = "DS_PROMETHEUS";
/// The release for whose panels these are written.
const GRAFANA: &str = "11.0.0";

/// The dashboard for grafana.com.
pub(super) fn variant(dashboard: &Value) -> Value {
    let mut variant = dashboard.clone();
    if let Some(datasource) = variant.pointer_mut("/templating/list/0") {
        let value = format!("${{{INPUT}}}");
        datasource["current"] = json!({"selected": true, "text": value, "value": value});
    }
    variant["id"] = Value::Null;
    variant["__elements"] = json!({});
    variant["__inputs"] = json!([{
        "name": INPUT, "label": "Prometheus", "type": "datasource", "pluginId": "prometheus",
        "pluginName": "Prometheus", "description": "Scrapes eightxeight-exporter",
    }]);
    let panels = kinds(dashboard)
        .into_iter()
        .map(|kind| json!({"type": "panel", "id": kind, "name": name(&kind), "version": ""}));
    let needed = [
        json!({"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA}),
        json!({"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"}),
    ];
    variant["__requires"] = needed.into_iter().chain(panels).collect();
    variant
}

/// Kinds of panel, those inside folded rows too. A row isn't a plugin.
fn kinds(dashboard: &Value) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    let panels = |of: &Value| of["panels"].as_array().cloned().unwrap_or_default();
    for panel in panels(dashboard) {
        for panel in panels(&panel).iter().chain([&panel]) {
            kinds.extend(
                panel["type"]
                    .as_str()
                    .filter(|kind| *kind != "row")
                    .map(str::to_owned),
            );
        }
    }
    kinds
}

/// What Grafana calls it.
fn name(kind: &str) -> &str {
    match kind {
        "stat" => "Stat",
        "table" => "Table",
        "text" => "Text",
        "timeseries" => "Time series",
        other => other,
    }
}
