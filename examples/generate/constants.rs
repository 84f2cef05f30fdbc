//! Thresholds, times and names of the rules. The dashboards have theirs in grafana/config.libsonnet; a test holds the two
//! together.

use eightxeight_exporter::catalogue::Field;

/// The job under which Prometheus scrapes the exporter.
pub(crate) const JOB: &str = "eightxeight";

/// Abandoned inbound calls per inbound call from which the warning fires.
pub(crate) const ABANDON_WARNING: f64 = 0.1;
/// The same from which the critical alert fires.
pub(crate) const ABANDON_CRITICAL: f64 = 0.25;
/// Missed inbound calls per inbound call from which the warning fires. Abandoned calls and those
/// that went to voicemail are missed calls too, hence a multiple of [`ABANDON_WARNING`].
pub(crate) const MISSED_WARNING: f64 = 0.3;
/// A rate over fewer inbound calls says little: two lost of three would be 67 %.
pub(crate) const FEWEST_CALLS: u32 = 20;

/// How long after its last good collection a window's data counts.
pub(crate) const FRESH: &str = "3m";
/// How long a rate's alert carries on without data. After two failed collections the third comes
/// only after some four minutes, more than [`FRESH`], and a spike should not have to start over.
/// Together both stay well below [`RATE_FOR`]: one bad answer, then an outage, fires nothing.
pub(crate) const RATE_BRIDGES: &str = "3m";
/// How long a rate must stand above its threshold.
pub(crate) const RATE_FOR: &str = "10m";
/// How long a rate must stay below its threshold until its alert ends: a rate around the threshold
/// is one alert, not ten, and a restart of the exporter doesn't end one.
pub(crate) const RATE_KEEP_FIRING_FOR: &str = "15m";
/// How far back a PBX must have had a call to be missed: a week, so that each weekday counts.
pub(crate) const CALLS_SEEN_WITHIN: &str = "7d";

/// Age of the newest data from which it is stale, in seconds: the exporter's default
/// `--collect.max-staleness`, after which it shows no calls any more.
pub(crate) const STALE_SECONDS: u32 = 600;
/// How often 8x8 may answer "too many requests" within [`RATE_LIMITED_WITHIN`]: one is waited out.
pub(crate) const RATE_LIMITED_TIMES: u32 = 3;
/// See [`RATE_LIMITED_TIMES`].
pub(crate) const RATE_LIMITED_WITHIN: &str = "30m";

/// The uid of the dashboard for the contact centre's lead.
pub(crate) const OVERVIEW_UID: &str = "eightxeight-overview";
/// The uid of the operator's dashboard.
pub(crate) const EXPORTER_UID: &str = "eightxeight-exporter";

/// Where the runbooks stand in the repository.
pub(crate) const RUNBOOKS: &str = "docs/runbooks.md";

/// The window that no rate alert looks at: a bad morning would keep it firing until midnight.
pub(crate) const NO_ALERT_WINDOW: &str = "today";

/// The recorded form of a field: what fresh exporters say, once per PBX.
pub(crate) fn recorded(field: Field) -> String {
    format!("account_pbx_id_window:{}:max", field.spec().metric)
}

/// The recorded share of `part` in the inbound calls, 0 to 1; absent without calls.
pub(crate) fn recorded_share(part: Field) -> String {
    format!(
        "account_pbx_id_window:{}_per_inbound_calls:ratio",
        part.spec().metric
    )
}
