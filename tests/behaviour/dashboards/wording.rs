//! What a reader sees and is told: choices, words, colours, thresholds.

use serde_json::{Value, json};

use super::file::{Dashboard, list, targets, text};

#[test]
fn the_choices_come_in_one_order_and_follow_the_reader() {
    for dashboard in Dashboard::all() {
        let names: Vec<_> = dashboard
            .variables()
            .iter()
            .map(|variable| text(variable, "name"))
            .collect();
        assert_eq!(
            names,
            ["datasource", "job", "instance", "account", "pbx", "window"]
        );
        let is_hidden = |name: &str| dashboard.variable(name).unwrap()["hide"] == 2;
        let by_pbx = dashboard.name != "exporter";
        assert_eq!(
            ["pbx", "window"].map(is_hidden),
            [!by_pbx; 2],
            "{}",
            dashboard.name
        );
        assert!(
            !["datasource", "job", "instance", "account"]
                .map(is_hidden)
                .contains(&true)
        );

        let value = |name: &str, key: &str| dashboard.variable(name).unwrap()[key].clone();
        // Without an account label `.+` would find nothing.
        assert_eq!(value("account", "allValue"), ".*");
        assert_eq!(value("pbx", "allValue"), ".+");
        assert_eq!(value("pbx", "multi"), true);
        // Windows overlap.
        assert_eq!(value("window", "multi"), false);
        assert_eq!(value("window", "includeAll"), false);
        assert_eq!(value("window", "current")["value"], "1h");

        let links = list(&dashboard.json["links"]);
        assert_eq!(links.len(), 1);
        assert_eq!(links[0]["tags"], dashboard.json["tags"]);
        assert_eq!(
            [&links[0]["keepTime"], &links[0]["includeVars"]],
            [&json!(true); 2]
        );
        let alerts = list(&dashboard.json["annotations"]["list"]).iter();
        assert_eq!(
            alerts
                .filter(|one| text(one, "expr").starts_with("ALERTS{"))
                .count(),
            1
        );
    }
}

#[test]
fn a_panel_says_what_it_shows_how_it_is_calculated_and_what_to_do() {
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        let description = text(panel, "description");
        for part in ["\n\n**Formula:** ", "\n\n**What to do:** "] {
            let said = description.split_once(part).map(|(_, rest)| rest.trim());
            assert!(said.is_some_and(|said| said.len() > 5), "{part}: {panel}");
        }
        let company = targets(panel)[0].expr.contains("eightxeight_company_");
        let source = if company {
            "\n\n**8x8's fields:** `"
        } else {
            "\n\n**Metrics:** `"
        };
        assert!(description.contains(source), "{source}: {panel}");
        assert!(
            !text(&panel["fieldConfig"]["defaults"], "noValue").is_empty(),
            "{panel}"
        );
    }
}

#[test]
fn a_text_says_what_a_window_is() {
    for dashboard in Dashboard::all()
        .iter()
        .filter(|dashboard| dashboard.name != "exporter")
    {
        let texts = dashboard
            .panels()
            .into_iter()
            .filter(|panel| text(panel, "type") == "text");
        let about = texts.filter(|panel| text(&panel["options"], "content").contains("window"));
        assert_eq!(about.count(), 1, "{}", dashboard.name);
    }
}

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
            assert_eq!(
                steps[0],
                json!({"color": "#6b7280", "value": null}),
                "{panel}"
            );
            looked_at += 1;
        }
        for mapping in list(&panel["fieldConfig"]["defaults"]["mappings"]) {
            assert_eq!(
                text(mapping, "type"),
                "value",
                "only what has a value: {panel}"
            );
        }
        // The last value of a series outlives the data.
        let instant = targets(panel).iter().all(|target| target.instant);
        assert_eq!(instant, text(panel, "type") != "timeseries", "{panel}");
    }
    assert!(looked_at > 30);
}

#[test]
fn abandoned_calls_are_never_stacked_upon_missed_ones() {
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        let company = targets(panel)[0].expr.contains("eightxeight_company_");
        let default = &panel["fieldConfig"]["defaults"]["custom"]["stacking"];
        assert!(!company || default.is_null(), "{panel}");
        let stacked: Vec<_> = list(&panel["fieldConfig"]["overrides"])
            .iter()
            .filter(|rule| {
                let mut properties = list(&rule["properties"]).iter();
                properties.any(|property| text(property, "id") == "custom.stacking")
            })
            .map(|rule| text(&rule["matcher"], "options"))
            .collect();
        assert!(!company || !stacked.contains(&"Abandoned"), "{panel}");
    }
}

/// The numbers that an alert's rules compare a ratio with, in the order of the file.
fn alert_thresholds(alert: &str) -> Vec<f64> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/deploy/prometheus/rules/company.yml"
    );
    let rules = std::fs::read_to_string(path).unwrap();
    let of_alert = rules
        .split("- alert: ")
        .filter(|rule| rule.starts_with(alert));
    of_alert
        .flat_map(|rule| rule.lines().filter(|line| line.contains(":ratio")))
        .map(|line| line.rsplit_once(">= ").unwrap().1.parse().unwrap())
        .collect()
}

#[test]
fn the_colours_change_where_the_alerts_fire() {
    let abandoned = alert_thresholds("EightXEightAbandonRateHigh");
    let missed = alert_thresholds("EightXEightMissedRateHigh");
    assert_eq!((&abandoned[..], missed.len()), (&[0.1, 0.25][..], 1));
    let mut seen = [0, 0];
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        for steps in thresholds(panel) {
            let from = |colour: &str| {
                let step = steps.iter().find(|step| text(step, "color") == colour);
                step.and_then(|step| step["value"].as_f64())
            };
            if from("dark-red").is_some() {
                assert_eq!(from("orange"), Some(0.05), "{panel}");
                assert_eq!(
                    [from("red"), from("dark-red")],
                    [Some(abandoned[0]), Some(abandoned[1])]
                );
                seen[0] += 1;
            } else if from("red").is_some_and(|red| red < 1.0) {
                assert_eq!(from("red"), Some(missed[0]), "{panel}");
                seen[1] += 1;
            }
        }
    }
    assert_eq!(seen, [6, 2]);
}

#[test]
fn rates_over_time_show_their_thresholds_as_dashed_lines() {
    for panel in Dashboard::all().iter().flat_map(Dashboard::queried) {
        if text(panel, "type") != "timeseries" || thresholds(panel).is_empty() {
            continue;
        }
        let style = &panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"];
        assert_eq!(text(style, "mode"), "dashed", "{panel}");
    }
}
