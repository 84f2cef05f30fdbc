//! Thresholds, times and names in the dashboards that are those of the rules.

/// Abandoned inbound calls per inbound call from which a dashboard turns amber.
pub(crate) const ABANDON_AMBER: f64 = 0.05;
/// The same from which the warning fires and a dashboard turns red.
pub(crate) const ABANDON_WARNING: f64 = 0.1;
/// The same from which the critical alert fires and a dashboard turns dark red.
pub(crate) const ABANDON_CRITICAL: f64 = 0.25;
/// Missed inbound calls per inbound call from which the warning fires. Abandoned calls and those
/// that went to voicemail are missed calls too, hence a multiple of [`ABANDON_WARNING`].
pub(crate) const MISSED_WARNING: f64 = 0.3;
/// A rate over fewer inbound calls says little: two lost of three would be 67 %.
pub(crate) const FEWEST_CALLS: u32 = 20;

/// How long after its last good collection a window's data counts.
pub(crate) const FRESH: &str = "3m";
/// Age of the newest data from which it is stale, in seconds: the exporter's default
/// `--collect.max-staleness`, after which it shows no calls any more.
pub(crate) const STALE_SECONDS: u32 = 600;
/// The uid of the dashboard for the contact centre's lead.
pub(crate) const OVERVIEW_UID: &str = "eightxeight-overview";
/// The uid of the operator's dashboard.
pub(crate) const EXPORTER_UID: &str = "eightxeight-exporter";
