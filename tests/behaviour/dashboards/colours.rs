//! Colours: they change where the alerts fire, and no data is never green.

use serde::Deserialize;
use serde_json::{Value, json};

use super::file::{Dashboard, list, targets, text};

/// All thresholds of a panel.
fn thresholds(panel: &Value) -> Vec<&[Value]> {
    let overrides = list(&panel["fieldConfig"]["overrides"])
        .iter()
        .flat_map(|rule| list(&rule["properties"]))
        .filter(|property| text(property, "id") == "thresholds")
        .map(|property| &property["value"]);
    let default = &panel["fieldConfig"]["defaults"]["thresholds"];
    let all = overrides.chain((!default.is_null()).then_some(default));
    all.map(|thresholds| list(&thresholds["steps"])).collect()
}

/// The value from which a colour is shown.
fn from(steps: &[Value], colour: &str) -> Option<f64> {
    let step = steps.iter().find(|step| text(step, "color") == colour);
    step.and_then(|step| step["value"].as_f64())
}

#[test]
fn no_data_is_never_green() {
    let mut looked_at = 0;
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        let coloured = ["stat", "table"].contains(&text(panel, "type"));
        assert!(
            !coloured || !thresholds(panel).is_empty(),
            "Grafana's default is green: {panel}"
        );
        for steps in thresholds(panel) {
            // Grafana paints what has no value with the lowest step.
            let grey = json!({"color": "#6b7280", "value": null});
            let none = json!({"color": "transparent", "value": null});
            assert!([grey, none].contains(&steps[0]), "{panel}");
            looked_at += 1;
        }
        for mapping in list(&panel["fieldConfig"]["defaults"]["mappings"]) {
            // Only what has a value.
            assert_eq!(text(mapping, "type"), "value", "{panel}");
        }
        // The last value of a series outlives the data.
        let instant = targets(panel).iter().all(|target| target.instant);
        assert!(instant || text(panel, "type") == "timeseries", "{panel}");
        let says = text(&panel["fieldConfig"]["defaults"], "noValue");
        assert!(says.len() > 5, "nothing to read without data: {panel}");
    }
    assert!(looked_at > 30);
}

#[test]
fn only_what_adds_up_is_stacked() {
    let mut stacked = 0;
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        let company = targets(panel)[0].expr.contains("eightxeight_company_");
        let defaults = &panel["fieldConfig"]["defaults"]["custom"]["stacking"];
        let is_stacked =
            text(defaults, "mode") == "normal" || text(&panel["options"], "stacking") == "normal";
        if company && is_stacked {
            let overrides = list(&panel["fieldConfig"]["overrides"]).iter();
            let names = overrides.map(|rule| text(&rule["matcher"], "options"));
            let parts = ["Answered", "Rang out or voicemail", "Abandoned"];
            assert_eq!(names.take(3).collect::<Vec<_>>(), parts, "{panel}");
            stacked += 1;
        }
    }
    assert_eq!(stacked, 3);
}

#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(alias = "alert")]
    record: String,
    expr: String,
}

/// The expressions of an alert or a recorded series, in the order of the shipped rules.
fn rules(name: &str) -> Vec<String> {
    let read = |file: &str| -> Rules {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/prometheus/rules/");
        let text = std::fs::read_to_string(folder.to_owned() + file).unwrap();
        serde_saphyr::from_str(&text).unwrap()
    };
    let groups = ["company.yml", "exporter.yml"]
        .map(read)
        .into_iter()
        .flat_map(|file| file.groups);
    groups
        .flat_map(|group| group.rules)
        .filter(|rule| rule.record == name)
        .map(|rule| rule.expr)
        .collect()
}

/// From which rate on the alerts fire where nothing is usual yet, by what is lost: abandoned or missed.
fn thresholds_of_alerts(lost: &str) -> Vec<f64> {
    let inbound = "eightxeight_company_inbound_calls";
    let name = format!("account_pbx_id:{inbound}_{lost}_per_inbound_calls:threshold");
    let always = format!("0 * {inbound} + ");
    let rules = rules(&name).into_iter();
    rules.map(|rule| after(&rule, &always)).collect()
}

/// The number right behind a piece of a text.
fn after(text: &str, piece: &str) -> f64 {
    let (_, rest) = text.split_once(piece).unwrap();
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    rest[..end.unwrap_or(rest.len())].parse().unwrap()
}

#[test]
fn the_colours_change_where_the_alerts_fire() {
    let [warning, critical] = thresholds_of_alerts("abandoned")[..] else {
        panic!("the rules have another form");
    };
    let missed_warning = thresholds_of_alerts("missed")[0];
    assert!(0.0 < warning && warning < critical && warning < missed_warning);
    let mut seen = [0, 0];
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        for steps in thresholds(panel) {
            let red = from(steps, "red");
            if let Some(dark_red) = from(steps, "dark-red") {
                assert!(from(steps, "orange") < red, "{panel}");
                assert_eq!((red, dark_red), (Some(warning), critical), "{panel}");
                seen[0] += 1;
            } else if red.is_some_and(|red| red < 1.0) {
                assert_eq!(red, Some(missed_warning), "{panel}");
                seen[1] += 1;
            }
        }
    }
    assert!(seen[0] >= 8 && seen[1] >= 1, "{seen:?}");
}

#[test]
fn old_data_are_what_the_alerts_take_for_it() {
    let stale = after(&rules("EightXEightDataStale")[0], "_seconds > ");
    let mut seen = 0;
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        if text(panel, "title").starts_with("Data age") {
            let steps = thresholds(panel)[0];
            assert_eq!(from(steps, "orange"), Some(180.0), "{panel}");
            assert_eq!(from(steps, "red"), Some(stale), "{panel}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}
