//! A Prometheus with a past.

use std::path::Path;

use crate::fixture::{engine, load};

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
