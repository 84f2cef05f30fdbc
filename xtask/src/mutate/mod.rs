//! Do the rules' tests notice a fault? Breaks every threshold, guard, label, range, `for`, `keep_firing_for` and
//! severity of the rules, one at a time, and demands that `promtool test rules` fails. It names each mutant and, at the
//! end, those that survived. `PROMTOOL` names another promtool.

mod expression;
mod mutants;
mod suite;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};

use mutants::Mutant;
use suite::{Suite, Verdict};

use crate::{Outcome, rules};

/// Whether every mutant was noticed.
pub(crate) fn run() -> Outcome {
    let promtool = env::var("PROMTOOL").unwrap_or_else(|_| "promtool".to_owned());
    let survivors = survivors(promtool)?;
    if !survivors.is_empty() {
        eprintln!("no test fails for:");
    }
    for name in &survivors {
        eprintln!("  {name}");
    }
    Ok(survivors.is_empty())
}

/// The names of the survivors.
fn survivors(promtool: String) -> Result<Vec<String>, String> {
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
