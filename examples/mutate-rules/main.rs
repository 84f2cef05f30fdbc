//! Do the rules' tests notice a fault? `cargo run --example mutate-rules` breaks every threshold,
//! guard, label, range, `for`, `keep_firing_for` and severity of the rules, one at a time, and
//! demands that `promtool test rules` fails. It names each mutant and, at the end, those that
//! survived; then it exits 1. `PROMTOOL` names another promtool.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal"
)]

#[path = "../generate/constants.rs"]
mod constants;
mod expression;
mod mutants;
#[path = "../generate/rules/mod.rs"]
mod rules;
mod suite;
#[path = "../generate/yaml.rs"]
mod yaml;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};

use crate::mutants::Mutant;
use crate::suite::{Suite, Verdict};

fn main() -> ExitCode {
    let promtool = env::var("PROMTOOL").unwrap_or_else(|_| "promtool".to_owned());
    match run(promtool) {
        Ok(survivors) if survivors.is_empty() => ExitCode::SUCCESS,
        Ok(survivors) => {
            eprintln!("no test fails for:");
            for name in survivors {
                eprintln!("  {name}");
            }
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The names of the survivors.
fn run(promtool: String) -> Result<Vec<String>, String> {
    let files = rules::files();
    let suite = Suite::new(promtool, &files)?;
    let mut mutants = Vec::new();
    for file in &files {
        let (same, broken) = mutants::of(file)?;
        if let Verdict::Killed(test) = suite.judge(&same, "")? {
            return Err(format!("{}: {test} fails without any fault", file.path));
        }
        mutants.extend(broken);
    }
    suite.accepts(mutants.iter().map(|mutant| &mutant.file))?;
    let verdicts = judge_all(&suite, &mutants)?;
    let mut survivors = Vec::new();
    for (mutant, verdict) in mutants.iter().zip(verdicts) {
        match verdict {
            Verdict::Killed(test) => println!("{test} notices {}", mutant.name),
            Verdict::Survived => survivors.push(mutant.name.clone()),
        }
    }
    println!(
        "{} mutants, {} noticed",
        mutants.len(),
        mutants.len() - survivors.len()
    );
    Ok(survivors)
}

fn judge_all(suite: &Suite, mutants: &[Mutant]) -> Result<Vec<Verdict>, String> {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(index) else {
                return Ok(done);
            };
            let verdict = suite
                .judge(&mutant.file, &mutant.rule)
                .map_err(|problem| format!("{}: {problem}", mutant.name))?;
            done.push((index, verdict));
        }
    };
    let mut all: Vec<(usize, Verdict)> = thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
            .collect::<Result<Vec<Vec<_>>, String>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, verdict)| verdict).collect())
}
