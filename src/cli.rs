//! Commands and options as typed. All that is wrong is told at once, and the value of an option that
//! nobody knows is never shown: it may be a secret.

use std::ffi::OsString;

use clap::builder::NonEmptyStringValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::app::{self, Failure};
use crate::config::options::{Group, OPTIONS, Opt};
use crate::config::{Environment, Flags, Origin, Problems};
use crate::telemetry::BUILD;
use crate::{fields, health};

/// How the program ends: its exit code, and what it has to say.
#[derive(Debug, Default)]
pub struct Exit {
    /// 0 done, 1 failed while running, 2 wrong usage or configuration.
    pub code: u8,
    /// For standard output.
    pub output: String,
    /// For standard error, a line for each problem.
    pub errors: Vec<String>,
}

impl Exit {
    fn output(text: String) -> Exit {
        Exit {
            output: text,
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

const COMMANDS: [(&str, &str); 4] = [
    (
        "serve",
        "Run the exporter; this is what happens without a command",
    ),
    (
        "demo",
        "Run the exporter against a simulated 8x8: no account needed",
    ),
    (
        "health",
        "Ask a running exporter whether it is healthy: exit 0 or 1, for container health checks",
    ),
    (
        "fields",
        "Print the table of 8x8's fields and their metrics",
    ),
];

/// Runs the program.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> Exit {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    // Without a command it is `serve`, so that the command can be left out before options.
    let first = arguments
        .get(1)
        .and_then(|first| first.to_str())
        .unwrap_or("--serve");
    let top_level = ["help", "-h", "--help", "-V", "--version"];
    if first.starts_with('-') && !top_level.contains(&first) {
        arguments.insert(1.min(arguments.len()), "serve".into());
    }
    let (matches, mut problems) = match parse(arguments) {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let Some((name, matches)) = matches.subcommand() else {
        return Exit::failed(2, problems);
    };
    if name == "fields" {
        let format = matches
            .get_one::<String>("format")
            .map_or("markdown", String::as_str);
        return match fields::Format::ALL.iter().find(|(name, _)| *name == format) {
            Some((_, format)) if problems.is_empty() => Exit::output(fields::table(*format)),
            Some(_) => Exit::failed(2, problems),
            None => {
                problems.push(format!(
                    "--format: `{format}` is not one of markdown, json, tsv"
                ));
                Exit::failed(2, problems)
            }
        };
    }
    let origin = Origin {
        flags: flags(matches),
        environment,
    };
    if name == "health" {
        return match origin.load_web() {
            Err(Problems(more)) => Exit::failed(2, [problems, more].concat()),
            Ok(_) if !problems.is_empty() => Exit::failed(2, problems),
            Ok(web) => match health::ask(&web) {
                Ok(()) => Exit::output("healthy\n".to_owned()),
                Err(problem) => Exit::failed(1, vec![problem]),
            },
        };
    }
    let ended = match name {
        "demo" => origin.load_demo().map(|config| match config {
            _ if !problems.is_empty() => None,
            config if config.check_only => Some(Ok(())),
            config => Some(app::demo(config)),
        }),
        _ => origin.load().map(|config| match config {
            _ if !problems.is_empty() => None,
            config if config.check_only => Some(Ok(())),
            config => Some(app::serve(config, origin.clone())),
        }),
    };
    match ended {
        Err(Problems(more)) => Exit::failed(2, [problems, more].concat()),
        Ok(None) => Exit::failed(2, problems),
        Ok(Some(Ok(()))) if origin.flags.contains_key("config.check") => {
            Exit::output("the configuration is good\n".to_owned())
        }
        Ok(Some(Ok(()))) => Exit::default(),
        Ok(Some(Err(failure))) => Exit::failed(code_of(&failure), vec![failure.to_string()]),
    }
}

fn code_of(failure: &Failure) -> u8 {
    if failure.is_configuration() { 2 } else { 1 }
}

fn flags(matches: &ArgMatches) -> Flags {
    let given = OPTIONS.iter().filter_map(|option| {
        let values = matches.try_get_many::<String>(option.name).ok()??;
        Some((option.name, values.cloned().collect()))
    });
    given.collect()
}

/// The command line's definition.
#[must_use]
pub fn command() -> Command {
    let version = format!(
        "{} (revision {}, rust {})",
        BUILD.version, BUILD.revision, BUILD.rustversion
    );
    let mut command = Command::new("eightxeight-exporter")
        .about("Prometheus exporter for the company summary of 8x8's Work Analytics")
        .after_help(
            "Try it:      eightxeight-exporter demo, then open http://localhost:10888/\n\
             Use it:      eightxeight-exporter --api.key-file KEY --api.username NAME \
             --api.password-file FILE\n\
             All options: eightxeight-exporter serve --help",
        )
        .version(version)
        .subcommand_required(true)
        .override_usage("eightxeight-exporter [COMMAND] [OPTIONS]")
        .disable_help_subcommand(true)
        .max_term_width(110);
    for (name, about) in COMMANDS {
        let subcommand = Command::new(name).about(about).next_line_help(true);
        command = command.subcommand(match name {
            "fields" => subcommand.arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .default_value("markdown")
                    .help("markdown, json or tsv"),
            ),
            _ => OPTIONS
                .iter()
                .filter(|option| takes(name, option))
                .fold(subcommand, with)
                .after_help(
                    "Each option can also be set by environment: --collect.interval is \
                 EIGHTXEIGHT_COLLECT_INTERVAL.\n\
                 A flag beats the environment, which beats the configuration file. Durations are written as 90s, 15m or 1h 30m.",
                ),
        });
    }
    command
}

fn takes(command: &str, option: &Opt) -> bool {
    if option.file_only {
        return false;
    }
    match (command, option.group()) {
        ("health", _) => [
            "config.file",
            "web.listen-address",
            "web.health-listen-address",
        ]
        .contains(&option.name),
        ("demo", Group::Api) => false,
        (command, Group::Demo) => command == "demo",
        _ => true,
    }
}

fn with(command: Command, option: &'static Opt) -> Command {
    let argument = Arg::new(option.name).long(option.name);
    let argument = if option.is_switch() {
        // Also `--web.enable-lifecycle=false`, to overrule the environment or the file.
        argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .hide_possible_values(true)
            .action(ArgAction::Set)
            .help(option.help)
    } else {
        let default = match option.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        argument
            .value_name(option.value)
            .value_parser(NonEmptyStringValueParser::new())
            .action(if option.repeatable {
                ArgAction::Append
            } else {
                ArgAction::Set
            })
            .help(format!("{}{default}", option.help))
    };
    command
        .next_help_heading(option.group().heading())
        .arg(argument)
}

/// Parses until nothing is left that clap complains of: each complaint is noted and what caused it taken
/// away, so that one run tells of all.
fn parse(mut arguments: Vec<OsString>) -> Result<(ArgMatches, Vec<String>), Exit> {
    let mut problems = Vec::new();
    loop {
        let error = match command().try_get_matches_from(&arguments) {
            Ok(matches) => return Ok((matches, problems)),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                return Err(Exit::output(error.render().to_string()));
            }
            _ => {}
        }
        let culprit = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(text)) => text.clone(),
            _ => String::new(),
        };
        let name = culprit.split([' ', '=']).next().unwrap_or_default();
        let suggestion = match error.get(ContextKind::SuggestedArg) {
            Some(ContextValue::String(text)) => format!("; did you mean {text}?"),
            _ => String::new(),
        };
        let command = arguments
            .get(1)
            .and_then(|command| command.to_str())
            .unwrap_or("serve");
        let (problem, end) = match error.kind() {
            ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => {
                let names: Vec<_> = COMMANDS.iter().map(|(name, _)| *name).collect();
                (
                    format!("unknown command; there are {}", names.join(", ")),
                    true,
                )
            }
            ErrorKind::UnknownArgument if name.starts_with('-') => (
                format!(
                    "{name}: no such option of `{command}`{suggestion}; see `{command} --help`"
                ),
                false,
            ),
            ErrorKind::UnknownArgument => (
                "a value without an option; options stand after the command".to_owned(),
                false,
            ),
            ErrorKind::ArgumentConflict => (format!("{name}: given twice"), false),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                (format!("{name}: a value is missing"), false)
            }
            ErrorKind::InvalidUtf8 => ("an argument isn't UTF-8".to_owned(), true),
            _ => (format!("{name}: {}", error.kind()), true),
        };
        problems.push(problem);
        if end || !take_away(&mut arguments, &culprit, name) {
            return Err(Exit::failed(2, problems));
        }
    }
}

/// Takes away the last argument that is `name`, with its value, or that is `culprit` as a whole.
fn take_away(arguments: &mut Vec<OsString>, culprit: &str, name: &str) -> bool {
    let is_culprit = |argument: &OsString| {
        let text = argument.to_string_lossy();
        text == culprit || text.split('=').next() == Some(name)
    };
    let Some(at) = arguments
        .iter()
        .skip(2)
        .rposition(is_culprit)
        .map(|at| at + 2)
    else {
        return false;
    };
    let removed = arguments.remove(at);
    let with_value = removed.to_string_lossy().contains('=') || !name.starts_with('-');
    let next_is_value = arguments
        .get(at)
        .is_some_and(|next| !next.to_string_lossy().starts_with('-'));
    if !with_value && next_is_value {
        arguments.remove(at);
    }
    true
}
