//! Nothing is left out, and each number is read as it may be read.

use eightxeight_exporter::catalogue::{Field, PREFIX};

use super::expression::selectors;
use super::file::{Dashboard, list, targets, text};

fn dashboard(name: &str) -> Dashboard {
    let mut all = Dashboard::all().into_iter();
    all.find(|dashboard| dashboard.name == name).unwrap()
}

#[test]
fn each_field_has_a_panel_that_names_it() {
    let details = dashboard("pbx");
    for field in Field::ALL {
        let spec = field.spec();
        let own = details.queried().into_iter().find(|panel| {
            targets(panel).iter().all(|target| {
                let metrics = selectors(&target.expr).unwrap();
                let mut company = metrics.iter().filter(|one| one.metric.starts_with(PREFIX));
                company.all(|selector| selector.metric == spec.metric)
            })
        });
        let own = own.unwrap_or_else(|| panic!("{field} has no panel of its own"));
        for name in [spec.key, spec.metric] {
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
    for row in list(&dashboard("pbx").json["panels"]) {
        let unfilled = list(&row["panels"])
            .iter()
            .map(|panel| targets(panel)[0].expr.clone());
        for expr in unfilled {
            assert!(
                expr.contains("_company_external_") || expr.contains("_company_internal_"),
                "{expr}"
            );
        }
    }
    let open = dashboard("pbx");
    for panel in list(&open.json["panels"]) {
        for target in targets(panel) {
            assert!(
                !target.expr.contains("_company_external_"),
                "{}",
                target.expr
            );
            assert!(
                !target.expr.contains("_company_internal_"),
                "{}",
                target.expr
            );
        }
    }
}

#[test]
fn calls_are_read_fresh_and_once_for_each_pbx() {
    for target in Dashboard::all().iter().flat_map(Dashboard::targets) {
        let selectors = selectors(&target.expr).unwrap();
        let company: Vec<_> = selectors
            .iter()
            .filter(|selector| selector.metric.starts_with(PREFIX))
            .collect();
        for selector in &company {
            assert!(selector.has("account", "=~", "$account"), "{}", target.expr);
            assert!(selector.has("pbx_id", "=~", "$pbx"), "{}", target.expr);
            assert!(
                selector
                    .matchers
                    .iter()
                    .any(|(label, operator, _)| label == "window" && *operator == "=")
            );
            let function = selector.function.as_deref();
            assert!(
                matches!(function, None | Some("last_over_time")),
                "{}",
                target.expr
            );
        }
        let times = |part: &str| target.expr.matches(part).count();
        assert_eq!(
            times("max by (job, account, pbx_id, window) ("),
            company.len(),
            "{}",
            target.expr
        );
        let guards = selectors
            .iter()
            .filter(|selector| selector.function.as_deref() == Some("max_over_time"));
        assert_eq!(guards.count(), company.len(), "{}", target.expr);
        // Means of means, and means of shares, are wrong.
        assert_eq!(times("avg"), 0, "{}", target.expr);
    }
}

#[test]
fn panels_use_no_recorded_series() {
    for dashboard in Dashboard::all() {
        let panels = dashboard.targets().into_iter().map(|target| target.expr);
        for expr in panels.chain(dashboard.other_queries()) {
            for selector in selectors(&expr).unwrap() {
                assert!(!selector.metric.contains(':'), "{expr}");
            }
        }
    }
}

#[test]
fn totals_are_sums_of_readings_an_hour_apart() {
    let totals: Vec<_> = dashboard("overview")
        .targets()
        .into_iter()
        .filter(|target| {
            target.expr.contains("sum_over_time") || target.expr.contains("count_over_time")
        })
        .collect();
    assert_eq!(totals.len(), 6, "{totals:#?}");
    for target in totals {
        assert!(
            target.expr.contains("[${__range}:1h] offset -1s"),
            "{}",
            target.expr
        );
        for selector in selectors(&target.expr).unwrap() {
            assert!(selector.has("window", "=", "1h"), "{}", target.expr);
        }
    }
}
