//! A dashboard file, read as far as the tests look into it.

use std::path::PathBuf;

use serde_json::Value;

/// A dashboard.
pub(super) struct Dashboard {
    /// The file's name without its ending.
    pub(super) name: String,
    /// What is in it.
    pub(super) json: Value,
}

/// A query of a panel.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The panel's title.
    pub(super) panel: String,
    /// The query.
    pub(super) expr: String,
    /// Whether the panel shows one moment and not a time.
    pub(super) instant: bool,
}

impl Dashboard {
    /// The three, in the order of their names.
    pub(super) fn all() -> Vec<Dashboard> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/grafana/dashboards");
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
            .into_iter()
            .map(|path| Dashboard {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                json: serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap(),
            })
            .collect()
    }

    /// All panels and rows, those inside folded rows too.
    pub(super) fn panels(&self) -> Vec<&Value> {
        let mut panels = Vec::new();
        for panel in list(&self.json["panels"]) {
            panels.push(panel);
            panels.extend(list(&panel["panels"]));
        }
        panels
    }

    /// The panels that ask Prometheus.
    pub(super) fn queried(&self) -> Vec<&Value> {
        let silent = ["row", "text"];
        let mut panels = self.panels();
        panels.retain(|panel| !silent.contains(&text(panel, "type")));
        panels
    }

    pub(super) fn targets(&self) -> Vec<Target> {
        self.queried().into_iter().flat_map(targets).collect()
    }

    pub(super) fn variables(&self) -> &[Value] {
        list(&self.json["templating"]["list"])
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Value> {
        self.variables()
            .iter()
            .find(|variable| text(variable, "name") == name)
    }

    /// The queries of variables and annotations.
    pub(super) fn other_queries(&self) -> Vec<String> {
        let variables = self
            .variables()
            .iter()
            .filter(|variable| text(variable, "type") == "query")
            .map(|variable| selector(variable).0.to_owned());
        let annotations = list(&self.json["annotations"]["list"])
            .iter()
            .filter_map(|annotation| annotation["expr"].as_str())
            .map(str::to_owned);
        variables.chain(annotations).collect()
    }
}

/// The queries of a panel.
pub(super) fn targets(panel: &Value) -> Vec<Target> {
    list(&panel["targets"])
        .iter()
        .map(|target| Target {
            panel: text(panel, "title").to_owned(),
            expr: text(target, "expr").to_owned(),
            instant: target["instant"] == true,
        })
        .collect()
}

/// What a query variable selects, and the label whose values it offers.
pub(super) fn selector(variable: &Value) -> (&str, &str) {
    let query = text(&variable["query"], "query");
    query
        .strip_prefix("label_values(")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|inside| inside.rsplit_once(", "))
        .unwrap_or_default()
}

/// The elements, none where there is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text under a key, empty where there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
