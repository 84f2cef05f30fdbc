//! The standard metrics of a process, read from `/proc`.
//!
//! The prometheus crate has them too, but counts CPU time in whole seconds, which makes the rate of a
//! program that is mostly idle useless.

use procfs::process::{LimitValue, Process};
use procfs::{ProcError, WithCurrentSystemInfo};

use exposition::{Kind, Writer};

/// Writes the families that the system tells; without `/proc` there are none.
#[allow(clippy::cast_precision_loss)] // Memory and descriptors stay far below 2^53.
pub(super) fn write_process(writer: &mut Writer) {
    let mut write = |name: &str, kind: Kind, help: &str, value: Option<f64>| {
        if let Some(value) = value {
            writer.family(name, kind, help).sample(&[], value);
        }
    };
    let Ok(process) = Process::myself() else {
        return;
    };
    let Ok(stat) = process.stat() else { return };
    let ticks = procfs::ticks_per_second() as f64;
    let limits = process.limits().ok();
    let soft = |limit: &procfs::process::Limit| match limit.soft_limit {
        LimitValue::Value(value) => value as f64,
        // As the Go client has it, so that nobody's expressions meet an infinity.
        LimitValue::Unlimited => u64::MAX as f64,
    };
    write(
        "process_cpu_seconds_total",
        Kind::Counter,
        "User and system CPU time spent, in seconds",
        Some((stat.utime + stat.stime) as f64 / ticks),
    );
    write(
        "process_open_fds",
        Kind::Gauge,
        "Open file descriptors",
        process.fd_count().ok().map(|count| count as f64),
    );
    write(
        "process_max_fds",
        Kind::Gauge,
        "Most file descriptors that may be open",
        limits.as_ref().map(|limits| soft(&limits.max_open_files)),
    );
    write(
        "process_virtual_memory_bytes",
        Kind::Gauge,
        "Virtual memory, in bytes",
        Some(stat.vsize as f64),
    );
    write(
        "process_virtual_memory_max_bytes",
        Kind::Gauge,
        "Most virtual memory that may be used, in bytes",
        limits
            .as_ref()
            .map(|limits| soft(&limits.max_address_space)),
    );
    write(
        "process_resident_memory_bytes",
        Kind::Gauge,
        "Resident memory, in bytes",
        Some(stat.rss_bytes().get() as f64),
    );
    write(
        "process_threads",
        Kind::Gauge,
        "Threads",
        Some(stat.num_threads as f64),
    );
    write(
        "process_start_time_seconds",
        Kind::Gauge,
        "When the process started, in Unix time",
        started(stat.starttime as f64 / ticks).ok(),
    );
}

/// The Unix time that lies `since_boot` seconds after the system's boot.
#[allow(clippy::cast_precision_loss)] // Seconds since 1970.
fn started(since_boot: f64) -> Result<f64, ProcError> {
    Ok(procfs::boot_time_secs()? as f64 + since_boot)
}
