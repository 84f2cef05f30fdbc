//! The options of all commands, each told once, under the headings of `--help`.

use clap::{Arg, Command};
use clap_mangen::Man;

/// Options that belong together.
pub(super) struct Group {
    /// As in `--help`; of a command's own options, the command.
    pub(super) heading: String,
    arguments: Vec<Arg>,
}

impl Group {
    /// The options, for a section of the page.
    pub(super) fn roff(&self) -> String {
        let command = Command::new("options")
            .disable_help_flag(true)
            // In the table's order.
            .args(
                self.arguments
                    .iter()
                    .cloned()
                    .enumerate()
                    .map(|(n, argument)| argument.display_order(n).help_heading(None::<&str>)),
            );
        let mut text = Vec::new();
        // Writing to memory doesn't fail.
        let _ = Man::new(command).render_options_section(&mut text);
        let text = String::from_utf8_lossy(&text);
        // What comes before the first option is a heading of the same rank as SYNOPSIS.
        text.find(".TP")
            .map_or("", |first| &text[first..])
            .to_owned()
    }
}

/// All groups, in the order of `--help`.
pub(super) fn groups(command: &Command) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut own: Vec<Group> = Vec::new();
    for subcommand in command.get_subcommands() {
        for argument in subcommand.get_arguments() {
            let (groups, heading) = match argument.get_help_heading() {
                Some(heading) => (&mut groups, heading.to_owned()),
                None => (&mut own, format!("Only for {}", subcommand.get_name())),
            };
            let group = match groups.iter_mut().find(|group| group.heading == heading) {
                Some(group) => group,
                None => groups.push_mut(Group {
                    heading,
                    arguments: Vec::new(),
                }),
            };
            let id = argument.get_id();
            if group.arguments.iter().all(|known| known.get_id() != id) {
                group.arguments.push(argument.clone());
            }
        }
    }
    groups.extend(own);
    groups
}

/// What `subcommand` takes: the groups, and where it takes a part of one, its options.
pub(super) fn taken(subcommand: &Command, groups: &[Group]) -> Vec<String> {
    let mut names = Vec::new();
    for group in groups {
        let its: Vec<&Arg> = subcommand
            .get_arguments()
            .filter(|argument| {
                argument.get_help_heading() == Some(&group.heading)
                    || argument.get_help_heading().is_none()
                        && group.heading == format!("Only for {}", subcommand.get_name())
            })
            .collect();
        if its.len() == group.arguments.len() {
            names.push(group.heading.clone());
        } else {
            let flags = its.iter().filter_map(|argument| argument.get_long());
            names.extend(flags.map(|flag| format!("--{flag}")));
        }
    }
    names
}
