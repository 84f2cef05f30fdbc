//! The configuration file: the options as YAML, and the accounts.
//!
//! `--collect.max-staleness` is `collect: {max_staleness: …}`; under `accounts:` each name has an `api` and
//! a `collect` map of its own. Everything that is wrong is told at once, with its line and key and never
//! its value.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::given::{Given, Layer};
use super::options::{Group, OPTIONS, Opt};
use super::values::is_label_name;
use exporter_toolkit::yaml::{Node, Value, parse, unknown};

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

/// Reads the file that `origin` names: what can be made of it, and what is wrong with the rest.
///
/// # Errors
///
/// When it can't be read, or isn't YAML.
pub(super) fn read(origin: &str, path: &Path) -> Result<(File, Vec<String>), String> {
    // What was given isn't shown: it might be a secret in the wrong place.
    let unreadable = |why: String| format!("{origin}: can't read the file that it names: {why}");
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !metadata.is_file() {
        // To open a pipe would wait for somebody who writes.
        return Err(unreadable("it is no regular file".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| unreadable("it isn't UTF-8 text: save it as UTF-8".to_owned()))?;
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

/// A part of the file that holds options.
struct Section {
    /// Where it stands, with a dot at the end; empty for the whole file.
    place: String,
    layer: Layer,
    groups: &'static [Group],
    /// Its keys, for a message.
    keys: &'static [&'static str],
}

impl FileReader {
    fn file(&mut self, root: &Node) -> File {
        let section = Section {
            place: String::new(),
            layer: Layer::File,
            groups: &[Group::Api, Group::Collect, Group::Web, Group::Log],
            keys: &["api", "collect", "web", "log", "accounts"],
        };
        let mut file = File::default();
        for (key, node) in self.entries(root, ROOT) {
            if key == "accounts" {
                file.accounts = Some(self.accounts(node));
            } else {
                self.options(&section, None, key, node, &mut file.options);
            }
        }
        file
    }

    fn accounts(&mut self, node: &Node) -> Vec<AccountEntry> {
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
            let section = Section {
                place: format!("{place}."),
                layer: Layer::Account,
                groups: &[Group::Api, Group::Collect],
                keys: &["api", "collect", "labels"],
            };
            for (key, node) in self.entries(node, &place) {
                if key == "labels" {
                    account.labels = self.labels(node, &format!("{place}.labels"));
                } else {
                    self.options(&section, None, key, node, &mut account.options);
                }
            }
            accounts.push(account);
        }
        accounts
    }

    fn labels(&mut self, node: &Node, place: &str) -> Vec<(String, String)> {
        let mut labels = Vec::new();
        for (name, node) in self.entries(node, place) {
            if !is_label_name(name) {
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

    /// The option or the options at a key, which stands under `parent`.
    fn options(
        &mut self,
        section: &Section,
        parent: Option<&str>,
        key: &str,
        node: &Node,
        into: &mut HashMap<&'static str, Given>,
    ) {
        let path = parent.map_or(key.to_owned(), |parent| format!("{parent}.{key}"));
        let place = format!("{}{path}", section.place);
        // `web.config` is two keys, not one.
        let may_be_known = parent.is_some() || !key.contains('.');
        let known = OPTIONS
            .iter()
            .filter(|option| may_be_known && section.groups.contains(&option.group()));
        // Options with their paths below a key.
        let below = |path: &str| {
            let prefix = format!("{path}.");
            let below = |option: &Opt| option.yaml_path().strip_prefix(&prefix).map(str::to_owned);
            known.clone().filter_map(below).collect::<Vec<_>>()
        };
        if let Some(option) = known.clone().find(|option| option.yaml_path() == path) {
            if let Some(values) = self.values(node, &place, option) {
                let given = Given {
                    layer: section.layer,
                    values,
                    origin: self.at(node.line, &place),
                };
                into.insert(option.name, given);
            }
        } else if !below(&path).is_empty() {
            for (key, node) in self.entries(node, &place) {
                self.options(section, Some(&path), key, node, into);
            }
        } else if ["api.key", "api.password"].contains(&&*path) {
            let problem = format!(
                "a secret doesn't belong in this file: name one with {path}_file or {path}_env"
            );
            self.problem(node.line, &place, &problem);
        } else {
            let keys = parent.map(below);
            let keys: Vec<_> = keys.iter().flatten().map(String::as_str).collect();
            let keys = if keys.is_empty() { section.keys } else { &keys };
            let (shown, problem) = unknown(key, &node.value, keys);
            let place = place.strip_suffix(key).unwrap_or_default();
            self.problem(node.line, &format!("{place}{shown}"), &problem);
        }
    }

    fn values(&mut self, node: &Node, place: &str, option: &Opt) -> Option<Vec<String>> {
        let mut refuse = |line, problem: String| {
            self.problem(line, place, &problem);
            None
        };
        match &node.value {
            Value::Scalar(text) if option.value == "FILE" => {
                let path = self.directory.join(text);
                Some(vec![path.to_string_lossy().into_owned()])
            }
            Value::Scalar(text) => Some(option.values_in(text)),
            Value::List(items) if option.repeatable => {
                let mut values = Vec::new();
                for item in items {
                    let Value::Scalar(text) = &item.value else {
                        let kind = item.value.kind();
                        let problem = format!("the list holds {kind}, not only single values");
                        return refuse(item.line, problem);
                    };
                    values.push(text.clone());
                }
                Some(values)
            }
            other => {
                let or_a_list = if option.repeatable { " or a list" } else { "" };
                let problem = format!("this is {}, not a single value{or_a_list}", other.kind());
                refuse(node.line, problem)
            }
        }
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
        self.problems.push(format!("{at}: {problem}"));
    }

    fn at(&self, line: u64, place: &str) -> String {
        format!("{}: line {line}, {place}", self.name)
    }
}
