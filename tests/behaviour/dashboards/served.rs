//! What an exporter serves: the same dashboards, whose data source the one who imports them names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::file::{Dashboard, list, text};
use crate::fixture::Exporter;

#[tokio::test]
async fn a_served_dashboard_differs_only_in_what_an_import_needs() {
    let exporter = Exporter::demo(&[]).await;
    for dashboard in Dashboard::all() {
        let path = format!("/dashboards/{}.json", dashboard.name);
        let mut served: Value = exporter.get(&path).await.json().await.unwrap();
        let object = served.as_object_mut().unwrap();
        let inputs = object.remove("__inputs").unwrap();
        let needs = object.remove("__requires").unwrap();
        assert_eq!(object.remove("__elements"), Some(json!({})));
        assert_eq!(object.remove("id"), Some(Value::Null));

        let input = format!("${{{}}}", text(&inputs[0], "name"));
        assert_eq!(list(&inputs).len(), 1);
        assert_eq!(text(&inputs[0], "pluginId"), "prometheus");
        let datasource = &mut served["templating"]["list"][0]["current"];
        assert_eq!(text(datasource, "value"), input);
        *datasource = json!({});
        assert_eq!(served, dashboard.json, "{}", dashboard.name);

        let needed = list(&needs)
            .iter()
            .map(|needed| (text(needed, "type"), text(needed, "id")));
        let panels = dashboard.panels().into_iter();
        let kinds = panels.map(|panel| ("panel", text(panel, "type")));
        let others = [("grafana", "grafana"), ("datasource", "prometheus")];
        assert_eq!(
            needed.collect::<BTreeSet<_>>(),
            kinds
                .filter(|kind| kind.1 != "row")
                .chain(others)
                .collect::<BTreeSet<_>>()
        );
    }
}
