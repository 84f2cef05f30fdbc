//! What is said of a panic. None is known; should there be one, its message can quote what was at hand, for
//! example the text in which the standard library didn't find a position.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write as _;
use std::panic::PanicHookInfo;

/// From now on a panic is one line in the log, or on standard error before there is a log: where it
/// was, and its words only if they stand in the source. The first thing that the program does.
pub fn install() {
    std::panic::set_hook(Box::new(report));
}

fn report(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let place = place.as_deref().unwrap_or("an unknown place");
    // Words that were put together are a `String`.
    let words = panic.payload().downcast_ref::<&'static str>();
    let words = words.copied().unwrap_or("its words are kept back");
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
    if tracing::dispatcher::has_been_set() {
        tracing::error!(
            place,
            words,
            backtrace = backtrace.map(tracing::field::display),
            "panicked; please report this to the exporter's authors"
        );
    } else {
        let _ = writeln!(
            std::io::stderr(),
            "error: panicked at {place}: {words}; please report this to the exporter's authors"
        );
    }
}
