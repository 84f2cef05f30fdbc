//! The dashboards for Grafana that go with this version, so that whoever has a running exporter has them too.

use std::io::Read as _;

use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use flate2::bufread::GzDecoder;

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
    /// The JSON, compressed by the build.
    packed: &'static [u8],
}

/// All of them.
pub(super) static DASHBOARDS: [Dashboard; 3] = [
    Dashboard {
        path: "/dashboards/overview.json",
        title: "Company Overview",
        answers: "are callers being lost, and is today normal?",
        disposition: "attachment; filename=\"eightxeight-overview.json\"",
        packed: include_bytes!(concat!(env!("OUT_DIR"), "/overview.json.gz")),
    },
    Dashboard {
        path: "/dashboards/pbx.json",
        title: "PBX Detail",
        answers: "what does each of 8x8's numbers say?",
        disposition: "attachment; filename=\"eightxeight-pbx.json\"",
        packed: include_bytes!(concat!(env!("OUT_DIR"), "/pbx.json.gz")),
    },
    Dashboard {
        path: "/dashboards/exporter.json",
        title: "Exporter Health",
        answers: "does it work, and if not, what is to be done?",
        disposition: "attachment; filename=\"eightxeight-exporter.json\"",
        packed: include_bytes!(concat!(env!("OUT_DIR"), "/exporter.json.gz")),
    },
];

impl Dashboard {
    pub(super) fn answer(&self) -> Response {
        let mut json = String::new();
        if let Err(error) = GzDecoder::new(self.packed).read_to_string(&mut json) {
            tracing::error!(%error, dashboard = self.title, "the program's own dashboard can't be unpacked");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let headers = [
            (CONTENT_TYPE, "application/json"),
            (CONTENT_DISPOSITION, self.disposition),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CACHE_CONTROL, "no-cache"),
        ];
        (headers, json).into_response()
    }
}
