//! Every configuration is taken by the program that it is for.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::document::{Block, Document, Mark, root};
use super::stand_ins::{secret_files, write_missing};
use crate::certificates::Authority;
use crate::fixture::{USERNAME, binary, clean_command, run, secret_files as credentials};

/// Keys of the web configuration that are younger than Debian's promtool.
const NEWER_THAN_PROMTOOL: [&str; 2] = ["client_allowed_sans", "rate_limit"];

/// What a configuration is for, by its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Exporter,
    Web,
    Prometheus,
    Kustomization,
}

impl Kind {
    fn of(text: &str) -> Option<Kind> {
        let keys = text
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_alphabetic()));
        let mut keys = keys.filter_map(|line| line.split(':').next());
        match keys.next()? {
            "api" | "collect" | "web" | "log" | "accounts" => Some(Kind::Exporter),
            "tls_server_config" | "http_server_config" | "basic_auth_users" | "rate_limit" => {
                Some(Kind::Web)
            }
            "global" | "rule_files" | "alerting" | "scrape_configs" => Some(Kind::Prometheus),
            "apiVersion" if text.contains("\nkind: Kustomization\n") => Some(Kind::Kustomization),
            _ => None,
        }
    }
}

#[test]
fn programs_take_the_configurations_for_them() {
    let mut seen = Vec::new();
    for document in Document::all() {
        let mut whole = String::new();
        for block in document
            .blocks
            .iter()
            .filter(|block| block.language == "yaml")
        {
            if matches!(block.mark, Mark::NotRun(_)) {
                continue;
            }
            // What is indented goes on with the block before it.
            if block.text.starts_with(' ') {
                whole.push_str(&block.text);
            } else {
                whole.clone_from(&block.text);
            }
            let kind = Kind::of(&whole);
            let kind = kind.unwrap_or_else(|| panic!("{}: for which program is this?", block.at));
            check(kind, &whole, block);
            seen.push(kind);
        }
    }
    for kind in [
        Kind::Exporter,
        Kind::Web,
        Kind::Prometheus,
        Kind::Kustomization,
    ] {
        assert!(seen.contains(&kind), "no configuration of {kind:?}");
    }
}

/// Certificates under the names that the documents give them.
pub(super) fn certificates() -> Vec<(String, String)> {
    let authority = Authority::new("documents");
    let (server, client) = (authority.server(), authority.server());
    [
        ("ca.crt", authority.pem()),
        ("server.crt", server.certificate),
        ("server.key", server.key),
        ("client.crt", client.certificate),
        ("client.key", client.key),
    ]
    .map(|(name, pem)| (name.to_owned(), pem))
    .into()
}

fn check(kind: Kind, text: &str, block: &Block) {
    let files = tempfile::tempdir().unwrap();
    write_missing(files.path(), &secret_files(text, USERNAME));
    if text.contains(".crt") {
        write_missing(files.path(), &certificates());
    }
    let path = files.path().join("kustomization.yaml");
    std::fs::write(&path, text).unwrap();
    let says = |command: &mut Command| {
        let (good, said) = run(command, "");
        assert!(good, "{}: {said}", block.at);
    };
    match kind {
        Kind::Exporter => says(
            clean_command()
                .arg("--config.check")
                .arg("--config.file")
                .arg(&path),
        ),
        Kind::Web => {
            let secrets = credentials();
            let mut command =
                crate::fixture::command("serve", "https://api.example.org", secrets.path());
            says(
                command
                    .arg("--config.check")
                    .arg("--web.config.file")
                    .arg(&path),
            );
            if !NEWER_THAN_PROMTOOL.iter().any(|key| text.contains(key)) {
                says(
                    Command::new("promtool")
                        .args(["check", "web-config"])
                        .arg(&path),
                );
            }
        }
        Kind::Prometheus => {
            let rules = Path::new("deploy/prometheus/rules");
            std::os::unix::fs::symlink(root().join(rules), files.path().join("rules")).unwrap();
            says(
                Command::new("promtool")
                    .args(["check", "config"])
                    .arg(&path),
            );
        }
        Kind::Kustomization => kustomize(&files, &block.at),
    }
}

/// Builds what a kustomization beside a clone of the repository describes.
fn kustomize(files: &TempDir, at: &str) {
    let clone = files.path().join("eightxeight-exporter");
    std::fs::create_dir(&clone).unwrap();
    for folder in ["deploy", "grafana"] {
        let mut copy = Command::new("cp");
        let copied = copy.arg("-r").arg(root().join(folder)).arg(&clone).status();
        assert!(copied.unwrap().success());
    }
    let tools = root().join("target/tools");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("kubectl");
    let (good, said) = run(
        command.env("PATH", path).arg("kustomize").arg(files.path()),
        "",
    );
    assert!(good, "{at}: {said}");
    for needed in [
        "namespace: telephony",
        "image: registry.yours.example/eightxeight-exporter:0.1.0",
        "kind: NetworkPolicy",
        "kind: PrometheusRule",
        "grafana_dashboard",
    ] {
        assert!(said.contains(needed), "{at}: no {needed} in\n{said}");
    }
}

#[test]
fn systemd_takes_the_drop_ins() {
    let unit = "eightxeight-exporter.service";
    let text = std::fs::read_to_string(root().join("deploy/systemd").join(unit)).unwrap();
    let installed =
        |text: &str| text.replace("/usr/bin/eightxeight-exporter", binary().to_str().unwrap());
    let mut seen = 0;
    for document in Document::all() {
        for block in document
            .blocks
            .iter()
            .filter(|block| block.language == "ini")
        {
            let files = tempfile::tempdir().unwrap();
            let drop_ins = files.path().join(format!("{unit}.d"));
            std::fs::create_dir(&drop_ins).unwrap();
            std::fs::write(files.path().join(unit), installed(&text)).unwrap();
            std::fs::write(drop_ins.join("override.conf"), installed(&block.text)).unwrap();
            let (good, said) = run(
                Command::new("systemd-analyze")
                    .args(["verify", "--man=no"])
                    .arg(files.path().join(unit)),
                "",
            );
            assert!(good && said.is_empty(), "{}: {said}", block.at);
            seen += 1;
        }
    }
    assert!(seen > 0, "no drop-in");
}
