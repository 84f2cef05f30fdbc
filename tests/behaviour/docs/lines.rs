//! Command lines, whether they are run or not: their syntax, and that what they name exists.

use std::path::Path;
use std::process::Command;

use eightxeight_exporter::cli;

use super::document::{Block, Document, root};
use crate::fixture::run;

/// The program under test.
const EXPORTER: &str = "eightxeight-exporter";

#[test]
fn every_command_line_is_one_that_exists() {
    let mut parsed = 0;
    for document in Document::all() {
        for block in document.blocks.iter().filter(|one| one.language == "sh") {
            let (good, said) = run(Command::new("bash").arg("-n"), &block.text);
            assert!(good, "{}: {said}", block.at);
            for command in commands(block) {
                parsed += usize::from(check(&command, &block.at));
            }
        }
        // A unit has command lines as well.
        for block in document.blocks.iter().filter(|one| one.language == "ini") {
            for command in commands(block) {
                if let [first, rest @ ..] = &command[..]
                    && let Some(program) = first.strip_prefix("ExecStart=")
                {
                    let command = [&[program.to_owned()], rest].concat();
                    parsed += usize::from(check(&command, &block.at));
                }
            }
        }
        for code in &document.codes {
            let words = shlex::split(code).unwrap_or_default();
            let known = [EXPORTER, "make", "cargo"];
            if words.first().is_some_and(|first| known.contains(&&**first)) {
                parsed += usize::from(check(&words, &document.name));
            }
        }
    }
    assert!(parsed > 15, "{parsed} command lines of the exporter");
}

/// The simple commands of a block, as words.
fn commands(block: &Block) -> Vec<Vec<String>> {
    let text = block.text.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in text.lines() {
        let words = shlex::split(line).unwrap_or_else(|| panic!("{}: {line}", block.at));
        let parts = words.split(|word| ["&&", "||", "|", ";"].contains(&&**word));
        found.extend(parts.filter(|part| !part.is_empty()).map(<[_]>::to_vec));
    }
    found
}

/// Checks a command. Whether it is one of the exporter.
fn check(command: &[String], at: &str) -> bool {
    for word in command {
        let path = word.rsplit('=').next().unwrap_or(word);
        assert!(leads_somewhere(path), "{at}: there is no {path}");
    }
    let [program, arguments @ ..] = command else {
        return false;
    };
    match Path::new(program)
        .file_name()
        .and_then(|name| name.to_str())
    {
        Some(EXPORTER) => {
            parse(arguments, at);
            true
        }
        // An image is given what stands behind its name.
        Some("docker") if arguments.first().is_some_and(|verb| verb == "run") => {
            let image = arguments.iter().position(|word| word.contains(EXPORTER));
            let image = image.unwrap_or_else(|| panic!("{at}: no image"));
            parse(&arguments[image + 1..], at);
            true
        }
        Some("make") => {
            let targets = arguments.iter().filter(|word| !word.contains('='));
            for target in targets {
                assert!(has_target(target), "{at}: there is no `make {target}`");
            }
            false
        }
        Some("cargo") => {
            if let [xtask, tool, ..] = arguments
                && xtask == "xtask"
            {
                let tools = std::fs::read_to_string(root().join("xtask/src/main.rs")).unwrap();
                assert!(
                    tools.contains(&format!("[\"{tool}\"")),
                    "{at}: there is no `cargo xtask {tool}`"
                );
            }
            false
        }
        _ => false,
    }
}

/// The exporter's own parser takes these arguments. `…` stands for what a reader has to add.
fn parse(arguments: &[String], at: &str) {
    let arguments: Vec<_> = arguments.iter().filter(|word| *word != "…").collect();
    let is_option = |word: &&String| word.starts_with('-');
    let alone = ["--version", "--help"];
    // Without a command it is `serve`.
    let serve = match arguments.first() {
        Some(first) if is_option(first) && !alone.contains(&&***first) => Some("serve"),
        None => Some("serve"),
        _ => None,
    };
    let words = [EXPORTER].into_iter().chain(serve);
    let words = words.chain(arguments.iter().map(|word| &***word));
    if let Err(error) = cli::command().try_get_matches_from(words) {
        assert!(!error.use_stderr(), "{at}: {error}");
    }
}

/// Folders that are there only once a program has written to them.
const WRITTEN: [&str; 2] = ["fuzz/artifacts", "fuzz/corpus"];

/// Whether a word that looks like a path in the repository is one.
pub(super) fn leads_somewhere(word: &str) -> bool {
    let folder = word.split('/').next().unwrap_or_default();
    let tracked = [
        "bench", "benches", "deploy", "docs", "fuzz", "grafana", "scripts",
    ];
    let tracked = [&tracked[..], &["src", "templates", "tests", "xtask"]].concat();
    if !word.contains('/') || !tracked.contains(&folder) || word.contains("…") {
        return true;
    }
    if WRITTEN.iter().any(|written| word.starts_with(written)) {
        return true;
    }
    let Some((before, after)) = word.split_once('*') else {
        return root().join(word).exists();
    };
    let (folder, start) = before.rsplit_once('/').unwrap();
    let mut names = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.any(|name| name.starts_with(start) && name.ends_with(after))
}

fn has_target(name: &str) -> bool {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let mut lines = makefile.lines();
    lines.any(|line| {
        line.split_once(':')
            .is_some_and(|(target, _)| target == name)
    })
}

#[test]
fn paths_are_looked_up() {
    for (word, there) in [
        ("deploy/prometheus/rules/*.yml", true),
        ("deploy/prometheus/rules/*.yaml", false),
        ("docs/", true),
        ("docs/nothing.md", false),
        ("elsewhere/file", true),
        ("application/json", true),
    ] {
        assert_eq!(leads_somewhere(word), there, "{word}");
    }
    assert!(has_target("run") && !has_target("nothing"));
}
