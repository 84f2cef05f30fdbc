//! The variants for grafana.com: the same dashboards, whose data source the one who imports them names.

use std::collections::BTreeSet;

use super::file::{Dashboard, list, text};

#[test]
fn a_variant_differs_only_in_what_an_import_needs() {
    let variants = Dashboard::in_folder("grafana.com");
    let dashboards = Dashboard::all();
    assert_eq!(variants.len(), dashboards.len());
    for (variant, dashboard) in variants.into_iter().zip(dashboards) {
        assert_eq!(variant.name, dashboard.name);
        let mut json = variant.json;
        let object = json.as_object_mut().unwrap();
        let inputs = object.remove("__inputs").unwrap();
        let needs = object.remove("__requires").unwrap();
        assert!(object.remove("__elements").is_some());
        assert_eq!(object.remove("id"), Some(serde_json::Value::Null));

        let input = format!("${{{}}}", text(&inputs[0], "name"));
        assert_eq!(
            (list(&inputs).len(), text(&inputs[0], "pluginId")),
            (1, "prometheus")
        );
        let datasource = &mut json["templating"]["list"][0]["current"];
        assert_eq!(text(datasource, "value"), input);
        *datasource = serde_json::json!({});
        assert_eq!(json, dashboard.json, "{}", dashboard.name);

        let required = |kind: &str| -> BTreeSet<String> {
            let of_kind = list(&needs)
                .iter()
                .filter(|needed| text(needed, "type") == kind);
            of_kind
                .map(|needed| text(needed, "id").to_owned())
                .collect()
        };
        let kinds = dashboard
            .panels()
            .into_iter()
            .map(|panel| text(panel, "type"));
        let kinds: BTreeSet<String> = kinds
            .filter(|kind| *kind != "row")
            .map(str::to_owned)
            .collect();
        assert_eq!(required("panel"), kinds);
        assert!(required("datasource").contains("prometheus"));
        assert!(required("grafana").contains("grafana"));
    }
}

#[test]
fn what_is_provisioned_needs_no_input() {
    for dashboard in Dashboard::all() {
        for key in ["__inputs", "__requires", "__elements", "id"] {
            assert_eq!(dashboard.json.get(key), None, "{}", dashboard.name);
        }
        assert_eq!(dashboard.json["schemaVersion"], 39);
    }
}
