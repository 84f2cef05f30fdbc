//! The documents and what is in them.

use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A Markdown file of the repository.
pub(super) struct Document {
    /// Its path in the repository.
    pub(super) name: String,
    pub(super) text: String,
    /// The fenced blocks.
    pub(super) blocks: Vec<Block>,
    /// The code in the prose.
    pub(super) codes: Vec<String>,
    /// Where links and pictures lead to.
    pub(super) links: Vec<String>,
    /// The anchors of the headings, as GitHub makes them.
    pub(super) anchors: Vec<String>,
}

/// A fenced block.
pub(super) struct Block {
    /// File and line.
    pub(super) at: String,
    pub(super) language: String,
    pub(super) text: String,
    /// What the comment right before it says.
    pub(super) mark: Mark,
}

/// A comment that concerns the block after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// There is none.
    None,
    /// `<!-- not run: REASON -->`: only what can be checked without running it is.
    NotRun(String),
    /// `<!-- file: NAME -->`: the commands after it find it under this name.
    File(String),
}

pub(super) fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

impl Document {
    /// All of them.
    pub(super) fn all() -> Vec<Document> {
        let mut names: Vec<_> = markdown(&root(), false);
        for folder in ["docs", "deploy", "grafana", "bench", "fuzz"] {
            names.extend(markdown(&root().join(folder), true));
        }
        names.sort();
        let read = |path: PathBuf| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            Document::read(name, &std::fs::read_to_string(path).unwrap())
        };
        names.into_iter().map(read).collect()
    }

    pub(super) fn read(name: String, text: &str) -> Document {
        let mut document = Document {
            name,
            text: text.to_owned(),
            blocks: Vec::new(),
            codes: Vec::new(),
            links: Vec::new(),
            anchors: Vec::new(),
        };
        let mut mark = Mark::None;
        let mut heading: Option<String> = None;
        let mut block: Option<Block> = None;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let line = text[..range.start].matches('\n').count() + 1;
                    block = Some(Block {
                        at: format!("{}:{line}", document.name),
                        language: match kind {
                            CodeBlockKind::Fenced(language) => language.to_string(),
                            CodeBlockKind::Indented => String::new(),
                        },
                        text: String::new(),
                        mark: std::mem::replace(&mut mark, Mark::None),
                    });
                }
                Event::End(TagEnd::CodeBlock) => document.blocks.extend(block.take()),
                Event::Html(html) => mark = comment(&html),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    document
                        .anchors
                        .extend(heading.take().map(|text| anchor(&text)));
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.to_string());
                }
                Event::Text(piece) => match (&mut block, &mut heading) {
                    (Some(block), _) => block.text.push_str(&piece),
                    (None, Some(heading)) => heading.push_str(&piece),
                    (None, None) => mark = Mark::None,
                },
                Event::Code(code) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&code);
                    }
                    document.codes.push(code.to_string());
                    mark = Mark::None;
                }
                _ => {}
            }
        }
        document
    }
}

/// The Markdown files of a folder, and of those in it if `deep`.
fn markdown(folder: &Path, deep: bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_markdown = path.extension().is_some_and(|extension| extension == "md");
        if path.is_dir() && deep {
            found.extend(markdown(&path, true));
        } else if is_markdown {
            found.push(path);
        }
    }
    found
}

fn comment(html: &str) -> Mark {
    let inside = html.trim().strip_prefix("<!--");
    let Some(text) = inside.and_then(|rest| rest.strip_suffix("-->")) else {
        return Mark::None;
    };
    match text.trim().split_once(": ") {
        Some(("not run", reason)) => Mark::NotRun(reason.to_owned()),
        Some(("file", name)) => Mark::File(name.to_owned()),
        _ => Mark::None,
    }
}

/// As GitHub makes it of a heading.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    let letters = letters
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    letters.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn a_mark_holds_for_the_block_right_after_it_alone() {
    let text = "# A `b` c!\n\n<!-- not run: why -->\n```sh\nx\n```\n\n```sh\ny\n```\n\n\
                <!-- file: f -->\nprose `code` [to](there)\n\n```yaml\nz: 1\n```\n\n<!-- file: f -->\n```yaml\nz: 2\n```\n\n    indented\n";
    let document = Document::read("d.md".to_owned(), text);
    let blocks: Vec<_> = document
        .blocks
        .iter()
        .map(|block| {
            (
                &*block.at,
                &*block.language,
                &*block.text,
                block.mark.clone(),
            )
        })
        .collect();
    assert_eq!(
        blocks,
        [
            ("d.md:4", "sh", "x\n", Mark::NotRun("why".to_owned())),
            ("d.md:8", "sh", "y\n", Mark::None),
            ("d.md:15", "yaml", "z: 1\n", Mark::None),
            ("d.md:20", "yaml", "z: 2\n", Mark::File("f".to_owned())),
            ("d.md:24", "", "indented\n", Mark::None),
        ]
    );
    assert_eq!(document.anchors, ["a-b-c"]);
    assert_eq!(document.codes, ["b", "code"]);
    assert_eq!(document.links, ["there"]);
}
