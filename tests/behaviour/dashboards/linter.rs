//! The rules for a dashboard of Prometheus data, after those of Grafana's dashboard-linter. They know no
//! exceptions.

use serde_json::Value;

use super::expression::{Range, Selector, selectors};
use super::file::{Dashboard, Target, list, targets, text};

/// A breach of a rule.
#[derive(Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) rule: &'static str,
    pub(super) place: String,
    pub(super) problem: String,
}

type Report<'a> = dyn FnMut(&str, String) + 'a;

/// A rule and its name.
type Rule = (&'static str, fn(&Dashboard, &mut Report<'_>));

pub(super) const RULES: [Rule; 15] = [
    ("template-datasource", template_datasource),
    ("template-job", |dashboard, report| {
        several(dashboard, "job", "Job", report);
    }),
    ("template-instance", |dashboard, report| {
        several(dashboard, "instance", "Instance", report);
    }),
    ("template-refresh", template_refresh),
    ("template-promql", template_promql),
    ("panel-datasource", panel_datasource),
    ("panel-title-description", panel_title_description),
    ("panel-unit", panel_unit),
    ("panel-targets", panel_targets),
    ("target-promql", target_promql),
    ("target-rate-interval", target_rate_interval),
    ("target-job", |dashboard, report| {
        matcher(dashboard, "job", report);
    }),
    ("target-instance", |dashboard, report| {
        matcher(dashboard, "instance", report);
    }),
    ("target-counter", target_counter),
    ("uneditable", uneditable),
];

/// What the rules find.
pub(super) fn lint(dashboard: &Dashboard) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (rule, check) in RULES {
        check(dashboard, &mut |place, problem| {
            let place = format!("{}: {place}", dashboard.name);
            findings.push(Finding {
                rule,
                place,
                problem,
            });
        });
    }
    findings
}

fn template_datasource(dashboard: &Dashboard, report: &mut Report<'_>) {
    let Some(variable) = dashboard.variable("datasource") else {
        return report("variables", "no variable `datasource`".to_owned());
    };
    for (key, expected) in [
        ("type", "datasource"),
        ("query", "prometheus"),
        ("label", "Data source"),
    ] {
        if text(variable, key) != expected {
            report("datasource", format!("its {key} isn't `{expected}`"));
        }
    }
}

fn several(dashboard: &Dashboard, name: &str, label: &str, report: &mut Report<'_>) {
    let Some(variable) = dashboard.variable(name) else {
        return report("variables", format!("no variable `{name}`"));
    };
    for (key, expected) in [
        ("type", "query".into()),
        ("label", label.into()),
        ("multi", true.into()),
        ("includeAll", true.into()),
        ("allValue", ".+".into()),
        ("datasource", datasource()),
    ] {
        if variable[key] != expected {
            report(name, format!("its {key} isn't {expected}"));
        }
    }
}

fn template_refresh(dashboard: &Dashboard, report: &mut Report<'_>) {
    for variable in dashboard.variables() {
        if text(variable, "type") == "query" && variable["refresh"] != 2 {
            report(
                text(variable, "name"),
                "doesn't refresh on time range change".to_owned(),
            );
        }
    }
}

fn template_promql(dashboard: &Dashboard, report: &mut Report<'_>) {
    for variable in dashboard.variables() {
        if text(variable, "type") != "query" {
            continue;
        }
        let (selected, label) = super::file::selector(variable);
        if label.is_empty() {
            report(
                text(variable, "name"),
                "isn't label_values(selector, label)".to_owned(),
            );
        } else if let Err(error) = selectors(selected) {
            report(text(variable, "name"), error);
        }
    }
}

/// The data source that the reader chose.
fn datasource() -> Value {
    serde_json::json!({"type": "prometheus", "uid": "${datasource}"})
}

fn panel_datasource(dashboard: &Dashboard, report: &mut Report<'_>) {
    for panel in dashboard.queried() {
        let own = std::iter::once(panel).chain(list(&panel["targets"]));
        if own
            .into_iter()
            .any(|place| place["datasource"] != datasource())
        {
            report(
                text(panel, "title"),
                "not of the chosen data source".to_owned(),
            );
        }
    }
}

fn panel_title_description(dashboard: &Dashboard, report: &mut Report<'_>) {
    for panel in dashboard.panels() {
        let described = ["row", "text"].contains(&text(panel, "type"))
            || !text(panel, "description").trim().is_empty();
        if text(panel, "title").trim().is_empty() || !described {
            let place = format!("{} (id {})", text(panel, "title"), panel["id"]);
            report(&place, "no title or no description".to_owned());
        }
    }
}

/// Grafana's ids of the units that are in use here.
const UNITS: [&str; 6] = ["none", "locale", "percentunit", "s", "bytes", "reqpm"];

fn panel_unit(dashboard: &Dashboard, report: &mut Report<'_>) {
    for panel in dashboard.queried() {
        let overrides = list(&panel["fieldConfig"]["overrides"])
            .iter()
            .flat_map(|rule| list(&rule["properties"]))
            .filter(|property| text(property, "id") == "unit")
            .map(|property| text(property, "value"));
        let default = text(&panel["fieldConfig"]["defaults"], "unit");
        for unit in overrides.chain([default]) {
            if !UNITS.contains(&unit) {
                report(text(panel, "title"), format!("`{unit}` is no unit"));
            }
        }
    }
}

fn panel_targets(dashboard: &Dashboard, report: &mut Report<'_>) {
    for panel in dashboard.queried() {
        let targets = targets(panel);
        if targets.is_empty() || targets.iter().any(|target| target.expr.trim().is_empty()) {
            report(text(panel, "title"), "no query, or an empty one".to_owned());
        }
    }
}

fn target_promql(dashboard: &Dashboard, report: &mut Report<'_>) {
    for target in dashboard.targets() {
        if let Err(error) = selectors(&target.expr) {
            report(&target.panel, format!("{error}: {}", target.expr));
        }
    }
}

fn target_rate_interval(dashboard: &Dashboard, report: &mut Report<'_>) {
    for (target, selector) in selected(dashboard) {
        let function = selector.function.as_deref().unwrap_or_default();
        if ["rate", "irate"].contains(&function) && selector.range != Some(Range::RateInterval) {
            report(
                &target.panel,
                format!("{function} without $__rate_interval: {}", target.expr),
            );
        }
    }
}

fn matcher(dashboard: &Dashboard, label: &str, report: &mut Report<'_>) {
    for (target, selector) in selected(dashboard) {
        if !selector.has(label, "=~", &format!("${label}")) {
            let problem = format!(
                r#"{} without {label}=~"${label}": {}"#,
                selector.metric, target.expr
            );
            report(&target.panel, problem);
        }
    }
}

fn target_counter(dashboard: &Dashboard, report: &mut Report<'_>) {
    for (target, selector) in selected(dashboard) {
        let function = selector.function.as_deref().unwrap_or_default();
        if selector.metric.ends_with("_total") && !["rate", "irate", "increase"].contains(&function)
        {
            report(
                &target.panel,
                format!("{} as it is: {}", selector.metric, target.expr),
            );
        }
    }
}

fn uneditable(dashboard: &Dashboard, report: &mut Report<'_>) {
    if dashboard.json["editable"] != false {
        report("dashboard", "can be edited".to_owned());
    }
}

/// The selectors of all queries that can be parsed; those that can't are another rule's.
fn selected(dashboard: &Dashboard) -> Vec<(Target, Selector)> {
    let mut selected = Vec::new();
    for target in dashboard.targets() {
        for selector in selectors(&target.expr).unwrap_or_default() {
            selected.push((target.clone(), selector));
        }
    }
    selected
}

#[test]
fn the_dashboards_break_no_rule() {
    let dashboards = Dashboard::all();
    assert_eq!(dashboards.len(), 3);
    for dashboard in dashboards {
        assert_eq!(lint(&dashboard), [], "{}", dashboard.name);
    }
}
