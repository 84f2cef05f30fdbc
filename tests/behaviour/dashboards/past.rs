//! A Prometheus with a past.

use std::path::Path;
use std::process::Command;

use crate::fixture::run;

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

/// Makes blocks of a file in `OpenMetrics`, in the folder from which the fixture's Prometheus reads them.
pub(super) fn store(open_metrics: &Path, files: &Path) {
    let mut promtool = Command::new("promtool");
    promtool
        .args([
            "tsdb",
            "create-blocks-from",
            "--max-block-duration=720h",
            "openmetrics",
        ])
        .args([open_metrics, &files.join("data")]);
    let (worked, said) = run(&mut promtool, "");
    assert!(worked, "{said}");
}
