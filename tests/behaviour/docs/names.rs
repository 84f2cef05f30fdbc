//! No stale names: what looks like an option, a variable, a metric, an alert, an address or a file is one.

use std::collections::BTreeSet;
use std::process::Command;

use eightxeight_exporter::cli;
use eightxeight_exporter::config::options::{OPTIONS, Opt};

use super::Document;
use crate::fixture::{Exporter, KEY, USERNAME, credentials, repository, run, simulator_that_knows};

/// How options of Prometheus and promtool begin.
const OPTIONS_OF_OTHERS: [&str; 3] = ["--set", "--storage.tsdb.", "--max-block-duration"];

/// Variables that aren't options: the two secrets, what the compose file asks for, what the build is told, and one that
/// Kubernetes sets.
const OTHER_VARIABLES: [&str; 7] = [
    "EIGHTXEIGHT_API_KEY",
    "EIGHTXEIGHT_API_PASSWORD",
    "EIGHTXEIGHT_MODE",
    "EIGHTXEIGHT_SECRETS",
    "EIGHTXEIGHT_REVISION",
    "EIGHTXEIGHT_EXPORTER_PORT",
    // A crate.
    "eightxeight_simulator",
];

/// How variables, metrics, alerts and recorded series begin.
const PREFIXES: [&str; 5] = [
    "EIGHTXEIGHT_",
    "eightxeight_",
    "EightXEight",
    "account_pbx_id:",
    "account_pbx_id_window:",
];

/// Written by the fuzzer.
const UNTRACKED: [&str; 2] = ["fuzz/artifacts", "fuzz/corpus"];

#[test]
fn options_exist() {
    let command = cli::command();
    let commands = command.get_subcommands();
    let known: BTreeSet<_> = commands
        .flat_map(|command| command.get_arguments().filter_map(clap::Arg::get_long))
        .chain(["help", "version"])
        .map(|name| format!("--{name}"))
        .collect();
    for document in Document::all() {
        for code in document.codes.iter().filter(|code| code.starts_with("--")) {
            let end = code.find(|c: char| !c.is_ascii_alphanumeric() && !"-.".contains(c));
            let name = &code[..end.unwrap_or(code.len())];
            // `--api.*` and `--api.…` are all of a group.
            let is_group = name.ends_with('.') && known.iter().any(|one| one.starts_with(name));
            let of_another = OPTIONS_OF_OTHERS.iter().any(|one| name.starts_with(one));
            assert!(
                known.contains(name) || is_group || of_another,
                "{}: there is no option {name}",
                document.name
            );
        }
    }
}

/// The words of which names consist.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && !"_:".contains(c));
    let names = names.map(|name| name.trim_end_matches(':'));
    names.filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
}

/// What the rules call their alerts and series.
fn rules() -> Vec<String> {
    let mut grep = Command::new("grep");
    grep.args(["-rhE", "(alert|record): ", "deploy/prometheus/rules"]);
    let (good, lines) = run(grep.current_dir(repository()), "");
    assert!(good, "{lines}");
    let names = lines.lines().filter_map(|line| line.split(' ').next_back());
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn variables_metrics_alerts_and_addresses_exist() {
    let demo = Exporter::demo(&[]).await;
    // Some metrics exist only while 8x8 refuses.
    let simulator = simulator_that_knows(credentials(KEY, USERNAME, "another")).await;
    let refused = Exporter::serve(&simulator, &[]).await;
    let pages = demo.text("/metrics").await + &refused.text("/metrics").await;
    let variables = OPTIONS.iter().filter(|option| !option.file_only);
    let known: BTreeSet<String> = variables
        .map(Opt::variable)
        .chain(OTHER_VARIABLES.map(str::to_owned))
        .chain(names(&pages).map(str::to_owned))
        .chain(rules())
        .collect();
    let is_prefix = |name: &str| {
        let is_whole = name.ends_with('_') || PREFIXES.contains(&name);
        is_whole && known.iter().any(|one| one.starts_with(name))
    };
    let mut seen = 0;
    for document in Document::all() {
        for name in names(&document.text) {
            let exists = known.contains(name) || is_prefix(name);
            assert!(exists, "{}: there is no {name}", document.name);
            seen += 1;
        }
        for address in document.text.split("http://localhost:10888").skip(1) {
            let end = address.find(|c: char| !c.is_ascii_alphanumeric() && !"/-_.".contains(c));
            let path = &address[..end.unwrap_or(address.len())];
            let status = demo.get(path).await.status();
            assert_eq!(status, 200, "{}: {path}", document.name);
        }
    }
    assert!(seen > 100, "{seen} names");
}

#[test]
fn files_exist() {
    for document in Document::all() {
        for word in document.codes.iter().flat_map(|code| code.split(' ')) {
            assert_leads_somewhere(word, &document.name);
        }
    }
}

/// A word that looks like a path in the repository is one.
pub(super) fn assert_leads_somewhere(word: &str, at: &str) {
    let folder = word.split_once('/').map_or("", |(folder, _)| folder);
    let is_path =
        !["", ".", "..", "target"].contains(&folder) && repository().join(folder).is_dir();
    let untracked = UNTRACKED.iter().any(|path| word.starts_with(path));
    if !is_path || untracked || word.contains('…') {
        return;
    }
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("compgen -G {word}")]);
    let (exists, _) = run(bash.current_dir(repository()), "");
    assert!(exists, "{at}: there is no {word}");
}
