//! The repository's files.

use std::fs;
use std::path::Path;

/// The rules that always apply, and those that are opted in to.
pub(crate) const RULES: &str = "deploy/prometheus/rules";
/// See [`RULES`].
pub(crate) const OPT_IN_RULES: &str = "deploy/prometheus/rules/opt-in";

/// Their tests.
pub(crate) const RULE_TESTS: &str = "deploy/prometheus/tests";

/// A file and what it holds.
#[derive(Clone)]
pub(crate) struct Text {
    /// From the repository's root.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Reads a file by its path from the repository's root.
///
/// # Errors
///
/// It can't be read; the text names it.
pub(crate) fn read(path: &str) -> Result<Text, String> {
    let text = fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))?;
    let path = path.to_owned();
    Ok(Text { path, text })
}

/// Reads the YAML files of a folder, ordered by their names.
///
/// # Errors
///
/// Folder or file can't be read; the text names it.
pub(crate) fn yaml(folder: &str) -> Result<Vec<Text>, String> {
    let problem = |error| format!("{folder}: {error}");
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join(folder)).map_err(problem)? {
        let name = entry.map_err(problem)?.file_name();
        if Path::new(&name).extension().is_some_and(|it| it == "yml") {
            files.push(read(&format!("{folder}/{}", name.display()))?);
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
