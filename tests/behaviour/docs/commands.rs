//! Command lines, whether they are run or not: they can be parsed, and what they name exists.

use std::process::Command;

use eightxeight_exporter::cli;

use super::Document;
use super::names::assert_leads_somewhere;
use crate::fixture::{repository, run};

const EXPORTER: &str = "eightxeight-exporter";

#[test]
fn command_lines_can_be_parsed() {
    let mut parsed = 0;
    for document in Document::all() {
        for block in document.blocks("sh") {
            let (good, said) = run(Command::new("bash").arg("-n"), &block.text);
            assert!(good, "{}: {said}", block.at);
        }
        let blocks = document.blocks("sh").chain(document.blocks("ini"));
        let texts = blocks.map(|block| (&block.at, block.text.replace("\\\n", " ")));
        let codes = document.codes.iter();
        let codes = codes.map(|code| (&document.name, code.clone()));
        for (at, text) in texts.chain(codes) {
            for line in text.lines() {
                // Prose has apostrophes.
                let words = shlex::split(line).unwrap_or_default();
                for command in words.split(|word| ["&&", "||", "|", ";"].contains(&&**word)) {
                    parsed += usize::from(check(command, at));
                }
            }
        }
    }
    assert!(parsed > 15, "{parsed} command lines of the exporter");
}

/// Checks a command. Whether it is one of the exporter.
fn check(command: &[String], at: &str) -> bool {
    let [program, arguments @ ..] = command else {
        return false;
    };
    for word in command {
        assert_leads_somewhere(word.rsplit('=').next().unwrap(), at);
    }
    let program = program.rsplit(['/', '=']).next().unwrap();
    let image = arguments.iter().position(|word| word.contains(EXPORTER));
    match (program, image) {
        (EXPORTER, _) => parse(arguments, at),
        ("docker", Some(image)) if arguments[0] == "run" => parse(&arguments[image + 1..], at),
        ("make", _) => {
            let makefile = std::fs::read_to_string(repository().join("Makefile")).unwrap();
            for target in arguments.iter().filter(|word| !word.contains('=')) {
                let exists = makefile.contains(&format!("\n{target}:"));
                assert!(exists, "{at}: there is no `make {target}`");
            }
            return false;
        }
        _ => return false,
    }
    true
}

/// The exporter's own parser takes these arguments. `…` stands for what a reader has to add.
fn parse(arguments: &[String], at: &str) {
    let command = cli::command();
    let is_known = |first: &String| {
        command.find_subcommand(first).is_some() || ["--version", "--help"].contains(&&**first)
    };
    let default = (!arguments.first().is_some_and(is_known)).then_some("serve");
    let arguments = arguments.iter().map(String::as_str);
    let words = [EXPORTER].into_iter().chain(default).chain(arguments);
    if let Err(error) = command
        .clone()
        .try_get_matches_from(words.filter(|word| *word != "…"))
    {
        assert!(!error.use_stderr(), "{at}: {error}");
    }
}
