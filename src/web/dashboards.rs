//! The dashboards for Grafana that go with this version, so that whoever has a running exporter has them too.

use std::collections::BTreeSet;
use std::io::{self, Read as _};

use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use flate2::bufread::GzDecoder;
use serde_json::{Value, json};

/// The oldest release of Grafana that has everything the dashboards need.
const GRAFANA: &str = "11.0.0";

/// A dashboard for Grafana.
#[derive(Debug)]
pub struct Dashboard {
    /// Where it is served.
    pub path: &'static str,
    /// What Grafana calls it.
    pub(super) title: &'static str,
    /// Which questions it answers.
    pub(super) answers: &'static str,
    /// The JSON, compressed by the build.
    packed: &'static [u8],
}

/// The dashboards that are served.
pub static DASHBOARDS: [Dashboard; 3] = [
    Dashboard {
        path: "/dashboards/overview.json",
        title: "Company Overview",
        answers: "are callers being lost right now, and is that usual?",
        packed: include_bytes!(concat!(env!("OUT_DIR"), "/overview.json.gz")),
    },
    Dashboard {
        path: "/dashboards/pbx.json",
        title: "PBX Detail",
        answers: "how does one site do, and what does each of 8x8's numbers say?",
        packed: include_bytes!(concat!(env!("OUT_DIR"), "/pbx.json.gz")),
    },
    Dashboard {
        path: "/dashboards/exporter.json",
        title: "Exporter Health",
        answers: "what is wrong, and what is to be done?",
        packed: include_bytes!(concat!(env!("OUT_DIR"), "/exporter.json.gz")),
    },
];

impl Dashboard {
    pub(super) fn answer(&self) -> Response {
        let json = match self.importable() {
            Ok(json) => json,
            Err(error) => {
                tracing::error!(%error, dashboard = self.title, "the program's own dashboard can't be unpacked");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let name = self.path.trim_start_matches("/dashboards/");
        let disposition = format!("attachment; filename=\"eightxeight-{name}\"");
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CONTENT_DISPOSITION, &disposition),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CACHE_CONTROL, "no-cache"),
        ];
        (headers, json).into_response()
    }

    /// The JSON in the form that Grafana's import and grafana.com take: the data source is an input, which whoever
    /// imports it fills in.
    ///
    /// # Errors
    ///
    /// The build packed something else than a dashboard.
    pub fn importable(&self) -> io::Result<String> {
        let mut text = String::new();
        GzDecoder::new(self.packed).read_to_string(&mut text)?;
        let mut dashboard: Value = serde_json::from_str(&text)?;
        let required = required(&dashboard);
        if let Some(datasource) = dashboard.pointer_mut("/templating/list/0/current") {
            let input = "${DS_PROMETHEUS}";
            *datasource = json!({"selected": true, "text": input, "value": input});
        }
        dashboard["id"] = Value::Null;
        dashboard["__elements"] = json!({});
        dashboard["__inputs"] = json!([{
            "name": "DS_PROMETHEUS", "label": "Prometheus", "description": "Scrapes eightxeight-exporter",
            "type": "datasource", "pluginId": "prometheus", "pluginName": "Prometheus",
        }]);
        dashboard["__requires"] = required;
        Ok(format!("{dashboard:#}\n"))
    }
}

/// Grafana, the kind of data source and the kinds of panels that a dashboard needs.
fn required(dashboard: &Value) -> Value {
    let kinds: BTreeSet<&str> = panels(dashboard)
        .flat_map(|panel| panels(panel).chain([panel]))
        .filter_map(|panel| panel["type"].as_str())
        // A row isn't a plugin.
        .filter(|kind| *kind != "row")
        .collect();
    let plugins = kinds.into_iter().map(|kind| {
        let name = match kind {
            "stat" => "Stat",
            "table" => "Table",
            "text" => "Text",
            "timeseries" => "Time series",
            other => other,
        };
        json!({"type": "panel", "id": kind, "name": name, "version": ""})
    });
    let rest = [
        json!({"type": "grafana", "id": "grafana", "name": "Grafana", "version": GRAFANA}),
        json!({"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"}),
    ];
    rest.into_iter().chain(plugins).collect()
}

/// Those of a dashboard, or of a folded row.
fn panels(of: &Value) -> impl Iterator<Item = &Value> {
    of["panels"].as_array().into_iter().flatten()
}
