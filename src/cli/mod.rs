//! Commands and options as typed. All that is wrong is told at once, and the value of an option that
//! nobody knows is never shown: it may be a secret.

mod definition;
mod parse;

use std::ffi::OsString;
use std::io::IsTerminal;

use clap::ArgMatches;
use jiff::tz::TimeZone;

use crate::app::{self, Failure};
use crate::commands::{backfill, check, fields, health};
use crate::config::options::{OPTIONS, Opt};
use crate::config::{Account, Environment, Flags, Origin, Problems, Purpose, values};
use crate::telemetry::log;
use eightxeight::clock::Clock;

pub use definition::command;
use definition::own;
use parse::parse;

/// How the program ends: its exit code, and what it has to say.
#[derive(Debug, Default)]
pub struct Exit {
    /// 0 done, 1 failed while running, 2 wrong usage or configuration.
    pub code: u8,
    /// For standard output.
    pub output: String,
    /// For standard error, a line for each problem.
    pub errors: Vec<String>,
    /// For standard error, a line for each warning.
    pub warnings: Vec<String>,
}

impl Exit {
    fn output(text: String) -> Exit {
        Exit {
            output: text,
            ..Exit::default()
        }
    }

    fn good(warnings: Vec<String>) -> Exit {
        Exit {
            output: "the configuration is good\n".to_owned(),
            warnings,
            ..Exit::default()
        }
    }

    fn failed(code: u8, errors: Vec<String>) -> Exit {
        Exit {
            code,
            errors,
            ..Exit::default()
        }
    }
}

/// Runs the program.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> Exit {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // Without a command it is `serve`, so that the command can be left out before options.
    let first = arguments
        .get(1)
        .and_then(|first| first.to_str())
        .unwrap_or("--serve");
    if first == "help" {
        arguments.remove(1);
        arguments.push("--help".into());
        return run(arguments, environment);
    }
    let top_level = ["-h", "--help", "-V", "--version"];
    if first.starts_with('-') && !top_level.contains(&first) {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    let (matches, problems) = match parse(arguments) {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let Some((name, matches)) = matches.subcommand() else {
        return Exit::failed(2, problems);
    };
    let own = flags(matches, own(name));
    let origin = Origin {
        flags: flags(matches, OPTIONS),
        environment,
    };
    let start = match name {
        "fields" => print_fields(&own),
        "health" => ask_health(&origin),
        "check" => check_account(&origin, &own),
        "backfill" => backfill_account(&origin, &own),
        "demo" => exporter(origin, Purpose::Demo),
        _ => exporter(origin, Purpose::Serve),
    };
    match start {
        Err(Problems(more)) => Exit::failed(2, [problems, more].concat()),
        Ok(_) if !problems.is_empty() => Exit::failed(2, problems),
        Ok(start) => start(),
    }
}

/// What a command does once everything about it is known to be right.
type Start = Box<dyn FnOnce() -> Exit>;

/// Runs until told to stop, unless the configuration was only to be checked.
fn exporter(origin: Origin, purpose: Purpose<'static>) -> Result<Start, Problems> {
    let config = origin.load(purpose)?;
    Ok(Box::new(move || {
        let ended = match purpose {
            _ if config.options.check_only => app::verify(&config).map(Exit::good),
            Purpose::Demo => app::demo(config).map(|()| Exit::default()),
            _ => app::serve(config, origin).map(|()| Exit::default()),
        };
        ended.unwrap_or_else(Exit::from)
    }))
}

fn print_fields(own: &Flags) -> Result<Start, Problems> {
    let format = choice(own, "format", &fields::Format::ALL)?;
    Ok(Box::new(move || Exit::output(fields::table(format))))
}

fn ask_health(origin: &Origin) -> Result<Start, Problems> {
    let web = origin.load(Purpose::Health)?.options.web;
    let typed = !origin.flags.is_empty();
    Ok(Box::new(move || match health::ask(&web, typed) {
        Ok(()) => Exit::output("healthy\n".to_owned()),
        Err(problem) => Exit::failed(1, vec![problem]),
    }))
}

fn check_account(origin: &Origin, own: &Flags) -> Result<Start, Problems> {
    let colour = takes_colour(origin.environment, &std::io::stdout());
    let formats = [
        ("text", check::Format::Text { colour }),
        ("json", check::Format::Json),
    ];
    let format = choice(own, "format", &formats);
    let ((account, log, warnings), format) = both(account(origin, own), format)?;
    Ok(Box::new(move || {
        match app::check(account, log, warnings, format) {
            Ok(true) => Exit::default(),
            Ok(false) => Exit::failed(1, Vec::new()),
            Err(failure) => failure.into(),
        }
    }))
}

fn backfill_account(origin: &Origin, own: &Flags) -> Result<Start, Problems> {
    let account = account(origin, own);
    let zone = account.as_ref().map(|(account, ..)| &account.collect.zone);
    let options = backfill::Options::read(own, zone.unwrap_or(&TimeZone::UTC)).map_err(Problems);
    let ((account, log, warnings), options) = both(account, options)?;
    let now = Clock::System.now().wall;
    let job = backfill::Job::new(options, account, now).map_err(Problems)?;
    Ok(Box::new(move || match app::backfill(job, log, warnings) {
        Ok(files) => Exit::output(backfill::next_steps(&files)),
        Err(failure) => failure.into(),
    }))
}

/// The account that a command asks 8x8 for, how to log, and what to warn of.
fn account(
    origin: &Origin,
    own: &Flags,
) -> Result<(Account, log::Settings, Vec<String>), Problems> {
    let mut config = origin.load(Purpose::Account(one(own, "account")))?;
    let account = config.accounts.pop().ok_or_else(|| Problems(Vec::new()))?;
    Ok((account, config.options.log, config.warnings))
}

/// Whether to colour what goes to `stream`: a terminal that isn't told otherwise.
fn takes_colour(environment: Environment, stream: &impl IsTerminal) -> bool {
    let no_colour = environment("NO_COLOR").is_some_and(|text| !text.is_empty());
    let dumb = environment("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !no_colour && !dumb
}

/// Both, or what is wrong with either.
fn both<A, B>(a: Result<A, Problems>, b: Result<B, Problems>) -> Result<(A, B), Problems> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => {
            let problems = [a.err(), b.err()].into_iter().flatten();
            Err(Problems(problems.flat_map(|Problems(all)| all).collect()))
        }
    }
}

fn one<'a>(own: &'a Flags, name: &str) -> Option<&'a str> {
    own.get(name)?.first().map(String::as_str)
}

/// The value of one of a command's own options that has a default, the first choice.
fn choice<T: Copy>(own: &Flags, name: &str, choices: &[(&str, T)]) -> Result<T, Problems> {
    let default = choices.first().map_or("", |(name, _)| name);
    values::choice(one(own, name).unwrap_or(default), choices)
        .map_err(|problem| Problems(vec![format!("--{name}: {problem}")]))
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Exit {
        let code = if failure.is_configuration() { 2 } else { 1 };
        Exit::failed(code, vec![failure.to_string()])
    }
}

fn flags(matches: &ArgMatches, options: &'static [Opt]) -> Flags {
    let given = options.iter().filter_map(|option| {
        let values = matches.try_get_many::<String>(option.name).ok()??;
        Some((option.name, values.cloned().collect()))
    });
    given.collect()
}
