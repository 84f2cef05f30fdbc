//! The tools of this repository: `cargo xtask` lists them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tools for the terminal"
)]

mod dist;
mod docs;
mod files;
mod history;
mod load;
mod mutate;
mod soak;

use std::error::Error;
use std::process::ExitCode;

/// What a tool that could do its work has found: whether all is well.
type Outcome = Result<bool, Box<dyn Error>>;

const USAGE: &str = "\
usage: cargo xtask TOOL

  docs [--check]                  write the checked-in files that follow from others; with --check, name those that differ
  dist DIRECTORY                  write what is packed beside the program: manual page, completions, changelog, dashboards
  mutate                          break the rules, one fault at a time, and demand that their tests notice
  soak [SECONDS] [DAYS] [SEED]    run the exporter against a simulator that misbehaves
  history FILE [END [SCENARIO]]   write five weeks of scrapes of the demo as OpenMetrics
  load ACCOUNTS PBXS              simulate an 8x8 for a measurement, until standard input ends";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["docs"] => docs::write(),
        ["docs", "--check"] => docs::check(),
        ["dist", directory] => dist::run(directory),
        ["mutate"] => mutate::run(),
        ["soak", ref rest @ ..] if rest.len() <= 3 => soak::run(rest),
        ["history", file, ref rest @ ..] if rest.len() <= 2 => history::run(file, rest),
        ["load", accounts, pbxs] => load::run(accounts, pbxs),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
