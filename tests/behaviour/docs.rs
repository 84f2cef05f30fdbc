//! What the documentation says is so.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fixture::{Exporter, run};

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn documents() -> Vec<PathBuf> {
    let mut found: Vec<_> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| root().join(name))
        .into();
    let pages = std::fs::read_dir(root().join("docs")).unwrap();
    found.extend(
        pages
            .map(|page| page.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The blocks of a language, without their fences.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
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
fn every_link_leads_somewhere() {
    let mut links = 0;
    for document in documents() {
        for target in read(&document)
            .split("](")
            .skip(1)
            .map(|rest| rest.split(')').next().unwrap())
        {
            if target.starts_with("http") {
                continue;
            }
            links += 1;
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() {
                document.clone()
            } else {
                document.parent().unwrap().join(path)
            };
            assert!(file.exists(), "{}: {target}", document.display());
            if !fragment.is_empty() {
                let text = read(&file);
                let headings = text.lines().filter(|line| line.starts_with('#'));
                let mut anchors = headings.map(|line| anchor(line.trim_start_matches('#')));
                assert!(
                    anchors.any(|found| found == fragment),
                    "{}: {target}",
                    document.display()
                );
            }
        }
    }
    assert!(links > 10, "{links} links");
}

#[tokio::test]
async fn the_page_in_the_readme_is_one_of_the_demo() {
    let exporter = Exporter::demo(&[]).await;
    let page = exporter.get("/metrics").await.text().await.unwrap();
    let readme = read(&root().join("README.md"));
    let shown = blocks(&readme, "text")
        .into_iter()
        .find(|block| block.contains("# HELP"))
        .unwrap();
    for line in shown.lines() {
        let series = line.rsplit_once(' ').unwrap().0;
        let there = if line.starts_with('#') {
            page.lines().any(|found| found == line)
        } else {
            page.lines()
                .any(|found| found.starts_with(&format!("{series} ")))
        };
        assert!(there, "{line}");
    }
}

#[test]
fn prometheus_takes_every_configuration_and_query() {
    for document in documents() {
        for block in blocks(&read(&document), "yaml") {
            if block.starts_with("scrape_configs:") {
                let files = tempfile::tempdir().unwrap();
                let path = files.path().join("prometheus.yml");
                std::fs::write(&path, &block).unwrap();
                for name in block
                    .split("_file: ")
                    .skip(1)
                    .filter_map(|rest| rest.lines().next())
                {
                    std::fs::write(files.path().join(name), "").unwrap();
                }
                let (good, said) = run(
                    Command::new("promtool")
                        .args(["check", "config"])
                        .arg(&path),
                    "",
                );
                assert!(good, "{}: {said}", document.display());
            }
        }
        for block in blocks(&read(&document), "promql") {
            promql_parser::parser::parse(&block)
                .unwrap_or_else(|error| panic!("{}: {error}", document.display()));
        }
    }
}
