//! Nothing is left out, and each number is read as it may be read.

use eightxeight::fields::Field;
use eightxeight_exporter::page::{PREFIX, metric};

use super::file::{Dashboard, Target, list, selectors, targets, text};

fn dashboard(name: &str) -> Dashboard {
    let mut all = Dashboard::all().into_iter();
    all.find(|dashboard| dashboard.name == name).unwrap()
}

#[test]
fn each_field_has_a_panel_that_names_it() {
    let details = dashboard("pbx");
    for field in Field::ALL {
        let (spec, own_metric) = (field.spec(), metric(field).name);
        let folded = list(&details.json["panels"])
            .iter()
            .flat_map(|row| list(&row["panels"]));
        let own = folded
            .filter(|panel| text(panel, "type") != "text")
            .find(|panel| {
                targets(panel).iter().all(|target| {
                    let metrics = selectors(&target.expr)
                        .into_iter()
                        .map(|(metric, _)| metric);
                    let mut company = metrics.filter(|metric| metric.starts_with(PREFIX));
                    // A second one says whether there is anything that it is a mean of.
                    company.next() == Some(own_metric)
                })
            });
        let own = own.unwrap_or_else(|| panic!("{field} has no panel of its own"));
        for name in [spec.key, own_metric] {
            let marked = format!("`{name}`");
            assert!(
                text(own, "description").contains(&marked),
                "{marked}: {own}"
            );
        }
    }
}

#[test]
fn each_selector_follows_the_choices_and_no_counter_is_shown_as_it_is() {
    for Target { expr, .. } in Dashboard::all().iter().flat_map(Dashboard::targets) {
        let selectors = selectors(&expr);
        let own = selectors
            .iter()
            .filter(|(metric, _)| metric.contains("eightxeight_"));
        assert_eq!(
            own.count(),
            expr.matches("eightxeight_").count(),
            "without braces: {expr}"
        );
        for (metric, matchers) in selectors {
            // Alerts and what rules record of calls have no instance.
            let chosen = if metric == "ALERTS" || metric.contains(':') {
                r#"job=~"$job"#
            } else {
                r#"job=~"$job", instance=~"$instance""#
            };
            assert!(matchers.contains(chosen), "{expr}");
            let mut functions = ["rate", "increase"].iter();
            let is_rate = functions.any(|name| expr.contains(&format!("{name}({metric}{{")));
            assert!(is_rate || !metric.ends_with("_total"), "{expr}");
        }
        let times = |part: &str| expr.matches(part).count();
        assert_eq!(times("rate("), times("[$__rate_interval]"), "{expr}");
    }
}

#[test]
fn calls_are_read_once_for_each_pbx_as_a_reader_can_edit_it() {
    for target in Dashboard::all().iter().flat_map(Dashboard::targets) {
        let expr = &target.expr;
        let company: Vec<_> = selectors(expr)
            .into_iter()
            .filter(|(metric, _)| metric.starts_with(PREFIX))
            .collect();
        for (_, matchers) in &company {
            for label in [r#"account=~"$account""#, r#"window=""#] {
                assert!(matchers.contains(label), "{expr}");
            }
        }
        // Two exporters of one account see the same calls.
        let times = |part: &str| expr.matches(part).count();
        assert!(times("max by (job, account") >= company.len(), "{expr}");
        // The exporter itself shows no calls that are too old.
        let gated = expr.contains("collection_success") && !company.is_empty();
        assert!(!gated, "{expr}");
        // Means of means, and means of shares, are wrong.
        let of_hours = times("avg_over_time") + times("average_");
        assert_eq!(times("avg") + times("average_"), of_hours, "{expr}");
    }
}
