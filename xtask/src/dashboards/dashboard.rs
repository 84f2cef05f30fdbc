//! A dashboard file: variables, links, annotations, and panels put onto the grid.

use serde_json::{Value, json};

use super::panel::{Panel, datasource};

/// The tag by which the dashboards find each other.
const TAG: &str = "eightxeight";
const COLUMNS: usize = 24;

/// A dashboard.
pub(super) struct Dashboard {
    pub(super) uid: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// The time that is shown at first, up to now.
    pub(super) from: &'static str,
    /// The metric whose labels fill the drop-downs.
    pub(super) labels_of: &'static str,
    /// Whether the reader chooses PBXs and a window.
    pub(super) by_pbx: bool,
    pub(super) sections: Vec<Section>,
}

/// A row's title and its panels.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) collapsed: bool,
    pub(super) panels: Vec<Placed>,
}

/// What stands on the grid.
pub(super) enum Placed {
    /// A panel with queries.
    Panel(Panel),
    /// A text in Markdown.
    Text(Text),
}

/// A text in Markdown.
pub(super) struct Text {
    pub(super) title: &'static str,
    pub(super) content: String,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Section {
    pub(super) fn open(title: &str, panels: Vec<Panel>) -> Section {
        Section {
            title: title.to_owned(),
            collapsed: false,
            panels: panels.into_iter().map(Placed::Panel).collect(),
        }
    }
}

impl Placed {
    fn size(&self) -> (u32, u32) {
        match self {
            Placed::Panel(panel) => (panel.width, panel.height),
            Placed::Text(text) => (text.width, text.height),
        }
    }

    fn json(&self, id: usize, x: u32, y: u32) -> Value {
        match self {
            Placed::Panel(panel) => panel.json(id, x, y),
            Placed::Text(text) => json!({
                "id": id,
                "type": "text",
                "title": text.title,
                "gridPos": {"x": x, "y": y, "w": text.width, "h": text.height},
                "options": {"mode": "markdown", "content": text.content},
            }),
        }
    }
}

impl Dashboard {
    /// As Grafana reads it.
    pub(super) fn json(&self) -> Value {
        json!({
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": 39,
            "version": 1,
            "editable": false,
            "graphTooltip": 1,
            "time": {"from": self.from, "to": "now"},
            "timezone": "browser",
            "refresh": "1m",
            "fiscalYearStartMonth": 0,
            "liveNow": false,
            "links": [{
                "type": "dashboards", "tags": [TAG], "title": "8x8", "tooltip": "The other dashboards, with this time and these choices",
                "icon": "external link", "asDropdown": false, "includeVars": true, "keepTime": true, "targetBlank": false, "url": "",
            }],
            "annotations": {"list": annotations()},
            "templating": {"list": self.variables()},
            "panels": self.panels(),
        })
    }

    fn variables(&self) -> Vec<Value> {
        let metric = self.labels_of;
        let chosen = |labels: &[&str]| {
            let matchers: Vec<_> = labels
                .iter()
                .map(|label| format!(r#"{label}=~"${label}""#))
                .collect();
            format!("{metric}{{{}}}", matchers.join(", "))
        };
        let mut account = many(
            "account",
            "Account",
            &chosen(&["job", "instance"]),
            "account",
        );
        // With a single account there is no such label.
        account["allValue"] = ".*".into();
        let upstream = chosen(&["job", "instance", "account"]);
        let (pbx, window) = if self.by_pbx {
            (upstream.clone(), upstream)
        } else {
            // Nothing here asks for them; a link to the other dashboards hands them on.
            let calls = upstream.replacen(metric, "eightxeight_company_calls", 1);
            (calls.clone(), calls)
        };
        let mut window = query("window", "Window", &window, "window");
        window["current"] = json!({"text": "1h", "value": "1h", "selected": true});
        let mut variables = vec![
            json!({
                "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
                "regex": "", "hide": 0, "refresh": 1, "multi": false, "includeAll": false, "current": {}, "options": [],
            }),
            many("job", "Job", metric, "job"),
            many("instance", "Instance", &chosen(&["job"]), "instance"),
            account,
            many("pbx", "PBX", &pbx, "pbx_id"),
            window,
        ];
        if !self.by_pbx {
            for variable in variables.iter_mut().rev().take(2) {
                variable["hide"] = 2.into();
            }
        }
        variables
    }

    fn panels(&self) -> Vec<Value> {
        let mut panels = Vec::new();
        let (mut y, mut id) = (0, 0);
        let mut next_id = || {
            id += 1;
            id
        };
        for section in &self.sections {
            let row = next_id();
            let (placed, end) = place(&section.panels, y + 1);
            let mut inner: Vec<Value> = section
                .panels
                .iter()
                .zip(placed)
                .map(|(panel, (x, y))| panel.json(next_id(), x, y))
                .collect();
            let inside = if section.collapsed {
                std::mem::take(&mut inner)
            } else {
                Vec::new()
            };
            panels.push(json!({
                "id": row, "type": "row", "title": section.title, "collapsed": section.collapsed,
                "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}, "panels": inside,
            }));
            panels.append(&mut inner);
            y = end;
        }
        panels
    }
}

/// Each panel's column and line, the first free place from the top and then the left, and the line
/// below them all.
fn place(panels: &[Placed], top: u32) -> (Vec<(u32, u32)>, u32) {
    let mut skyline = [top; COLUMNS];
    let mut places = Vec::new();
    for panel in panels {
        let (width, height) = panel.size();
        let width = (width as usize).min(COLUMNS);
        let level = |x: usize| skyline[x..x + width].iter().copied().max().unwrap_or(top);
        let x = (0..=COLUMNS - width).min_by_key(|x| level(*x)).unwrap_or(0);
        let y = level(x);
        skyline[x..x + width].fill(y + height);
        #[allow(clippy::cast_possible_truncation)] // A column.
        places.push((x as u32, y));
    }
    (places, skyline.into_iter().max().unwrap_or(top))
}

fn query(name: &str, label: &str, selector: &str, of: &str) -> Value {
    let query = format!("label_values({selector}, {of})");
    json!({
        "name": name, "label": label, "type": "query", "datasource": datasource(),
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "definition": query, "refresh": 2, "sort": 1, "regex": "", "hide": 0, "skipUrlSync": false,
        "multi": false, "includeAll": false, "current": {}, "options": [],
    })
}

/// A variable that can have several values, at first all.
fn many(name: &str, label: &str, selector: &str, of: &str) -> Value {
    let mut variable = query(name, label, selector, of);
    variable["multi"] = true.into();
    variable["includeAll"] = true.into();
    variable["allValue"] = ".+".into();
    variable["current"] = json!({"text": ["All"], "value": ["$__all"], "selected": true});
    variable
}

/// Alerts about calls have no instance and some about the exporter no PBX, hence the empty alternatives.
fn annotations() -> Value {
    let firing = r#"ALERTS{alertname=~"EightXEight.+", alertstate="firing", job=~"$job", instance=~"$instance|", account=~"$account|", pbx_id=~"$pbx|"}"#;
    json!([
        {
            "builtIn": 1, "name": "Annotations & Alerts", "type": "dashboard", "enable": true, "hide": true,
            "iconColor": "rgba(0, 211, 255, 1)", "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        },
        {
            "name": "Alerts", "enable": true, "hide": false, "iconColor": "red", "datasource": datasource(),
            "expr": firing, "step": "60s", "titleFormat": "{{alertname}} ({{severity}})",
            "textFormat": "{{pbx_id}} {{window}} {{instance}}", "tagKeys": "alertname,pbx_id,window,severity", "useValueForTime": false,
        },
    ])
}
