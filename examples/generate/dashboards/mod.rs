//! The Grafana dashboards, and how Grafana is told of them.
//!
//! [`overview`], [`pbx`] and [`exporter`] say what is on each; [`query`] writes their `PromQL`,
//! [`panel`] and [`look`] their panels, [`dashboard`] the file around them. [`provisioning`] has what Grafana reads at its
//! start.

mod dashboard;
mod exporter;
mod look;
mod overview;
mod panel;
mod pbx;
mod provisioning;
mod query;
mod windows;

use dashboard::Dashboard;

/// Paths from the repository's root, and what belongs there.
pub(crate) fn files() -> Vec<(String, String)> {
    let dashboards = [
        ("overview", overview::dashboard()),
        ("pbx", pbx::dashboard()),
        ("exporter", exporter::dashboard()),
    ];
    let mut files = provisioning::files();
    for (name, dashboard) in dashboards {
        let json = Dashboard::json(&dashboard);
        files.push((format!("grafana/dashboards/{name}.json"), text(&json)));
    }
    files
}

fn text(json: &serde_json::Value) -> String {
    format!("{json:#}\n")
}
