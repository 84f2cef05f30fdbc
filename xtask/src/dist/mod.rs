//! What a package installs beside the program, from the command line's own definition: the manual
//! page and what the shells complete.

mod changelog;
mod options;
mod page;

use clap::{Arg, Command};
use clap_complete::{Shell, generate};
use eightxeight_exporter::cli::command;

/// The program's name, which its files bear.
pub(crate) const NAME: &str = "eightxeight-exporter";

/// All files.
pub(crate) fn files() -> Vec<(String, String)> {
    let completions = [
        (Shell::Bash, format!("{NAME}.bash")),
        (Shell::Zsh, format!("_{NAME}")),
        (Shell::Fish, format!("{NAME}.fish")),
    ];
    let page = (format!("deploy/manual/{NAME}.1"), page::text());
    let completions =
        completions.map(|(shell, name)| (format!("deploy/completions/{name}"), completion(shell)));
    [page]
        .into_iter()
        .chain(completions)
        .chain(changelog::files())
        .collect()
}

fn completion(shell: Shell) -> String {
    let mut command = match shell {
        // Its `argparse` refuses the dots in options that stand before a command.
        Shell::Fish => command(),
        _ => as_typed(),
    };
    let mut text = Vec::new();
    generate(shell, &mut command, NAME, &mut text);
    // For bash, a hyphen in the program's name becomes one thing where a command is recognised and another where its
    // options are looked up, up to clap_complete 4.6.11 at least.
    String::from_utf8_lossy(&text)
        .replace(&NAME.replace('-', "__subcmd__"), &NAME.replace('-', "__"))
}

/// The command line as it may be typed: `serve` can be left out before its options.
fn as_typed() -> Command {
    let command = command();
    let serve: Vec<Arg> = command
        .find_subcommand("serve")
        .map(|serve| serve.get_arguments().cloned().collect())
        .unwrap_or_default();
    command.args(serve)
}
