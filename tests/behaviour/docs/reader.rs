//! A reader at a terminal: the commands of a document one after the other, in a folder that looks like a clone of the
//! repository, with the program under test and a simulated 8x8. Servers go on running until the document ends.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use eightxeight_simulator::Simulator;
use tempfile::TempDir;

use super::Block;
use crate::fixture::{
    Exporter, KEY, PASSWORD, Page, Running, assert_says, binary, client, credentials, field,
    free_port, repository, simulator_that_knows, until, until_true,
};

/// The name that the documents log in with.
const USERNAME: &str = "analytics@example.org";

/// Replaces cargo: what it would build is built already.
const CARGO: &str = r#"#!/bin/sh
case "$1" in
build) mkdir -p target/debug target/release && ln -sf "$EXPORTER" target/debug/ && ln -sf "$EXPORTER" target/release/ ;;
run) while [ "$1" != -- ]; do shift; done; shift; exec "$EXPORTER" "$@" ;;
esac
"#;

pub(super) struct Reader {
    clone: TempDir,
    simulator: Simulator,
    /// Commands that control a simulated 8x8 get the address of this demo's.
    demo: Exporter,
    servers: Vec<Server>,
    /// Where the newest exporter listens.
    exporter: String,
    prometheus: String,
}

/// A command that serves, with all that it started.
struct Server(Running);

impl Drop for Server {
    fn drop(&mut self) {
        // What has ended may have left its number to another.
        if self.0.status().is_none() {
            let group = format!("-{}", self.0.id());
            let mut kill = Command::new("kill");
            let _ = kill.args(["-s", "KILL", "--", &group]).status();
        }
    }
}

impl Reader {
    pub(super) async fn start() -> Reader {
        let clone = tempfile::tempdir().unwrap();
        for name in ["Makefile", "deploy"] {
            symlink(repository().join(name), clone.path().join(name)).unwrap();
        }
        let cargo = clone.path().join("cargo");
        fs::write(&cargo, CARGO).unwrap();
        fs::set_permissions(cargo, Permissions::from_mode(0o755)).unwrap();
        let demo = Exporter::demo(&[]).await;
        Reader {
            clone,
            simulator: simulator_that_knows(credentials(KEY, USERNAME, PASSWORD)).await,
            exporter: demo.address().to_owned(),
            demo,
            servers: Vec::new(),
            prometheus: format!("127.0.0.1:{}", free_port()),
        }
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.clone.path().join(name), self.adapted(text)).unwrap();
    }

    /// The text with the addresses of this run, and a minute that takes a second.
    fn adapted(&self, text: &str) -> String {
        let log = self.demo.running.log().join("\n");
        let simulator = log.split("curl -X PUT -d outage http://").nth(1).unwrap();
        let simulator = simulator.split('/').next().unwrap();
        let prometheus = format!("prometheus --web.listen-address={} --", self.prometheus);
        text.replace("127.0.0.1:PORT", simulator)
            .replace("localhost:10888", &self.exporter)
            .replace("prometheus --", &prometheus)
            .replace("scrape_interval: 1m", "scrape_interval: 1s")
            .replace("scrape_timeout: 30s", "scrape_timeout: 1s")
    }

    /// Runs commands to their end, or until the last of them serves.
    pub(super) async fn run(&mut self, block: &Block) {
        for (name, secret) in [("key.txt", KEY), ("password.txt", PASSWORD)] {
            self.write(name, secret);
        }
        let (clone, path) = (self.clone.path(), std::env::var("PATH").unwrap());
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c"])
            .arg(format!("exec >&2\n{}", self.adapted(&block.text)))
            .current_dir(clone)
            .env_clear()
            .env("PATH", format!("{}:{path}", clone.display()))
            .env("EXPORTER", binary())
            .env("EIGHTXEIGHT_API_URL", self.simulator.url())
            .env("EIGHTXEIGHT_WEB_LISTEN_ADDRESS", "127.0.0.1:0")
            .process_group(0);
        let mut server = Server(Running::start(&mut bash));
        let ended = until(&block.at, async || {
            let log = server.0.log().join("\n");
            let ready = ["message=listening", "Server is ready to receive"];
            let is_ready = ready.iter().any(|line| log.contains(line));
            server.0.status().map(Some).or(is_ready.then_some(None))
        })
        .await;
        let log = server.0.log();
        if let Some(status) = ended {
            assert!(status.success(), "{}: {log:#?}", block.at);
        } else if let Some(line) = log.iter().find(|line| line.contains("message=listening")) {
            field(line, "address").clone_into(&mut self.exporter);
            let page = get(&format!("{}/metrics", self.exporter)).await;
            let up = Page::parse(&page).value("eightxeight_up");
            assert_eq!(up, 1.0, "{}: {log:#?}", block.at);
            self.servers.push(server);
        } else {
            let api = format!("{}/api/v1", self.prometheus);
            until_true(&format!("{}: a scrape", block.at), async || {
                let targets = get(&format!("{api}/targets")).await;
                targets.contains(r#""health":"up""#)
            })
            .await;
            let rules = get(&format!("{api}/rules")).await;
            assert_says(&rules, &["EightXEightDataStale"]);
            self.servers.push(server);
        }
    }
}

async fn get(address: &str) -> String {
    let answer = client().get(format!("http://{address}")).send().await;
    answer.unwrap().text().await.unwrap()
}
