//! The metrics of the process: which build it is, and what the system says of it.

use super::account::seconds;
use super::process::write_process;
use exposition::{Kind, Writer};
use jiff::Timestamp;

/// Which build this is.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// The crate's version.
    pub version: &'static str,
    /// The commit it was built from, or `unknown`.
    pub revision: &'static str,
    /// The version of the compiler.
    pub rustversion: &'static str,
}

/// This build.
pub const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    revision: env!("EIGHTXEIGHT_BUILD_REVISION"),
    rustversion: env!("EIGHTXEIGHT_BUILD_RUSTVERSION"),
};

/// How the last attempt to load the configuration went.
#[derive(Clone, Copy, Debug)]
pub struct LastReload {
    /// Whether it worked.
    pub successful: bool,
    /// When the configuration in force was loaded.
    pub loaded: Timestamp,
    /// How many there have been.
    pub number: u64,
}

/// Writes the exporter's families and those of the process.
pub fn write_exporter(writer: &mut Writer, reload: LastReload, is_demo: bool) {
    writer
        .family(
            "eightxeight_exporter_build_info",
            Kind::Gauge,
            "1, with the version, revision and compiler of this build as labels",
        )
        .sample(
            &[
                ("version", BUILD.version),
                ("revision", BUILD.revision),
                ("rustversion", BUILD.rustversion),
            ],
            1.0,
        );
    if is_demo {
        writer
            .family(
                "eightxeight_exporter_demo",
                Kind::Gauge,
                "1 while all numbers come from a simulated 8x8; absent otherwise",
            )
            .sample(&[], 1.0);
    }
    writer
        .family(
            "eightxeight_exporter_config_last_reload_successful",
            Kind::Gauge,
            "1 when the configuration was loaded, 0 when the last attempt to reload it failed",
        )
        .sample(&[], f64::from(u8::from(reload.successful)));
    writer
        .family(
            "eightxeight_exporter_config_last_reload_success_timestamp_seconds",
            Kind::Gauge,
            "When the configuration in force was loaded",
        )
        .sample(&[], seconds(reload.loaded));
    write_process(writer);
}
