//! No stale names: what looks like an option, a variable, a metric, an alert or a file is one.

use std::collections::BTreeSet;

use eightxeight_exporter::cli;
use eightxeight_exporter::config::options::OPTIONS;
use eightxeight_exporter::simulator::Credentials;

use super::document::{Document, root};
use super::lines::leads_somewhere;
use crate::fixture::{Exporter, KEY, USERNAME, simulator};

/// Options of other programs that the prose speaks of.
const OF_OTHERS: [&str; 4] = [
    "--max-block-duration",
    "--storage.tsdb.allow-overlapping-blocks",
    "--storage.tsdb.path",
    "--storage.tsdb.retention",
];

/// Variables that aren't options: the two secrets, what the compose file asks for, what the build is told, and one that
/// Kubernetes sets.
const OTHER_VARIABLES: [&str; 5] = [
    "EIGHTXEIGHT_API_KEY",
    "EIGHTXEIGHT_API_PASSWORD",
    "EIGHTXEIGHT_SECRETS",
    "EIGHTXEIGHT_REVISION",
    "EIGHTXEIGHT_EXPORTER_PORT",
];

/// The words of a text that begin with `prefix` at a word's beginning and go on with what `of` allows; a pattern
/// such as `eightxeight_company_*` ends with what follows it.
fn words<'a>(text: &'a str, prefix: &str, of: impl Fn(char) -> bool) -> Vec<(&'a str, bool)> {
    let starts = text.match_indices(prefix).map(|(at, _)| at);
    let mut found = Vec::new();
    for at in starts {
        if text[..at].chars().next_back().is_some_and(&of) {
            continue;
        }
        let rest = &text[at..];
        let end = rest.find(|c| !of(c)).unwrap_or(rest.len());
        let is_pattern = rest[end..].starts_with(['*', '…']);
        found.push((&rest[..end], is_pattern));
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A recorded series has colons in its name.
fn is_series(c: char) -> bool {
    is_name(c) || c == ':'
}

#[test]
fn options_exist() {
    let command = cli::command();
    let subcommands = command.get_subcommands();
    let known: BTreeSet<String> = subcommands
        .flat_map(|command| command.get_arguments().filter_map(clap::Arg::get_long))
        .chain(["help", "version"])
        .map(|name| format!("--{name}"))
        .collect();
    let mut found = 0;
    for document in Document::all() {
        for code in document.codes.iter().filter(|code| code.starts_with("--")) {
            let name: String = code
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "-.".contains(*c))
                .collect();
            // `--api.*` and `--api.…` are all of a group.
            let is_group = name.ends_with('.') && known.iter().any(|one| one.starts_with(&name));
            let of_another = OF_OTHERS.iter().any(|other| name.starts_with(other));
            assert!(
                known.contains(&name) || is_group || of_another,
                "{}: there is no option {name}",
                document.name
            );
            found += 1;
        }
    }
    assert!(found > 60, "{found} options");
}

#[test]
fn variables_exist() {
    let options = OPTIONS.iter().filter(|option| !option.file_only);
    let known: BTreeSet<String> = options
        .map(eightxeight_exporter::config::options::Opt::variable)
        .chain(OTHER_VARIABLES.map(str::to_owned))
        .collect();
    for document in Document::all() {
        for (name, is_pattern) in words(&document.text, "EIGHTXEIGHT_", is_name) {
            assert!(
                known.contains(name) || is_pattern || name == "EIGHTXEIGHT_",
                "{}: there is no variable {name}",
                document.name
            );
        }
    }
}

/// What the exporter and its rules can give Prometheus.
async fn metrics() -> BTreeSet<String> {
    let calm = Exporter::demo(&[]).await;
    // Some are there only while 8x8 doesn't want to be asked.
    let refusing = simulator().await;
    refusing.customer().set_credentials(Credentials {
        api_key: KEY.to_owned(),
        username: USERNAME.to_owned(),
        password: "another".to_owned(),
    });
    let refused = Exporter::serve(&refusing, &[]).await;
    let mut known = BTreeSet::new();
    for exporter in [&calm, &refused] {
        let page = exporter.get("/metrics").await.text().await.unwrap();
        for line in page.lines() {
            let line = line.strip_prefix("# TYPE ").unwrap_or(line);
            if !line.starts_with('#') {
                let end = line.find(['{', ' ']).unwrap();
                known.insert(line[..end].to_owned());
            }
        }
    }
    known
}

fn rules() -> String {
    let folder = root().join("deploy/prometheus/rules");
    ["company.yml", "exporter.yml", "opt-in/no-calls.yml"]
        .map(|name| std::fs::read_to_string(folder.join(name)).unwrap())
        .concat()
}

#[tokio::test]
async fn metrics_exist() {
    let known = metrics().await;
    let mut found = 0;
    for document in Document::all() {
        for (name, is_pattern) in words(&document.text, "eightxeight_", is_series) {
            let begins = known.iter().any(|one| one.starts_with(name));
            assert!(
                known.contains(name) || (is_pattern || name == "eightxeight_") && begins,
                "{}: there is no metric {name}",
                document.name
            );
            found += 1;
        }
    }
    assert!(found > 100, "{found} metrics");
}

#[test]
fn alerts_and_recorded_series_exist() {
    let rules = rules();
    for document in Document::all() {
        for (name, is_pattern) in words(&document.text, "EightXEight", is_name) {
            assert!(
                rules.contains(&format!("alert: {name}\n")) || is_pattern || name == "EightXEight",
                "{}: there is no alert {name}",
                document.name
            );
        }
        for (name, _) in words(&document.text, "account_pbx_id_window:", is_series) {
            assert!(
                rules.contains(&format!("record: {name}\n")),
                "{}: no rule records {name}",
                document.name
            );
        }
    }
}

#[test]
fn files_exist() {
    for document in Document::all() {
        for code in &document.codes {
            for word in code.split_whitespace() {
                assert!(
                    leads_somewhere(word),
                    "{}: there is no {word}",
                    document.name
                );
            }
        }
    }
}

#[test]
fn words_are_found_where_they_begin() {
    let text = "xx_a xx_b* (xx_c) yxx_d `xx_…`";
    assert_eq!(
        words(text, "xx_", is_name),
        [
            ("xx_a", false),
            ("xx_b", true),
            ("xx_c", false),
            ("xx_", true)
        ]
    );
}
