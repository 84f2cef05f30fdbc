//! What is checked in and follows from something else: tables of the documentation from the program's, the rules for
//! Prometheus-Operator from those for Prometheus.

mod tables;

use std::fmt::Write as _;
use std::fs;

use crate::files::{OPT_IN_RULES, RULES, Text, read, root, yaml};
use crate::{Outcome, dashboards, dist};

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
        prometheus_rule("prometheus-operator", "eightxeight-exporter", RULES)?,
        prometheus_rule("no-calls", "eightxeight-no-calls", OPT_IN_RULES)?,
    ];
    let others = [dashboards::files(), tables::files(), dist::files()];
    files.extend(
        others
            .into_iter()
            .flatten()
            .map(|(path, text)| Text { path, text }),
    );
    files.retain(|file| !read(&file.path).is_ok_and(|found| found.text == file.text));
    Ok(files)
}

/// The groups of all files in the folder within a Kubernetes object.
fn prometheus_rule(component: &str, name: &str, folder: &str) -> Result<Text, String> {
    let mut text = format!(
        "# Written by `cargo xtask docs` from {folder}/*.yml.\n\
         apiVersion: monitoring.coreos.com/v1\n\
         kind: PrometheusRule\n\
         metadata:\n  \
           name: {name}\n  \
           labels:\n    \
             app.kubernetes.io/name: eightxeight-exporter\n\
         spec:\n  \
           groups:\n"
    );
    for file in yaml(folder)? {
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
