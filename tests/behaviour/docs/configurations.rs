//! Configurations and queries are accepted by the program they are for.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Block, Document};
use crate::certificates::Authority;
use crate::fixture::{Prometheus, binary, clean_command, repository, run, words};

#[test]
fn configurations_are_accepted() {
    for document in Document::all() {
        let mut text = String::new();
        for block in document.blocks("yaml").filter(|block| block.is_run()) {
            // What is indented goes on with the block before it.
            if !block.text.starts_with(' ') {
                text.clear();
            }
            text += &block.text;
            check(&text, &block.at);
        }
    }
}

fn check(text: &str, at: &str) {
    let files = tempfile::tempdir().unwrap();
    write_what_it_names(text, files.path());
    let file = files.path().join("kustomization.yaml");
    fs::write(&file, text).unwrap();
    let mut lines = text.lines();
    let first = lines.find(|line| line.starts_with(char::is_alphabetic));
    let key = first.and_then(|line| line.split(':').next());
    let (mut command, arguments, path) = match key.unwrap_or_default() {
        "api" | "collect" | "web" | "log" | "accounts" => {
            (clean_command(), "--config.check --config.file", &*file)
        }
        "tls_server_config" | "http_server_config" | "basic_auth_users" | "rate_limit" => {
            let arguments = "demo --config.check --web.config.file";
            (clean_command(), arguments, &*file)
        }
        "global" | "rule_files" | "alerting" | "scrape_configs" => {
            (Command::new("promtool"), "check config", &*file)
        }
        "groups" => (Command::new("promtool"), "check rules", &*file),
        "route" | "receivers" => (Command::new("amtool"), "check-config", &*file),
        "apiVersion" => (kubectl(files.path()), "kustomize", files.path()),
        key => panic!("{at}: for which program is {key}?"),
    };
    let (good, said) = run(command.args(words(arguments)).arg(path), "");
    assert!(good, "{at}: {said}");
}

/// Secrets and certificates under the names that a configuration gives them.
fn write_what_it_names(text: &str, folder: &Path) {
    let authority = Authority::new("documents");
    let pair = authority.server();
    for rest in text.split("_file: ").skip(1) {
        let name = rest.split([',', '}', '\n']).next().unwrap();
        let content = match name {
            "ca.crt" => &authority.pem(),
            "server.crt" | "client.crt" => &pair.certificate,
            "server.key" | "client.key" => &pair.key,
            _ => "secret\n",
        };
        fs::write(folder.join(name), content).unwrap();
    }
}

/// kubectl, for what stands beside a clone of the repository; it takes no link to the real one.
fn kubectl(folder: &Path) -> Command {
    let clone = folder.join("eightxeight-exporter");
    fs::create_dir(&clone).unwrap();
    let mut copy = Command::new("cp");
    copy.args(["-r", "deploy", "grafana"]).arg(clone);
    let (good, said) = run(copy.current_dir(repository()), "");
    assert!(good, "{said}");
    let tools = repository().join("target/tools");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let mut kubectl = Command::new("kubectl");
    kubectl.env("PATH", path);
    kubectl
}

#[test]
fn systemd_takes_the_drop_ins() {
    const UNIT: &str = "eightxeight-exporter.service";
    let installed =
        |text: &str| text.replace("/usr/bin/eightxeight-exporter", binary().to_str().unwrap());
    let unit = fs::read_to_string(repository().join("deploy/systemd").join(UNIT)).unwrap();
    for document in Document::all() {
        for block in document.blocks("ini") {
            let files = tempfile::tempdir().unwrap();
            let drop_ins = files.path().join(format!("{UNIT}.d"));
            fs::create_dir(&drop_ins).unwrap();
            fs::write(files.path().join(UNIT), installed(&unit)).unwrap();
            fs::write(drop_ins.join("override.conf"), installed(&block.text)).unwrap();
            let mut analyze = Command::new("systemd-analyze");
            analyze
                .args(["verify", "--man=no"])
                .arg(files.path().join(UNIT));
            let (good, said) = run(&mut analyze, "");
            assert!(good && said.is_empty(), "{}: {said}", block.at);
        }
    }
}

#[tokio::test]
async fn prometheus_evaluates_the_queries() {
    let prometheus = Prometheus::over(None, &[]).await;
    let mut seen = 0;
    for document in Document::all() {
        let blocks = document.blocks("promql").map(|Block { text, .. }| text);
        // In prose, `…` stands for something that isn't said again.
        let is_query = |code: &&String| {
            code.contains("eightxeight_") && code.contains(['{', '(']) && !code.contains('…')
        };
        for query in blocks.chain(document.codes.iter().filter(is_query)) {
            prometheus.ask("query", &[("query", query)]).await;
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} queries");
}
