//! Logs, on standard error.

use std::sync::OnceLock;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, reload};

pub use tracing::Level;

/// How to log.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The least important level that is shown.
    pub level: Level,
    /// In what form.
    pub format: Format,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `level=info msg=…`
    Logfmt,
    /// One JSON object for each line.
    Json,
}

/// The filter of the log in use.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// What the names of this workspace's crates begin with.
const OWN: [&str; 2] = ["eightxeight", "exporter_toolkit"];

/// Starts logging. Only the exporter's own events are shown, at any level: those of the HTTP and TLS
/// libraries can hold headers and URLs.
pub fn install(settings: Settings) {
    let (own, handle) = reload::Layer::new(own(settings.level));
    let layer = match settings.format {
        Format::Logfmt => tracing_logfmt::builder()
            .with_target(false)
            .with_span_name(false)
            .with_span_path(false)
            .layer()
            .with_writer(std::io::stderr)
            .with_filter(own)
            .boxed(),
        Format::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_target(false)
            .with_writer(std::io::stderr)
            .with_filter(own)
            .boxed(),
    };
    // A second call, which only tests make, keeps the first one's settings.
    if tracing_subscriber::registry()
        .with(layer)
        .try_init()
        .is_ok()
    {
        let _ = FILTER.set(handle);
    }
}

/// Changes the least important level that is shown.
pub(crate) fn set_level(level: Level) {
    if let Some(filter) = FILTER.get() {
        // It fails only when there is no log any more.
        let _ = filter.reload(own(level));
    }
}

fn own(level: Level) -> Targets {
    Targets::new().with_targets(OWN.map(|name| (name, level)))
}
