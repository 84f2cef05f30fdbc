//! One panel: what it asks, how it looks, and what its reader is told.

use serde_json::{Map, Value, json};

use eightxeight_exporter::catalogue::Field;

use super::look;

/// A panel.
#[derive(Clone)]
pub(super) struct Panel {
    kind: &'static str,
    title: String,
    description: String,
    /// In columns, of which there are 24.
    pub(super) width: u32,
    /// In Grafana's rows of 30 pixels and a gap.
    pub(super) height: u32,
    targets: Vec<Value>,
    defaults: Map<String, Value>,
    custom: Map<String, Value>,
    overrides: Vec<Value>,
    options: Map<String, Value>,
    transformations: Vec<Value>,
}

/// What a reader is told about a panel.
pub(super) struct Help<'a> {
    /// What is shown.
    pub(super) shows: &'a str,
    /// How it is calculated.
    pub(super) formula: &'a str,
    /// Out of what: 8x8's fields, or the exporter's metrics.
    pub(super) from: &'a [&'a str],
    /// What to do when it looks bad.
    pub(super) remedy: &'a str,
}

/// The names of fields as 8x8 has them.
pub(super) fn keys<const N: usize>(fields: [Field; N]) -> [&'static str; N] {
    fields.map(|field| field.spec().key)
}

impl Panel {
    fn new(kind: &'static str, title: &str, help: &Help<'_>) -> Panel {
        let from: Vec<String> = help.from.iter().map(|name| format!("`{name}`")).collect();
        let source = if help.from.iter().any(|name| Field::from_key(name).is_some()) {
            "8x8's fields"
        } else {
            "Metrics"
        };
        Panel {
            kind,
            title: title.to_owned(),
            description: format!(
                "{}\n\n**Formula:** {}\n\n**{source}:** {}\n\n**What to do:** {}",
                help.shows,
                help.formula,
                from.join(", "),
                help.remedy
            ),
            width: 6,
            height: 8,
            targets: Vec::new(),
            defaults: Map::new(),
            custom: Map::new(),
            overrides: Vec::new(),
            options: Map::new(),
            transformations: Vec::new(),
        }
        .default("noValue", "No data")
    }

    /// A number. It is asked for as it is now: the last of a series would outlive the data.
    pub(super) fn stat(title: &str, help: &Help<'_>) -> Panel {
        Panel::new("stat", title, help)
            .thresholds(look::neutral())
            .option("colorMode", "value")
            .option("graphMode", "none")
            .option("justifyMode", "center")
            .option("textMode", "auto")
            .option("reduceOptions", now())
    }

    /// A row for each PBX, or whatever its queries have in common.
    pub(super) fn table(title: &str, help: &Help<'_>) -> Panel {
        Panel::new("table", title, help)
            .thresholds(look::neutral())
            .custom("minWidth", 60)
            .option("cellHeight", "sm")
            .option("showHeader", true)
    }

    /// Lines over time.
    pub(super) fn lines(title: &str, help: &Help<'_>) -> Panel {
        let custom = json!({
            "drawStyle": "line", "lineWidth": 2, "fillOpacity": 5, "showPoints": "auto",
            "spanNulls": false, "axisSoftMin": 0, "thresholdsStyle": {"mode": "off"},
        });
        let mut panel = Panel::new("timeseries", title, help)
            .option(
                "legend",
                json!({"showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": []}),
            )
            .option("tooltip", json!({"mode": "multi", "sort": "desc"}))
            .default("color", json!({"mode": "palette-classic"}));
        if let Value::Object(custom) = custom {
            panel.custom = custom;
        }
        panel
    }

    pub(super) fn size(mut self, width: u32, height: u32) -> Panel {
        (self.width, self.height) = (width, height);
        self
    }

    /// A unit by Grafana's id, and how many decimals are worth showing if Grafana isn't to choose.
    pub(super) fn unit(self, unit: &str, decimals: impl Into<Option<u32>>) -> Panel {
        let panel = self.default("unit", unit);
        match decimals.into() {
            Some(decimals) => panel.default("decimals", decimals),
            None => panel,
        }
    }

    /// A query of a line over time, named as in `legend`.
    pub(super) fn query(self, expr: &str, legend: &str) -> Panel {
        let range = self.kind == "timeseries";
        let format = if self.kind == "table" {
            "table"
        } else {
            "time_series"
        };
        self.target(json!({
            "expr": expr, "legendFormat": legend, "format": format,
            "range": range, "instant": !range,
        }))
    }

    fn target(mut self, mut target: Value) -> Panel {
        let id = (b'A'..=b'Z')
            .nth(self.targets.len())
            .map_or('Z', char::from);
        target["refId"] = id.to_string().into();
        target["datasource"] = datasource();
        target["editorMode"] = "code".into();
        self.targets.push(target);
        self
    }

    pub(super) fn thresholds(self, thresholds: Value) -> Panel {
        self.default("thresholds", thresholds)
            .default("color", json!({"mode": "thresholds"}))
    }

    /// Lines go on over holes of an hour: points that `backfill` wrote are so far apart.
    pub(super) fn bridged(self) -> Panel {
        const HOUR_AND_A_MINUTE_IN_MS: u32 = 3_660_000;
        self.custom("spanNulls", HOUR_AND_A_MINUTE_IN_MS)
    }

    /// Thresholds as dashed lines, but none along the axis; the series keep their own colours.
    pub(super) fn dashed(self, mut thresholds: Value) -> Panel {
        if let Some(steps) = thresholds["steps"].as_array_mut() {
            steps.retain(|step| step["value"] != 0.0);
        }
        self.default("thresholds", thresholds)
            .custom("thresholdsStyle", json!({"mode": "dashed"}))
    }

    pub(super) fn no_value(self, text: &str) -> Panel {
        self.default("noValue", text)
    }

    pub(super) fn default(mut self, name: &str, value: impl Into<Value>) -> Panel {
        self.defaults.insert(name.to_owned(), value.into());
        self
    }

    /// A property that only this kind of panel has.
    pub(super) fn custom(mut self, name: &str, value: impl Into<Value>) -> Panel {
        self.custom.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn option(mut self, name: &str, value: impl Into<Value>) -> Panel {
        self.options.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn with(mut self, rule: Value) -> Panel {
        self.overrides.push(rule);
        self
    }

    pub(super) fn transform(mut self, id: &str, options: &Value) -> Panel {
        self.transformations
            .push(json!({"id": id, "options": options}));
        self
    }

    /// As Grafana stores it.
    pub(super) fn json(&self, id: usize, x: u32, y: u32) -> Value {
        let mut defaults = self.defaults.clone();
        defaults.insert("custom".to_owned(), self.custom.clone().into());
        json!({
            "id": id,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": datasource(),
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": self.targets,
            "fieldConfig": {"defaults": defaults, "overrides": self.overrides},
            "options": self.options,
            "transformations": self.transformations,
        })
    }
}

/// The data source that the reader chose.
pub(super) fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

fn now() -> Value {
    json!({"calcs": ["lastNotNull"], "fields": "", "values": false})
}
