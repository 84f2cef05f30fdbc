//! A dashboard file, read as far as the tests look into it.

use std::path::PathBuf;

use serde_json::Value;

use crate::fixture::Prometheus;

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
    /// The query.
    pub(super) expr: String,
    /// Whether the panel shows one moment and not a time.
    pub(super) instant: bool,
}

/// What a reader chose, and when.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) instance: &'a str,
    pub(super) pbx: &'a str,
    /// Unix times.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Between two points of a chart, in seconds.
    pub(super) step: i64,
}

impl Choice<'_> {
    /// All that there is, over so many seconds.
    pub(super) fn all(length: i64, to: i64) -> Choice<'static> {
        Choice {
            instance: ".+",
            pbx: ".+",
            from: to - length,
            to,
            step: 60,
        }
    }
}

impl Target {
    /// The query as Grafana sends it.
    pub(super) fn query(&self, choice: &Choice<'_>) -> String {
        let length = choice.to - choice.from;
        substitute(&self.expr, |name| {
            Some(match name {
                "window" => "1h".to_owned(),
                "few_calls" => "20".to_owned(),
                "job" => ".+".to_owned(),
                "account" => ".*".to_owned(),
                "instance" => choice.instance.to_owned(),
                "pbx" => choice.pbx.to_owned(),
                "__interval" => format!("{}s", choice.step),
                "__rate_interval" => format!("{}s", choice.step + 180),
                "__range" => format!("{length}s"),
                "__range_s" => length.to_string(),
                // Of `label_replace`.
                "1" => return None,
                other => panic!("${other} in {}", self.expr),
            })
        })
    }

    /// The series of its answer, over the chosen time or at its end.
    pub(super) async fn ask(
        &self,
        prometheus: &Prometheus,
        choice: &Choice<'_>,
        is_range: bool,
    ) -> Vec<Value> {
        let query = self.query(choice);
        let [from, to, step] =
            [choice.from, choice.to, choice.step].map(|number| number.to_string());
        let range = [
            ("query", &*query),
            ("start", &from),
            ("end", &to),
            ("step", &step),
        ];
        let moment = [("query", &*query), ("time", &to)];
        let data = if is_range {
            prometheus.ask("query_range", &range).await
        } else {
            prometheus.ask("query", &moment).await
        };
        list(&data["result"]).to_vec()
    }
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

    /// What the variables select, each with the label whose values it offers.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = list(&self.json["templating"]["list"]).iter();
        let queries = variables.filter(|variable| text(variable, "type") == "query");
        queries.map(|variable| {
            let query = text(&variable["query"], "query");
            let inside = query.strip_prefix("label_values(").unwrap();
            inside.strip_suffix(')').unwrap().rsplit_once(", ").unwrap()
        })
    }

    /// The queries of annotations.
    pub(super) fn annotations(&self) -> impl Iterator<Item = &str> {
        let annotations = list(&self.json["annotations"]["list"]).iter();
        annotations.filter_map(|annotation| annotation["expr"].as_str())
    }
}

/// The queries of a panel.
pub(super) fn targets(panel: &Value) -> Vec<Target> {
    list(&panel["targets"])
        .iter()
        .map(|target| Target {
            expr: text(target, "expr").to_owned(),
            instant: target["instant"] == true,
        })
        .collect()
}

/// The elements, none where there is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text under a key, empty where there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Each metric of an expression, recorded ones too, and its matchers. The dashboards write no selector without braces.
pub(super) fn selectors(expr: &str) -> Vec<(&str, &str)> {
    let open = expr.match_indices('{').map(|(at, _)| at);
    let selectors = open.map(|at| {
        let name = expr[..at]
            .rfind(|c| !is_name(c) && c != ':')
            .map_or(0, |at| at + 1);
        let end = at + expr[at..].find('}').unwrap();
        (&expr[name..at], &expr[at + 1..end])
    });
    // `${__range}` is none.
    selectors.filter(|(metric, _)| !metric.is_empty()).collect()
}

/// The text with `$name` and `${name}` replaced where there is a value, as Grafana does it.
fn substitute(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let inside = after.strip_prefix('{').unwrap_or(after);
        let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
        let braces = after.len() - inside.len();
        if let Some(value) = value(&inside[..end]) {
            out.push_str(&value);
            rest = &inside[end + braces..];
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
