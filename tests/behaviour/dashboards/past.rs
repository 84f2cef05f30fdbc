//! A Prometheus with a past.

use std::path::Path;
use std::process::Command;

use crate::fixture::{engine, is_victoria_metrics, run};

use super::replay::{Plan, replay};

/// What a week of scrapes would have stored.
pub(super) fn lived_through(plan: Plan, files: &Path) {
    let written = files.join("history.om");
    let thread = std::thread::spawn({
        let written = written.clone();
        move || {
            let mut out = std::io::BufWriter::new(std::fs::File::create(written).unwrap());
            replay(&plan, &mut out).unwrap();
        }
    });
    thread.join().unwrap();
    store(&written, files);
}

/// Puts a file in `OpenMetrics` where the fixture's Prometheus finds its past.
pub(super) fn store(open_metrics: &Path, files: &Path) {
    let data = files.join("data");
    load(&engine(), open_metrics, &data);
}

/// Makes blocks of a file in `OpenMetrics`; `VictoriaMetrics` reads the file itself.
pub(super) fn load(engine: &str, open_metrics: &Path, data: &Path) {
    if is_victoria_metrics(engine) {
        std::fs::create_dir_all(data).unwrap();
        let name = open_metrics.file_name().unwrap();
        std::fs::copy(open_metrics, data.join(name)).unwrap();
        return;
    }
    let mut promtool = Command::new("promtool");
    promtool
        .args([
            "tsdb",
            "create-blocks-from",
            "--max-block-duration=720h",
            "openmetrics",
        ])
        .args([open_metrics, data]);
    let (worked, said) = run(&mut promtool, "");
    assert!(worked, "{said}");
}
