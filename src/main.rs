//! The program: what the arguments say is done, and how it ended is told.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use eightxeight_exporter::telemetry::panics;
use eightxeight_exporter::{cli, config};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

fn main() -> ExitCode {
    panics::install();
    // A core dump, or whoever can attach a debugger, would have the secrets. A system that can't forbid it has none.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let mut exit = cli::run(std::env::args_os(), config::environment);
    let mut output = std::io::stdout();
    let written = output.write_all(exit.output.as_bytes());
    // Nobody is left to tell when the other end of a pipe has gone.
    if let Err(error) = written.and_then(|()| output.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        exit.errors
            .push(format!("can't write to standard output: {error}"));
        exit.code = exit.code.max(1);
    }
    for warning in exit.warnings {
        let _ = writeln!(std::io::stderr(), "warning: {warning}");
    }
    for error in exit.errors {
        let _ = writeln!(std::io::stderr(), "error: {error}");
    }
    ExitCode::from(exit.code)
}
