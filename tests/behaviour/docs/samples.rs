//! What the documents show of the program's output is what it says.

use super::document::{Document, Mark};
use crate::fixture::Exporter;

/// Whether a block is a piece of the metrics page.
pub(super) fn is_exposition(text: &str) -> bool {
    text.starts_with("# HELP") || text.starts_with("eightxeight_")
}

#[tokio::test]
async fn pieces_of_the_metrics_page_are_ones_of_the_demo() {
    let exporter = Exporter::demo(&[]).await;
    let page = exporter.get("/metrics").await.text().await.unwrap();
    let mut seen = 0;
    for document in Document::all() {
        let pieces = document.blocks.iter().filter(|block| {
            block.language == "text" && block.mark == Mark::None && is_exposition(&block.text)
        });
        for block in pieces {
            for line in block.text.lines() {
                let series = line.rsplit_once(' ').unwrap().0;
                let there = if line.starts_with('#') {
                    page.lines().any(|found| found == line)
                } else {
                    let start = format!("{series} ");
                    page.lines().any(|found| found.starts_with(&start))
                };
                assert!(there, "{}: {line}", block.at);
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "{seen} lines");
}

#[tokio::test]
async fn addresses_of_the_exporter_answer() {
    let exporter = Exporter::demo(&[]).await;
    let mut seen = 0;
    for document in Document::all() {
        for after in document.text.split("http://localhost:10888").skip(1) {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && !"/-_.".contains(c));
            let path = &after[..end.unwrap_or(after.len())];
            let path = if path.is_empty() { "/" } else { path };
            let status = exporter.get(path).await.status();
            assert_eq!(status, 200, "{}: {path}", document.name);
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen} addresses");
}

/// Each line of a sample of a command's output stands there in the same shape: numbers differ.
pub(super) fn is_like(sample: &str, said: &str, at: &str) {
    let shapes: Vec<_> = said.lines().map(shape).collect();
    for line in sample.lines().filter(|line| !line.is_empty()) {
        assert!(
            shapes.contains(&shape(line)),
            "{at}: {line}\nisn't in\n{said}"
        );
    }
}

fn shape(line: &str) -> String {
    let mut words: Vec<_> = line.split_whitespace().collect();
    // Where the name leads, and whether that is by TLS, isn't the same for 8x8 and the simulator.
    if let ["ok" | "skipped", step @ ("Name" | "Connection" | "TLS"), ..] = words[..] {
        words = vec![step];
    }
    // At night there may be no calls, and no rate then.
    let number = |word: &str| {
        let word = word.trim_start_matches('(');
        word == "-" || word.starts_with(|c: char| c.is_ascii_digit())
    };
    let words = words.iter().filter(|word| **word != "%");
    let shapes = words.map(|word| if number(word) { "N" } else { word });
    shapes.collect::<Vec<_>>().join(" ")
}

#[test]
fn shapes_leave_out_what_differs() {
    is_like(
        "ok  Name  8x8 (0.10 s)\nPBX   7:01  33.3 %\n",
        "skipped Name\nPBX 12:00 1 %\n",
        "",
    );
    assert_eq!(shape("PBX 7 3.0 % 1"), shape("PBX 0 - 0"));
    assert_ne!(shape("PBX 7"), shape("PBX seven"));
    assert_eq!(shape("ok Login by 09:41 (0.3 s)"), "ok Login by N N s)");
    assert_ne!(shape("ok Name"), shape("ok TLS"));
}

#[test]
fn failures_are_told_in_the_programs_words() {
    let words = include_str!("../snapshots/check_words.snap");
    let mut seen = 0;
    for document in Document::all() {
        let rows = document
            .text
            .split("| it says | it is |\n| --- | --- |\n")
            .nth(1);
        let rows = rows
            .into_iter()
            .flat_map(str::lines)
            .map_while(|line| line.strip_prefix("| "));
        for row in rows {
            let says = row.split(" |").next().unwrap();
            assert!(
                words.contains(&format!(": {says}\n")),
                "{}: {says}",
                document.name
            );
            seen += 1;
        }
    }
    assert!(seen > 4, "{seen} failures");
}
