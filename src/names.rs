//! What the exporter calls the settings that the remedies for failed requests name.

use eightxeight::Names;

pub(crate) const NAMES: Names = Names {
    program: "the exporter",
    url: "--api.url",
    username: "--api.username",
    pbx_ids: "--api.pbx-id",
    timeout: "--api.timeout",
    ca_file: "--api.ca-file",
    interval: "--collect.interval",
    time_zone: "--collect.time-zone",
};

/// The header `User-Agent` of all requests to 8x8.
pub(crate) const USER_AGENT: &str = concat!("eightxeight-exporter/", env!("CARGO_PKG_VERSION"));
