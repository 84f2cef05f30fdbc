//! The grid, and what must be there once.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::file::{Dashboard, list, text};

/// Left, top, right, bottom.
fn area(panel: &Value) -> [u64; 4] {
    let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
    assert!(w > 0 && h > 0 && x + w <= 24, "{panel}");
    [x, y, x + w, y + h]
}

fn overlaps(panels: &[&Value]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, one) in panels.iter().enumerate() {
        for other in &panels[index + 1..] {
            let ([left, top, right, bottom], there) = (area(one), area(other));
            let beside = right <= there[0] || there[2] <= left;
            let apart = bottom <= there[1] || there[3] <= top;
            if !beside && !apart {
                found.push(format!(
                    "{} and {}",
                    text(one, "title"),
                    text(other, "title")
                ));
            }
        }
    }
    found
}

fn twice<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    values
        .into_iter()
        .filter(|value| !seen.insert(*value))
        .collect()
}

#[test]
fn no_panel_covers_another() {
    for dashboard in Dashboard::all() {
        assert_eq!(overlaps(&dashboard.panels()), [""; 0], "{}", dashboard.name);
    }
    let at = |x: u32, y: u32| json!({"title": "", "gridPos": {"x": x, "y": y, "w": 6, "h": 4}});
    let [first, beside, over] = [at(0, 0), at(6, 0), at(5, 3)];
    assert_eq!(overlaps(&[&first, &beside]).len(), 0);
    assert_eq!(overlaps(&[&first, &beside, &over]).len(), 2);
}

#[test]
fn folded_rows_hold_their_panels_and_open_ones_are_followed_by_theirs() {
    for dashboard in Dashboard::all() {
        for row in list(&dashboard.json["panels"]) {
            let folded = row["collapsed"] == true;
            assert_eq!(
                folded,
                !list(&row["panels"]).is_empty(),
                "{}",
                text(row, "title")
            );
        }
    }
}

#[test]
fn ids_and_titles_are_unique() {
    assert_eq!(twice(["a", "b", "a"]), ["a"]);
    for dashboard in Dashboard::all() {
        let panels = dashboard.panels();
        let ids: Vec<String> = panels.iter().map(|panel| panel["id"].to_string()).collect();
        assert!(
            ids.iter()
                .all(|id| id.parse::<u32>().is_ok_and(|id| id > 0))
        );
        assert_eq!(
            twice(ids.iter().map(String::as_str)),
            [""; 0],
            "{}",
            dashboard.name
        );
        let titles = panels.iter().map(|panel| text(panel, "title"));
        assert_eq!(twice(titles), [""; 0], "{}", dashboard.name);
        for panel in panels {
            let targets = list(&panel["targets"]);
            let ids = targets.iter().map(|target| text(target, "refId"));
            assert_eq!(twice(ids), [""; 0], "{}", text(panel, "title"));
        }
    }
    let dashboards = Dashboard::all();
    let uids: Vec<_> = dashboards
        .iter()
        .map(|dashboard| text(&dashboard.json, "uid"))
        .collect();
    assert_eq!(
        uids,
        [
            "eightxeight-exporter",
            "eightxeight-overview",
            "eightxeight-pbx"
        ]
    );
}
