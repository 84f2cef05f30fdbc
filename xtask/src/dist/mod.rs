//! What is packed beside the program: its manual page, what the shells complete, Debian's changelog, and the dashboards
//! as Grafana imports them.

mod changelog;
mod manual;

use std::fs;
use std::path::Path;

use clap::{Arg, Command};
use clap_complete::{Shell, generate};
use eightxeight_exporter::cli::command;
use eightxeight_exporter::web::DASHBOARDS;

use crate::Outcome;

/// The program's name, which its files bear.
const NAME: &str = "eightxeight-exporter";

/// Writes the files to this directory.
pub(crate) fn run(directory: &str) -> Outcome {
    let releases = changelog::releases()?;
    let newest = releases.first().ok_or("CHANGELOG.md: no release")?;
    let mut files = vec![
        (format!("man/{NAME}.1"), manual::page(newest)?),
        (format!("completions/{NAME}.bash"), completion(Shell::Bash)),
        (format!("completions/_{NAME}"), completion(Shell::Zsh)),
        (format!("completions/{NAME}.fish"), completion(Shell::Fish)),
        ("debian-changelog".to_owned(), changelog::debian(&releases)),
    ];
    for dashboard in &DASHBOARDS {
        let name = dashboard.path.rsplit('/').next().unwrap_or_default();
        files.push((format!("grafana.com/{name}"), dashboard.importable()?));
    }
    for (name, text) in files {
        let path = Path::new(directory).join(name);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)?;
    }
    Ok(true)
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
    let serve = command.find_subcommand("serve");
    let options: Vec<Arg> =
        serve.map_or_else(Vec::new, |serve| serve.get_arguments().cloned().collect());
    command.args(options)
}
