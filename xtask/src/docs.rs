//! What is checked in and follows from something else: tables of the documentation from the program's, the rules for
//! Prometheus-Operator from those for Prometheus.

use std::fmt::Write as _;
use std::fs;

use eightxeight_exporter::commands::fields::{Format, table};
use eightxeight_exporter::config::options::{Group, OPTIONS, Opt};

use crate::Outcome;
use crate::files::{OPT_IN_RULES, RULES, Text, read, root, yaml};

/// Writes the files and prints the paths of those that change.
pub(crate) fn write() -> Outcome {
    for file in differing()? {
        println!("{}", file.path);
        fs::write(root().join(&file.path), &file.text)?;
    }
    Ok(true)
}

/// Whether all files are as they should be. Names those that aren't.
pub(crate) fn check() -> Outcome {
    let differing = differing()?;
    for file in &differing {
        eprintln!("{}: differs; run `cargo xtask docs`", file.path);
    }
    Ok(differing.is_empty())
}

/// Those of the files that aren't as they should be.
fn differing() -> Result<Vec<Text>, String> {
    let mut files = vec![
        configuration()?,
        metrics()?,
        prometheus_rule("prometheus-operator", "eightxeight-exporter", &yaml(RULES)?)?,
        prometheus_rule(
            "no-calls",
            "eightxeight-no-calls",
            &[read(&format!("{OPT_IN_RULES}/no-calls.yml"))?],
        )?,
    ];
    files.retain(|file| !read(&file.path).is_ok_and(|found| found.text == file.text));
    Ok(files)
}

fn configuration() -> Result<Text, String> {
    let mut document = read("docs/configuration.md")?;
    fill(&mut document, "options", &options(false))?;
    fill(&mut document, "options of the file", &options(true))?;
    Ok(document)
}

/// A table for each group.
fn options(file_only: bool) -> String {
    let mut text = String::new();
    let mut group: Option<Group> = None;
    for option in OPTIONS.iter().filter(|one| one.file_only == file_only) {
        if group != Some(option.group()) {
            group = Some(option.group());
            let heading = option.group().heading();
            let _ = write!(
                text,
                "\n{heading}\n\n| Option | Default | Meaning |\n| --- | --- | --- |\n"
            );
        }
        let _ = writeln!(text, "{}", row(option));
    }
    text.trim_start().to_owned()
}

fn row(option: &Opt) -> String {
    let default = match option.default {
        "" => "–".to_owned(),
        default => format!("`{default}`"),
    };
    let name = match (option.is_switch(), option.file_only) {
        (true, _) => option.flag(),
        (_, true) => format!("{} {}", option.name.replace('-', "_"), option.value),
        _ => format!("{} {}", option.flag(), option.value),
    };
    format!("| `{name}` | {default} | {} |", option.help)
}

fn metrics() -> Result<Text, String> {
    let mut document = read("docs/metrics.md")?;
    fill(&mut document, "fields", &table(Format::Markdown))?;
    Ok(document)
}

/// Exchanges what stands between the comment that names the part and the next `<!-- end -->`.
fn fill(document: &mut Text, part: &str, content: &str) -> Result<(), String> {
    let begin = format!("<!-- {part}: written by `cargo xtask docs` -->\n");
    let text = &document.text;
    let filled = text.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once("<!-- end -->\n")?;
        Some(format!("{before}{begin}\n{content}\n<!-- end -->\n{after}"))
    });
    document.text = filled.ok_or_else(|| format!("{}: no place for {part}", document.path))?;
    Ok(())
}

/// The groups of these files within a Kubernetes object.
fn prometheus_rule(component: &str, name: &str, files: &[Text]) -> Result<Text, String> {
    let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    let paths = paths.join(", ");
    let mut text = format!(
        "# Written by `cargo xtask docs` from {paths}.\n\
         apiVersion: monitoring.coreos.com/v1\n\
         kind: PrometheusRule\n\
         metadata:\n  \
           name: {name}\n  \
           labels:\n    \
             app.kubernetes.io/name: eightxeight-exporter\n\
         spec:\n  \
           groups:\n"
    );
    for file in files {
        let groups = file.text.split_once("\ngroups:\n");
        let (_, groups) = groups.ok_or_else(|| format!("{}: no groups", file.path))?;
        for line in groups.lines() {
            let indent = if line.is_empty() { "" } else { "  " };
            let _ = writeln!(text, "{indent}{line}");
        }
    }
    let path = format!("deploy/kubernetes/components/{component}/prometheus-rule.yaml");
    Ok(Text { path, text })
}
