//! The configuration file: the options as YAML, and the accounts.
//!
//! `--collect.max-staleness` is `collect: {max_staleness: …}`; under `accounts:` each name has an `api` and
//! a `collect` map of its own. Everything that is wrong is told at once, with its line and key and never
//! its value.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::options::{Group, OPTIONS, Opt};
use super::raw::{Given, Layer};
use super::read::one_line;
use exporter_toolkit::yaml::{Node, Value, parse};

/// Labels that the exporter or Prometheus sets itself.
const TAKEN_LABELS: [&str; 5] = ["account", "job", "instance", "pbx_id", "window"];

/// Where its outermost keys stand.
const ROOT: &str = "the file";

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The options at its top.
    pub(super) options: HashMap<&'static str, Given>,
    /// The accounts, if it has that key at all.
    pub(super) accounts: Option<Vec<AccountEntry>>,
}

/// What a file says of one account.
#[derive(Debug)]
pub(super) struct AccountEntry {
    pub(super) name: String,
    /// The file, line and key.
    pub(super) origin: String,
    pub(super) options: HashMap<&'static str, Given>,
    pub(super) labels: Vec<(String, String)>,
}

/// Reads a file: what can be made of it, and what is wrong with the rest.
///
/// # Errors
///
/// When it can't be read, or is no YAML.
pub(super) fn read(path: &Path) -> Result<(File, Vec<String>), String> {
    // What was given isn't shown: it might be a secret in the wrong place.
    let unreadable =
        |why: String| format!("--config.file: can't read the file that it names: {why}");
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !metadata.is_file() {
        // To open a pipe would wait for somebody who writes.
        return Err(unreadable("it is no regular file".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let name = path.display().to_string();
    let root = parse(&text).map_err(|problem| format!("{name}: {problem}"))?;
    let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut reader = FileReader {
        name,
        directory,
        problems: Vec::new(),
    };
    let file = reader.file(&root);
    Ok((file, reader.problems))
}

struct FileReader {
    name: String,
    directory: PathBuf,
    problems: Vec<String>,
}

impl FileReader {
    fn file(&mut self, root: &Node) -> File {
        let mut file = File::default();
        let allowed =
            |group| matches!(group, Group::Api | Group::Collect | Group::Web | Group::Log);
        for (key, node) in self.entries(root, ROOT) {
            if key == "accounts" {
                file.accounts = Some(self.accounts(node));
            } else {
                let keys = "api, collect, web, log, accounts";
                self.group(
                    key,
                    node,
                    "",
                    &allowed,
                    keys,
                    Layer::File,
                    &mut file.options,
                );
            }
        }
        file
    }

    fn accounts(&mut self, node: &Node) -> Vec<AccountEntry> {
        let allowed = |group| matches!(group, Group::Api | Group::Collect);
        let mut accounts = Vec::new();
        for (name, node) in self.entries(node, "accounts") {
            if name.is_empty() || name.chars().any(char::is_control) {
                self.problem(
                    node.line,
                    "accounts",
                    "an account's name is empty or holds a control character",
                );
                continue;
            }
            let place = format!("accounts.{name}");
            let mut account = AccountEntry {
                name: name.to_owned(),
                origin: self.at(node.line, &place),
                options: HashMap::new(),
                labels: Vec::new(),
            };
            for (key, node) in self.entries(node, &place) {
                if key == "labels" {
                    account.labels = self.labels(node, &format!("{place}.labels"));
                } else {
                    let keys = "api, collect, labels";
                    let prefix = format!("{place}.");
                    self.group(
                        key,
                        node,
                        &prefix,
                        &allowed,
                        keys,
                        Layer::Account,
                        &mut account.options,
                    );
                }
            }
            accounts.push(account);
        }
        accounts
    }

    fn labels(&mut self, node: &Node, place: &str) -> Vec<(String, String)> {
        let mut labels = Vec::new();
        for (name, node) in self.entries(node, place) {
            let mut letters = name.bytes();
            let good = letters
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
            if !good {
                self.problem(
                    node.line,
                    place,
                    "a label's name has only letters, digits and _, and begins with no digit",
                );
            } else if name.starts_with("__") || TAKEN_LABELS.contains(&name) {
                let place = format!("{place}.{name}");
                self.problem(node.line, &place, "this label is taken: account, job, instance, pbx_id, window and names that begin with __ are");
            } else if let Value::Scalar(value) = &node.value {
                labels.push((name.to_owned(), value.clone()));
            } else {
                self.problem(
                    node.line,
                    &format!("{place}.{name}"),
                    "a label has a single value",
                );
            }
        }
        labels
    }

    /// The options of one group.
    #[allow(clippy::too_many_arguments)] // A closure for each caller would hide what differs.
    fn group(
        &mut self,
        key: &str,
        node: &Node,
        prefix: &str,
        allowed: &dyn Fn(Group) -> bool,
        keys: &str,
        layer: Layer,
        options: &mut HashMap<&'static str, Given>,
    ) {
        let of_group: Vec<&'static Opt> = OPTIONS
            .iter()
            .filter(|option| allowed(option.group()) && option.name.split('.').next() == Some(key))
            .collect();
        if of_group.is_empty() {
            self.problem(
                node.line,
                &format!("{prefix}{key}"),
                &format!("no such key; there are {keys}"),
            );
            return;
        }
        self.options(node, prefix, key, &of_group, layer, options);
    }

    fn options(
        &mut self,
        node: &Node,
        prefix: &str,
        path: &str,
        known: &[&'static Opt],
        layer: Layer,
        options: &mut HashMap<&'static str, Given>,
    ) {
        let place = format!("{prefix}{path}");
        for (key, node) in self.entries(node, &place) {
            let inner = format!("{path}.{key}");
            let full = format!("{prefix}{inner}");
            if let Some(option) = known.iter().find(|option| yaml_path(option) == inner) {
                if let Some(values) = self.values(node, &full, option) {
                    let origin = self.at(node.line, &full);
                    options.insert(
                        option.name,
                        Given {
                            layer,
                            values,
                            origin,
                        },
                    );
                }
            } else if known
                .iter()
                .any(|option| yaml_path(option).starts_with(&format!("{inner}.")))
            {
                self.options(node, prefix, &inner, known, layer, options);
            } else if ["api.key", "api.password"].contains(&&*inner) {
                self.problem(node.line, &full, &format!("a secret doesn't belong in this file: name one with {inner}_file or {inner}_env"));
            } else {
                let names: Vec<_> = known
                    .iter()
                    .filter_map(|option| {
                        yaml_path(option)
                            .strip_prefix(path)?
                            .strip_prefix('.')
                            .map(str::to_owned)
                    })
                    .collect();
                self.problem(
                    node.line,
                    &full,
                    &format!("no such key; there are {}", names.join(", ")),
                );
            }
        }
    }

    fn values(&mut self, node: &Node, place: &str, option: &Opt) -> Option<Vec<String>> {
        let values = match &node.value {
            Value::Scalar(text) if option.repeatable => {
                text.split(',').map(|text| text.trim().to_owned()).collect()
            }
            Value::Scalar(text) if option.value == "FILE" => {
                vec![self.directory.join(text).to_string_lossy().into_owned()]
            }
            Value::Scalar(text) => vec![text.clone()],
            Value::List(items) if option.repeatable => {
                let mut values = Vec::new();
                for item in items {
                    let Value::Scalar(text) = &item.value else {
                        self.problem(
                            item.line,
                            place,
                            &format!(
                                "the list holds {}, not only single values",
                                item.value.kind()
                            ),
                        );
                        return None;
                    };
                    values.push(text.clone());
                }
                values
            }
            other => {
                let wanted = if option.repeatable {
                    "a single value or a list"
                } else {
                    "a single value"
                };
                self.problem(
                    node.line,
                    place,
                    &format!("this is {}, not {wanted}", other.kind()),
                );
                return None;
            }
        };
        Some(values)
    }

    fn entries<'n>(&mut self, node: &'n Node, place: &str) -> Vec<(&'n str, &'n Node)> {
        node.entries(|line, key, problem| match key {
            Some(key) if place == ROOT => self.problem(line, key, problem),
            Some(key) => self.problem(line, &format!("{place}.{key}"), problem),
            None => self.problem(line, place, problem),
        })
    }

    fn problem(&mut self, line: u64, place: &str, problem: &str) {
        let at = self.at(line, place);
        self.problems.push(one_line(&format!("{at}: {problem}")));
    }

    fn at(&self, line: u64, place: &str) -> String {
        format!("{}: line {line}, {place}", self.name)
    }
}

/// `collect.max-staleness` is `collect.max_staleness` in YAML.
fn yaml_path(option: &Opt) -> String {
    option.name.replace('-', "_")
}
