//! Do the rules' tests notice a fault? Breaks every threshold, guard, label, range, `for`, `keep_firing_for` and
//! severity of the rules, one at a time, and demands that `promtool test rules` fails. It names each mutant and, at the
//! end, those that survived. `PROMTOOL` names another promtool.

mod expression;
mod mutants;
mod suite;

use std::thread;

use mutants::Mutant;
use suite::Suite;

use crate::Outcome;

/// Whether every mutant was noticed.
pub(crate) fn run() -> Outcome {
    let suite = Suite::read()?;
    let mut mutants = Vec::new();
    for file in &suite.rules {
        let (same, broken) = mutants::of(file)?;
        if let Some(test) = suite.judge(&same)? {
            return Err(format!("{}: {test} fails without any fault", file.path).into());
        }
        mutants.extend(broken);
    }
    suite.accepts(&mutants)?;
    let mut survivors = Vec::new();
    for (mutant, noticed_by) in judge_all(&suite, &mutants)? {
        if noticed_by.is_none() {
            survivors.push(&mutant.name);
        }
    }
    let noticed = mutants.len() - survivors.len();
    println!("{} mutants, {noticed} noticed", mutants.len());
    for name in &survivors {
        eprintln!("no test fails for {name}");
    }
    Ok(survivors.is_empty())
}

/// Each mutant and the test that fails with it, if one does.
type Judged<'a> = Vec<(&'a Mutant, Option<&'a str>)>;

fn judge_all<'a>(suite: &'a Suite, mutants: &'a [Mutant]) -> Result<Judged<'a>, String> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let judge = |mutant: &'a Mutant| {
        let noticed_by = suite.judge(mutant)?;
        if let Some(test) = noticed_by {
            println!("{test} notices {}", mutant.name);
        }
        Ok((mutant, noticed_by))
    };
    let work = |first| {
        let own = mutants.iter().skip(first).step_by(workers);
        own.map(judge).collect::<Result<Judged<'a>, String>>()
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..workers)
            .map(|first| scope.spawn(move || work(first)))
            .collect();
        let done = running.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err("a worker panicked".to_owned()))
        });
        let done: Result<Vec<Judged<'a>>, String> = done.collect();
        Ok(done?.into_iter().flatten().collect())
    })
}
