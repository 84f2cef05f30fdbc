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
        let own = details.queried().into_iter().find(|panel| {
            targets(panel).iter().all(|target| {
                let metrics = selectors(&target.expr)
                    .into_iter()
                    .map(|(metric, _)| metric);
                let mut company = metrics.filter(|metric| metric.starts_with(PREFIX));
                company.all(|name| name == own_metric)
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
fn fields_that_8x8_may_not_fill_are_folded_away() {
    let details = dashboard("pbx");
    for row_or_panel in list(&details.json["panels"]) {
        let folded = list(&row_or_panel["panels"]).iter();
        let all = folded.map(|panel| (panel, true));
        for (panel, folded) in all.chain([(row_or_panel, false)]) {
            for target in targets(panel) {
                let unfilled = ["external_", "internal_"]
                    .map(|prefix| target.expr.contains(&format!("{PREFIX}{prefix}")));
                assert_eq!(unfilled.contains(&true), folded, "{}", target.expr);
            }
        }
    }
}

#[test]
fn each_selector_follows_the_choices_and_no_counter_is_shown_as_it_is() {
    for Target { expr, .. } in Dashboard::all().iter().flat_map(Dashboard::targets) {
        let selectors = selectors(&expr);
        let own = selectors
            .iter()
            .filter(|(metric, _)| metric.starts_with("eightxeight_"));
        assert_eq!(
            own.count(),
            expr.matches("eightxeight_").count(),
            "without braces: {expr}"
        );
        for (metric, matchers) in selectors {
            assert!(
                matchers.starts_with(r#"job=~"$job", instance=~"$instance""#),
                "{expr}"
            );
            let mut functions = ["rate", "increase"].iter();
            let is_rate = functions.any(|name| expr.contains(&format!("{name}({metric}{{")));
            assert!(is_rate || !metric.ends_with("_total"), "{expr}");
        }
        let times = |part: &str| expr.matches(part).count();
        assert_eq!(times("rate("), times("[$__rate_interval]"), "{expr}");
    }
}

#[test]
fn calls_are_read_fresh_and_once_for_each_pbx() {
    for target in Dashboard::all().iter().flat_map(Dashboard::targets) {
        let expr = &target.expr;
        let company: Vec<_> = selectors(expr)
            .into_iter()
            .filter(|(metric, _)| metric.starts_with(PREFIX))
            .collect();
        for (_, matchers) in &company {
            for label in [r#"account=~"$account""#, r#"pbx_id=~"$pbx""#, r#"window=""#] {
                assert!(matchers.contains(label), "{expr}");
            }
        }
        let times = |part: &str| expr.matches(part).count();
        for each in [
            "max by (job, account, pbx_id, window) (",
            "(max_over_time(eightxeight_collection_success{",
        ] {
            assert_eq!(times(each), company.len(), "{expr}");
        }
        // Means of means, and means of shares, are wrong.
        assert_eq!(times("avg"), 0, "{expr}");
    }
}
