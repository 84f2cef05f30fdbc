//! The manual page: a text with the commands and their options in it, as the program defines them.

use std::error::Error;
use std::io;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use eightxeight_exporter::cli::command;

use super::NAME;
use super::changelog::Release;

/// All but the title, the name, the synopsis, and what stands at [`COMMANDS`] and [`OPTIONS`].
const TEXT: &str = include_str!("manual.roff");
const COMMANDS: &str = ".\\\" COMMANDS\n";
const OPTIONS: &str = ".\\\" OPTIONS\n";

/// The options that commands share: those under one heading of `--help`.
type Group<'a> = (&'a str, Vec<&'a Arg>);

/// The page of the newest release.
///
/// # Errors
///
/// None that is known: it is written to memory.
pub(super) fn page(newest: &Release) -> Result<String, Box<dyn Error>> {
    let command = command();
    let forms = command.get_subcommands().map(|one| match one.get_name() {
        "serve" => format!("{NAME} [serve] [OPTION]..."),
        name => format!("{NAME} {name} [OPTION]..."),
    });
    let forms = forms.collect::<Vec<_>>().join("\n");
    let head = Man::new(command.clone().override_usage(forms))
        .title(NAME.to_uppercase())
        .date(newest.day.to_string())
        .source(format!("{NAME} {}", newest.version))
        .manual("User Commands");
    let mut page = Vec::new();
    head.render_title(&mut page)?;
    head.render_name_section(&mut page)?;
    head.render_synopsis_section(&mut page)?;
    let groups = groups(&command);
    let mut commands = String::new();
    for subcommand in command.get_subcommands() {
        commands += &described(subcommand, &groups)?;
    }
    let mut options = String::new();
    for (heading, arguments) in &groups {
        let mut roff = Roff::new();
        roff.control("SS", [*heading]);
        options += &roff.to_roff();
        options += &listed(arguments.iter().copied())?;
    }
    let text = TEXT.replace(COMMANDS, &commands).replace(OPTIONS, &options);
    let address = roman(env!("CARGO_PKG_REPOSITORY"));
    let text = text.replace("REPOSITORY\n", &Roff::new().text([address]).to_roff());
    Ok(String::from_utf8(page)? + &text)
}

/// All groups, in the order of `--help`.
fn groups(command: &Command) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    for argument in command.get_subcommands().flat_map(Command::get_arguments) {
        let Some(heading) = argument.get_help_heading() else {
            continue;
        };
        match groups.iter_mut().find(|(known, _)| *known == heading) {
            None => groups.push((heading, vec![argument])),
            Some((_, group)) if group.iter().any(|one| is_same(one, argument)) => {}
            Some((_, group)) => group.push(argument),
        }
    }
    groups
}

fn is_same(one: &Arg, other: &Arg) -> bool {
    one.get_id() == other.get_id()
}

/// What the command does, which shared options it takes, and its own.
fn described(command: &Command, groups: &[Group]) -> io::Result<String> {
    let mut roff = Roff::new();
    roff.control("TP", []);
    roff.text([bold(command.get_name())]);
    let about = command.get_about().map(ToString::to_string);
    roff.text([roman(format!("{}.", about.unwrap_or_default()))]);
    let taken = taken(command, groups);
    if !taken.is_empty() {
        roff.control("br", []);
        roff.text([roman(format!("Options: {}.", taken.join("; ")))]);
    }
    let own = command.get_arguments();
    let own = listed(own.filter(|one| one.get_help_heading().is_none()))?;
    let text = roff.to_roff();
    Ok(match own.as_str() {
        "" => text,
        own => format!("{text}.RS\n{own}.RE\n"),
    })
}

/// The groups that the command takes; of those that it takes a part of, the options.
fn taken(command: &Command, groups: &[Group]) -> Vec<String> {
    let mut names = Vec::new();
    for (heading, arguments) in groups {
        let takes = |one: &&&Arg| command.get_arguments().any(|own| is_same(own, one));
        let its: Vec<&&Arg> = arguments.iter().filter(takes).collect();
        if its.len() == arguments.len() {
            names.push((*heading).to_owned());
        } else {
            let flags = its.iter().filter_map(|one| one.get_long());
            names.extend(flags.map(|flag| format!("--{flag}")));
        }
    }
    names
}

/// The options in this order.
fn listed<'a>(arguments: impl Iterator<Item = &'a Arg>) -> io::Result<String> {
    let arguments = arguments.cloned().enumerate().map(|(n, argument)| {
        // Without a heading, which clap_mangen would write in capitals.
        argument.display_order(n).help_heading(None::<&str>)
    });
    let command = Command::new("options").disable_help_flag(true);
    let mut text = Vec::new();
    Man::new(command.args(arguments)).render_options_section(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    // What comes before the first option is a heading of the same rank as SYNOPSIS.
    let first = text.find(".TP").unwrap_or(text.len());
    Ok(text[first..].to_owned())
}
