//! What the documentation says is so: links lead somewhere, names exist, configurations and queries are accepted by the
//! programs they are for, and the commands of [`RUN`] work as they stand.
//!
//! A comment right before a fenced block concerns it: `<!-- not run: it needs Docker -->` exempts it, and
//! `<!-- file: NAME -->` writes it to that file for the commands that follow.

mod commands;
mod configurations;
mod names;
mod reader;

use std::path::Path;
use std::process::Command;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::fixture::{repository, run};
use reader::Reader;

/// The documents whose commands are run.
const RUN: [&str; 2] = ["README.md", "docs/getting-started.md"];

/// A Markdown file of the repository.
struct Document {
    /// Its path in the repository.
    name: String,
    text: String,
    /// The fenced blocks.
    blocks: Vec<Block>,
    /// The code in the prose.
    codes: Vec<String>,
    /// Where links and pictures lead.
    links: Vec<String>,
    /// The anchors of the headings, as GitHub makes them.
    anchors: Vec<String>,
}

struct Block {
    /// File and line.
    at: String,
    language: String,
    text: String,
    /// What the comment right before it says.
    comment: String,
}

impl Block {
    fn is_run(&self) -> bool {
        !self.comment.starts_with("not run: ")
    }
}

impl Document {
    fn all() -> Vec<Document> {
        let mut find = Command::new("find");
        find.args([".", "-name", "*.md", "-not", "-path", "*/target/*"]);
        find.args(["-not", "-path", "*/.*/*"]);
        let (_, found) = run(find.current_dir(repository()), "");
        let names = found.lines().map(|path| path.trim_start_matches("./"));
        names.map(Document::read).collect()
    }

    fn read(name: &str) -> Document {
        let text = std::fs::read_to_string(repository().join(name)).unwrap();
        let mut document = Document {
            name: name.to_owned(),
            text: text.clone(),
            blocks: Vec::new(),
            codes: Vec::new(),
            links: Vec::new(),
            anchors: Vec::new(),
        };
        let mut in_block = false;
        for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    in_block = true;
                    let before = &text[..range.start];
                    document.blocks.push(Block {
                        at: format!("{name}:{}", before.matches('\n').count() + 1),
                        language: language.to_string(),
                        text: String::new(),
                        comment: comment_at_end(before).to_owned(),
                    });
                }
                Event::Text(text) if in_block => {
                    document.blocks.last_mut().unwrap().text.push_str(&text);
                }
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Start(Tag::Heading { .. }) => document.anchors.push(anchor(&text[range])),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.to_string());
                }
                Event::Code(code) => document.codes.push(code.to_string()),
                _ => {}
            }
        }
        document
    }

    fn blocks(&self, language: &str) -> impl Iterator<Item = &Block> {
        let language = language.to_owned();
        let blocks = self.blocks.iter();
        blocks.filter(move |block| block.language == language)
    }
}

fn comment_at_end(text: &str) -> &str {
    let comment = text.trim_end().strip_suffix("-->");
    let comment = comment.and_then(|text| text.rsplit_once("<!--"));
    comment.map_or("", |(_, comment)| comment.trim())
}

/// The anchor that GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    heading
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn links_lead_somewhere_and_to_every_page() {
    let documents = Document::all();
    let mut reached = vec!["README.md".to_owned()];
    for document in &documents {
        let inside = document.links.iter();
        for target in inside.filter(|target| !target.starts_with("http")) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let from = repository().join(&document.name);
            let file = match path {
                "" => from,
                path => from.parent().unwrap().join(path),
            };
            let file = file.canonicalize();
            let file = file.unwrap_or_else(|error| panic!("{}: {target}: {error}", document.name));
            let name = file.strip_prefix(repository()).unwrap();
            let page = documents.iter().find(|page| Path::new(&page.name) == name);
            if let Some(page) = page.filter(|_| !anchor.is_empty()) {
                let anchors = &page.anchors;
                assert!(
                    anchors.iter().any(|one| one == anchor),
                    "{}: {target}: {anchors:?}",
                    document.name
                );
            }
            reached.push(name.display().to_string());
        }
    }
    for document in documents {
        assert!(
            reached.contains(&document.name),
            "no page links to {}",
            document.name
        );
    }
}

#[tokio::test]
async fn the_commands_of_the_first_pages_work_as_they_stand() {
    for name in RUN {
        let document = Document::read(name);
        let mut reader = Reader::start().await;
        let mut ran = 0;
        for block in document.blocks.iter().filter(|block| block.is_run()) {
            if let Some(name) = block.comment.strip_prefix("file: ") {
                reader.write(name, &block.text);
            } else if block.language == "sh" {
                reader.run(block).await;
                ran += 1;
            }
        }
        assert!(ran > 1, "{name}: {ran} blocks");
    }
}
