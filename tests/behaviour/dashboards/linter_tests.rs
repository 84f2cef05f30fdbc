//! Each rule is broken, and is the one that says so.

use serde_json::{Value, json};

use super::file::Dashboard;
use super::linter::{RULES, lint};

/// A small dashboard that breaks no rule.
fn good() -> Value {
    let prometheus = json!({"type": "prometheus", "uid": "${datasource}"});
    let variable = |name: &str, label: &str, query: &str| {
        json!({
            "name": name, "label": label, "type": "query", "datasource": prometheus, "refresh": 2,
            "multi": true, "includeAll": true, "allValue": ".+", "query": {"query": query},
        })
    };
    let expr = r#"rate(x_total{job=~"$job", instance=~"$instance"}[$__rate_interval])"#;
    let panel = json!({
        "id": 1, "type": "timeseries", "title": "Title", "description": "Description",
        "datasource": prometheus,
        "fieldConfig": {"defaults": {"unit": "s"}, "overrides": [
            {"properties": [{"id": "unit", "value": "bytes"}]},
        ]},
        "targets": [{"expr": expr, "datasource": prometheus}],
    });
    json!({
        "editable": false,
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
            variable("job", "Job", "label_values(up, job)"),
            variable("instance", "Instance", "label_values(up{job=~\"$job\"}, instance)"),
        ]},
        "panels": [{"type": "row", "title": "Row", "panels": [panel]}],
    })
}

const TARGET: &str = "/panels/0/panels/0/targets/0/expr";

/// What is changed, to what, and which rule it breaks.
type Breach = (&'static str, Value, &'static str);

fn breaches() -> Vec<Breach> {
    [of_the_whole(), of_panels(), of_targets()].concat()
}

fn of_the_whole() -> Vec<Breach> {
    vec![
        ("/editable", true.into(), "uneditable"),
        (
            "/templating/list/0/name",
            "ds".into(),
            "template-datasource",
        ),
        (
            "/templating/list/0/label",
            "Source".into(),
            "template-datasource",
        ),
        ("/templating/list/1/name", "jobs".into(), "template-job"),
        ("/templating/list/1/multi", false.into(), "template-job"),
        ("/templating/list/1/allValue", ".*".into(), "template-job"),
        (
            "/templating/list/1/datasource/uid",
            "prometheus".into(),
            "template-job",
        ),
        (
            "/templating/list/2/label",
            "Host".into(),
            "template-instance",
        ),
        ("/templating/list/2/refresh", 1.into(), "template-refresh"),
        (
            "/templating/list/2/query/query",
            "label_values(up{, instance)".into(),
            "template-promql",
        ),
        (
            "/templating/list/2/query/query",
            "label_names()".into(),
            "template-promql",
        ),
    ]
}

fn of_panels() -> Vec<Breach> {
    vec![
        (
            "/panels/0/panels/0/datasource",
            "prometheus".into(),
            "panel-datasource",
        ),
        (
            "/panels/0/panels/0/targets/0/datasource/uid",
            "abc".into(),
            "panel-datasource",
        ),
        ("/panels/0/title", "".into(), "panel-title-description"),
        (
            "/panels/0/panels/0/title",
            "".into(),
            "panel-title-description",
        ),
        (
            "/panels/0/panels/0/description",
            " ".into(),
            "panel-title-description",
        ),
        (
            "/panels/0/panels/0/fieldConfig/defaults/unit",
            "".into(),
            "panel-unit",
        ),
        (
            "/panels/0/panels/0/fieldConfig/defaults/unit",
            "calls".into(),
            "panel-unit",
        ),
        (
            "/panels/0/panels/0/fieldConfig/overrides/0/properties/0/value",
            "calls".into(),
            "panel-unit",
        ),
        ("/panels/0/panels/0/targets", json!([]), "panel-targets"),
    ]
}

fn of_targets() -> Vec<Breach> {
    let expr = |text: &str| Value::from(text);
    vec![
        (TARGET, expr("sum("), "target-promql"),
        (
            TARGET,
            expr(r#"sum(irate(x_total{job=~"$job", instance=~"$instance"}[5m]))"#),
            "target-rate-interval",
        ),
        (
            TARGET,
            expr(r#"x{job="$job", instance=~"$instance"}"#),
            "target-job",
        ),
        (
            TARGET,
            expr(r#"x{job=~"$job", instance=~"$instance"} / y{instance=~"$instance"}"#),
            "target-job",
        ),
        (
            TARGET,
            expr(r#"max_over_time(x{job=~"$job"}[1h])"#),
            "target-instance",
        ),
        (
            TARGET,
            expr(r#"sum(x_total{job=~"$job", instance=~"$instance"})"#),
            "target-counter",
        ),
        (
            TARGET,
            expr(r#"max_over_time(x_total{job=~"$job", instance=~"$instance"}[1h])"#),
            "target-counter",
        ),
    ]
}

fn broken_rules(json: Value) -> Vec<&'static str> {
    let dashboard = Dashboard {
        name: "example".to_owned(),
        json,
    };
    lint(&dashboard)
        .into_iter()
        .map(|finding| finding.rule)
        .collect()
}

#[test]
fn the_example_breaks_no_rule() {
    assert_eq!(broken_rules(good()), [""; 0]);
}

#[test]
fn each_breach_is_found_by_its_rule_alone() {
    for (place, value, rule) in breaches() {
        let mut json = good();
        let changed = json.pointer_mut(place).unwrap();
        assert_ne!(*changed, value, "{place}");
        *changed = value.clone();
        assert_eq!(broken_rules(json), [rule], "{place} = {value}");
    }
}

#[test]
fn each_rule_is_broken_once() {
    for (rule, _) in RULES {
        assert!(
            breaches().iter().any(|(.., breaks)| *breaks == rule),
            "{rule}"
        );
    }
}
