//! What the documentation says is so: every fenced block of every Markdown file is run or held against the program, and no
//! name in it is stale.
//!
//! A block's language says what happens to it:
//!
//! | language | what happens |
//! |---|---|
//! | `sh` | it is run ([`reader`]), and its command lines are looked at ([`lines`]) |
//! | `yaml` | the program that it is for checks it ([`configurations`]) |
//! | `ini` | systemd checks it, over the unit |
//! | `promql` | Prometheus evaluates it ([`queries`]) |
//! | `text` | it is a piece of the metrics page, or the output of the commands before it ([`samples`]) |
//!
//! Everything else, and what can't be run in a test, has a comment right before it that says why:
//! `<!-- not run: it needs a cluster -->`. What can be checked without running it still is. A configuration with
//! `<!-- file: NAME -->` before it is there under that name for the commands that follow. [`stand_ins`] has all that is
//! put in place of what the documents say.

mod configurations;
mod document;
mod lines;
mod links;
mod names;
mod queries;
mod reader;
mod samples;
mod stand_ins;

use document::{Document, Mark};
use reader::Reader;
use stand_ins::STAND_INS;

/// Blocks that aren't run: file, first line, why.
const NOT_RUN: [(&str, &str, &str); 12] = [
    (
        "README.md",
        "make run    # a demo with a simulated 8x8: no account needed; then open http://localhost:10888/",
        "`make test` is what would run it",
    ),
    (
        "docs/architecture.md",
        "8x8 --> eightxeight --> Snapshot --> Page --> web --> Prometheus",
        "it is a drawing",
    ),
    (
        "docs/deployment.md",
        "make image IMAGE=registry.example.org/eightxeight-exporter:0.1.0   # docker or buildah",
        "it needs a builder of images",
    ),
    (
        "docs/deployment.md",
        "docker buildx build --platform linux/amd64,linux/arm64 --build-arg REVISION=$(git rev-parse --short=12 HEAD) --tag … --push .",
        "it needs Docker and a registry",
    ),
    ("docs/deployment.md", "cd deploy/compose", "it needs Docker"),
    (
        "docs/deployment.md",
        "mkdir secrets              # with the files api-key, username, password",
        "it needs Docker",
    ),
    (
        "docs/deployment.md",
        "kubectl create secret generic eightxeight-exporter \\",
        "it needs a cluster",
    ),
    (
        "docs/deployment.md",
        "(cd target/dist && sha256sum --check SHA256SUMS)",
        "it needs root and the package",
    ),
    (
        "docs/deployment.md",
        "install -m 600 key.txt /etc/eightxeight-exporter/secrets/api-key",
        "it needs root and the package",
    ),
    (
        "docs/deployment.md",
        "tar -xf eightxeight-exporter-0.1.0-linux-amd64.tar.gz",
        "it needs root and the tarball",
    ),
    (
        "docs/deployment.md",
        "install -m 755 target/release/eightxeight-exporter /usr/bin/",
        "it needs root and systemd",
    ),
    (
        "docs/releasing.md",
        "cargo install --locked cargo-deb cargo-deny cargo-fuzz",
        "it builds for minutes what a release needs",
    ),
];

#[test]
fn these_blocks_and_no_others_are_not_run() {
    let mut found = Vec::new();
    for document in &Document::all() {
        for block in &document.blocks {
            if let Mark::NotRun(reason) = &block.mark {
                let first = block.text.lines().next().unwrap_or_default();
                found.push((document.name.clone(), first.to_owned(), reason.clone()));
            }
        }
    }
    let listed =
        NOT_RUN.map(|(name, first, reason)| (name.to_owned(), first.to_owned(), reason.to_owned()));
    assert_eq!(found, listed);
}

#[test]
fn every_block_is_checked_or_says_why_not() {
    let mut blocks = 0;
    for document in Document::all() {
        let mut before = "";
        for block in &document.blocks {
            blocks += 1;
            let checked = match &*block.language {
                "sh" | "yaml" | "ini" | "promql" => true,
                "text" => samples::is_exposition(&block.text) || before == "sh",
                _ => false,
            };
            assert!(
                checked || matches!(block.mark, Mark::NotRun(_)),
                "{}: nothing checks a block of the language `{}`; mark it: <!-- not run: why -->",
                block.at,
                block.language
            );
            before = &block.language;
        }
    }
    assert!(blocks > 50, "{blocks} blocks");
}

#[tokio::test]
async fn commands_work_as_they_stand() {
    let documents = Document::all();
    let mut ran = 0;
    for document in &documents {
        let runs = |block: &&document::Block| block.language == "sh" && block.mark == Mark::None;
        if !document.blocks.iter().any(|block| runs(&block)) {
            continue;
        }
        let mut reader = Reader::start(document).await;
        for block in &document.blocks {
            match (&*block.language, &block.mark) {
                ("sh", Mark::None) => {
                    reader.run(&block.at, &block.text).await;
                    ran += 1;
                }
                (_, Mark::File(name)) => reader.write(name, &block.text).await,
                ("text", Mark::None) if !samples::is_exposition(&block.text) => {
                    samples::is_like(&block.text, &reader.said, &block.at);
                }
                _ => {}
            }
        }
    }
    assert!(ran > 10, "{ran} blocks");
}

#[test]
fn every_stand_in_stands_for_something() {
    let documents = Document::all();
    for (text, _) in STAND_INS {
        let mut blocks = documents.iter().flat_map(|document| &document.blocks);
        assert!(
            blocks.any(|block| block.text.contains(text)),
            "nothing says {text}"
        );
    }
}
