//! The commands and their options, for parsing and for `--help`.

use clap::{Arg, ArgAction, Command, ValueHint};

use crate::config::options::{At, Group, OPTIONS, Opt, Set, opt};
use crate::telemetry::BUILD;

pub(super) const COMMANDS: [(&str, &str); 6] = [
    (
        "serve",
        "Run the exporter; this is what happens without a command",
    ),
    (
        "demo",
        "Run the exporter against a simulated 8x8: no account needed",
    ),
    (
        "check",
        "Test DNS, TLS, login and every window in turn, and explain how to fix what fails; exit 0 only if all worked",
    ),
    (
        "backfill",
        "Write past windows as OpenMetrics files for promtool, up to two years back",
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

const ACCOUNT: Opt = opt(
    "account",
    "NAME",
    "",
    At::Start,
    Set::Own,
    "Which account, where the configuration file has several",
);

#[rustfmt::skip]
static FIELDS: &[Opt] = &[
    opt("format", "FORMAT", "markdown", At::Start, Set::Own, "markdown, json or tsv"),
];

#[rustfmt::skip]
static CHECK: &[Opt] = &[
    opt("format", "FORMAT", "text", At::Start, Set::Own, "text, or json for machines"),
    ACCOUNT,
];

#[rustfmt::skip]
static BACKFILL: &[Opt] = &[
    opt("from", "TIME", "", At::Start, Set::Own,
        "Where it begins: 2026-01-31, 2026-01-31T09:00, both by --collect.time-zone, or with an offset such as 2026-01-31T09:00Z; at most two years ago"),
    opt("to", "TIME", "", At::Start, Set::Own,
        "Where it ends, as --from; at least three hours ago, since Prometheus takes no newer blocks"),
    opt("step", "DURATION", "1h", At::Start, Set::Own,
        "How far apart the points are; 1m to 24h, dividing 24h"),
    opt("output", "DIR", "", At::Start, Set::Own,
        "Directory for the files, one for each month, and for the journal; made if need be"),
    opt("label", "NAME=VALUE", "", At::Start, Set::OwnList,
        "Label of every sample, besides or in place of job=eightxeight and instance=backfill; nothing after the `=` takes one of them away; repeatable"),
    opt("resume", "", "", At::Start, Set::Own,
        "Go on where an earlier run with the same options stopped"),
    opt("yes", "", "", At::Start, Set::Own,
        "Start without asking, however long it takes"),
    ACCOUNT,
];

/// The options that `command` has for itself.
pub(super) fn own(command: &str) -> &'static [Opt] {
    match command {
        "fields" => FIELDS,
        "check" => CHECK,
        "backfill" => BACKFILL,
        _ => &[],
    }
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
        .after_help(concat!(
            "Try it:      eightxeight-exporter demo, then open http://localhost:10888/\n\
             Use it:      eightxeight-exporter --api.key-file KEY --api.username NAME \
             --api.password-file FILE\n\
             All options: eightxeight-exporter serve --help\n\
             More:        ",
            env!("CARGO_PKG_REPOSITORY")
        ))
        .version(version)
        .subcommand_required(true)
        .override_usage("eightxeight-exporter [COMMAND] [OPTIONS]")
        .disable_help_subcommand(true)
        .max_term_width(110);
    for (name, about) in COMMANDS {
        let own_arguments = own(name).iter().map(|option| argument(option, true));
        let subcommand = Command::new(name)
            .about(about)
            .next_line_help(true)
            .args(own_arguments);
        command = command.subcommand(match name {
            "fields" => subcommand,
            _ => OPTIONS
                .iter()
                .filter(|option| takes(name, option))
                .fold(subcommand, |command, option| {
                    let heading = option.group().heading();
                    command.next_help_heading(heading).arg(argument(option, false))
                })
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
            "web.route-prefix",
        ]
        .contains(&option.name),
        ("demo", Group::Api) | ("check" | "backfill", Group::Web) => false,
        ("check" | "backfill", Group::Config) => option.name == "config.file",
        (command, Group::Demo) => command == "demo",
        _ => true,
    }
}

/// The environment and the file can set an option unless it is a command's own.
fn argument(option: &'static Opt, own: bool) -> Arg {
    let argument = Arg::new(option.name).long(option.name);
    if option.is_switch() {
        let switch = argument
            .default_missing_value("true")
            .action(ArgAction::Set)
            .help(option.help);
        if own {
            return switch.num_args(0);
        }
        // Also `--web.enable-lifecycle=false`, to overrule the environment or the file.
        return switch
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .hide_possible_values(true);
    }
    let default = match option.default {
        "" => String::new(),
        default => format!(" [default: {default}]"),
    };
    argument
        .value_name(option.value)
        .value_hint(match option.value {
            "FILE" => ValueHint::FilePath,
            "DIR" => ValueHint::DirPath,
            "URL" => ValueHint::Url,
            _ => ValueHint::Other,
        })
        .allow_hyphen_values(true)
        .value_parser(value)
        .action(if option.repeatable {
            ArgAction::Append
        } else {
            ArgAction::Set
        })
        .help(format!("{}{default}", option.help))
}

/// A value may begin with a dash, but what begins with two is the next option.
fn value(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.starts_with("--") {
        return Err("a value is missing");
    }
    Ok(text.to_owned())
}
