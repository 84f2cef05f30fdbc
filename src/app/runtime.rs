//! The threads that the program runs on, and what it needs of the system for them.

use std::io;
use std::num::NonZero;

use parking_lot::Mutex;
use rustix::process::{Resource, getrlimit};
use tokio::runtime::Runtime;

use super::Failure;

/// Scrapes and requests to 8x8 mostly wait, so more threads would help no machine, however many processors it has.
const MOST_WORKERS: usize = 4;

/// Threads for files, name resolution, passwords and decoding. When all are busy, further work waits.
const MOST_BLOCKING: usize = 200;

/// With fewer, some files and connections fail to open.
pub(super) const LEAST_DESCRIPTORS: u64 = 32;

/// The least number of such threads with which collections and scrapes make progress.
const LEAST_BLOCKING: usize = 2;

/// A runtime, if the system grants what it needs.
pub(super) fn start() -> Result<Runtime, Failure> {
    let descriptors = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    if descriptors < LEAST_DESCRIPTORS {
        return Err(Failure::FewDescriptors(descriptors));
    }
    build().map_err(|source| Failure::System {
        what: "the threads that are needed (TasksMax, --pids-limit and ulimit -u limit them)",
        source,
    })
}

fn build() -> io::Result<Runtime> {
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = workers.clamp(2, MOST_WORKERS);
    // tokio would wait for ever for a thread that the system refuses.
    try_threads(workers + LEAST_BLOCKING)?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(MOST_BLOCKING)
        .enable_all()
        .build()
}

/// Starts and ends so many threads that run at the same time.
fn try_threads(count: usize) -> io::Result<()> {
    let gate = Mutex::new(());
    std::thread::scope(|scope| {
        let _closed = gate.lock();
        for _ in 0..count {
            std::thread::Builder::new().spawn_scoped(scope, || drop(gate.lock()))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_allows_all_threads() {
        let unit = include_str!("../../deploy/systemd/eightxeight-exporter.service");
        let allowed = unit.lines().find_map(|line| line.strip_prefix("TasksMax="));
        let allowed: usize = allowed.unwrap().parse().unwrap();
        let main = 1;
        assert!(main + MOST_WORKERS + MOST_BLOCKING <= allowed);
    }
}
