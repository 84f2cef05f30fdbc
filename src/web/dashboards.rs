//! The dashboards for Grafana that go with this version, so that whoever has a running exporter has them too.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};

/// A file that Grafana imports. It asks for the Prometheus data source meanwhile.
#[derive(Debug)]
pub(super) struct Dashboard {
    /// Where it is served.
    pub(super) path: &'static str,
    /// What Grafana calls it.
    pub(super) title: &'static str,
    /// Which questions it answers.
    pub(super) answers: &'static str,
    /// What the browser's download is called.
    disposition: &'static str,
    json: &'static str,
}

/// All of them.
pub(super) static DASHBOARDS: [Dashboard; 3] = [
    Dashboard {
        path: "/dashboards/overview.json",
        title: "Company Overview",
        answers: "are callers being lost, and is today normal?",
        disposition: "attachment; filename=\"eightxeight-overview.json\"",
        json: include_str!("../../grafana/grafana.com/overview.json"),
    },
    Dashboard {
        path: "/dashboards/pbx.json",
        title: "PBX Detail",
        answers: "what does each of 8x8's numbers say?",
        disposition: "attachment; filename=\"eightxeight-pbx.json\"",
        json: include_str!("../../grafana/grafana.com/pbx.json"),
    },
    Dashboard {
        path: "/dashboards/exporter.json",
        title: "Exporter Health",
        answers: "does it work, and if not, what is to be done?",
        disposition: "attachment; filename=\"eightxeight-exporter.json\"",
        json: include_str!("../../grafana/grafana.com/exporter.json"),
    },
];

impl Dashboard {
    pub(super) fn answer(&self) -> Response {
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CONTENT_DISPOSITION, self.disposition),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CACHE_CONTROL, "no-cache"),
        ];
        (headers, self.json).into_response()
    }
}
