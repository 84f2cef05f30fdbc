//! A reader at a terminal: the commands of a document one after the other, in a scratch copy of the repository, with the
//! program under test and a simulated 8x8. Servers go on running until the document ends.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use eightxeight_exporter::simulator::{Credentials, Settings, Simulator};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::configurations::certificates;
use super::document::{Document, root};
use super::stand_ins::{PROGRAMS, STAND_INS, Value, secret_files, write_missing};
use crate::fixture::{
    KEY, PASSWORD, Page, Running, USERNAME, binary, client, field, free_port, pause, until,
};

/// Longer than any command of the documents takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct Reader {
    /// Holds `bin`, `home`, `secrets` and `repository`.
    place: TempDir,
    simulator: Simulator,
    secrets: Vec<(String, String)>,
    /// Its address and its process.
    exporter: Option<(String, Script)>,
    prometheus: Option<(String, Script)>,
    alertmanager: Option<Running>,
    /// What the last commands said.
    pub(super) said: String,
}

impl Reader {
    pub(super) async fn start(document: &Document) -> Reader {
        let username = document.text.split("--api.username ").nth(1);
        let username = username.and_then(|rest| rest.split_whitespace().next());
        let username = username.unwrap_or(USERNAME);
        let simulator = Simulator::start(Settings::new(Credentials {
            api_key: KEY.to_owned(),
            username: username.to_owned(),
            password: PASSWORD.to_owned(),
        }));
        let place = tempfile::tempdir().unwrap();
        for folder in [
            "bin",
            "home/.config/amtool",
            "home/.config/prometheus",
            "secrets",
            "repository",
        ] {
            fs::create_dir_all(place.path().join(folder)).unwrap();
        }
        for (name, text) in PROGRAMS {
            let path = place.path().join("bin").join(name);
            fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        }
        for (name, secret) in [("key", KEY), ("user", username), ("password", PASSWORD)] {
            fs::write(place.path().join("secrets").join(name), secret).unwrap();
        }
        let copied = Command::new("cp")
            .args(["-r", "Makefile", "deploy", "grafana", "scripts"])
            .arg(place.path().join("repository"))
            .current_dir(root())
            .status();
        assert!(copied.unwrap().success());
        let config = place.path().join("repository/config.yml");
        fs::write(config, "collect: {window: [1h]}\n").unwrap();
        Reader {
            secrets: secret_files(&document.text, username),
            place,
            simulator: simulator.await.unwrap(),
            exporter: None,
            prometheus: None,
            alertmanager: None,
            said: String::new(),
        }
    }

    fn repository(&self) -> PathBuf {
        self.place.path().join("repository")
    }

    /// Puts a configuration where the commands after it look for it, and the certificates that it names beside it.
    pub(super) async fn write(&mut self, name: &str, text: &str) {
        let text = self.with_stand_ins(text).await;
        if text.contains(".crt") {
            write_missing(&self.repository(), &certificates());
        }
        fs::write(self.repository().join(name), text).unwrap();
    }

    /// Runs commands to their end, or until the last of them serves.
    pub(super) async fn run(&mut self, at: &str, text: &str) {
        let text = self.with_stand_ins(text).await;
        if text.contains("amtool ") {
            self.need_alertmanager().await;
        }
        write_missing(&self.repository(), &self.secrets);
        let prometheus = format!("127.0.0.1:{}", free_port());
        let mut script = self.script(&text, &prometheus);
        let start = Instant::now();
        loop {
            let said = script.said();
            if let Some(status) = script.ended() {
                // It may have said more since.
                self.said = script.said();
                assert!(status.success(), "{}: {status}\n{text}\n{}", at, self.said);
                break;
            }
            if let Some(line) = said.lines().find(|line| line.contains("message=listening")) {
                let address = field(line, "address").to_owned();
                self.exporter = Some((address, script));
                self.collects(at).await;
                break;
            }
            if said.contains("Server is ready to receive web requests") {
                self.prometheus = Some((prometheus, script));
                self.scrapes(at).await;
                break;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{at}: it neither ends nor serves\n{text}\n{said}"
            );
            pause().await;
        }
        write_missing(&self.repository(), &self.secrets);
    }

    async fn with_stand_ins(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, value) in STAND_INS {
            if text.contains(from) {
                let to = self.value(value).await;
                text = text.replace(from, &to);
            }
        }
        text
    }

    async fn value(&mut self, value: Value) -> String {
        match value {
            Value::Text(text) => text.to_owned(),
            Value::LastWeek => {
                let day = |days_ago: i64| {
                    let day = Timestamp::now() - SignedDuration::from_hours(24 * days_ago);
                    day.strftime("%Y-%m-%d").to_string()
                };
                format!("--from {} --to {}", day(7), day(6))
            }
            Value::History => {
                let written = fs::read_dir(self.repository().join("history")).unwrap();
                let mut names = written.map(|file| file.unwrap().file_name());
                let name = names.find(|name| *name != "backfill.journal");
                format!("history/{}", name.unwrap().display())
            }
            Value::Exporter => {
                self.need_demo().await;
                self.exporter.as_ref().unwrap().0.clone()
            }
            Value::Simulator => {
                let said = self.exporter.as_ref().map(|(_, script)| script.said());
                if !said.is_some_and(|said| said.contains("demo: ")) {
                    self.exporter = None;
                }
                self.need_demo().await;
                let (_, script) = self.exporter.as_ref().unwrap();
                until("the simulator's address", async || {
                    let said = script.said();
                    let (_, after) = said.split_once("curl -X PUT -d outage http://")?;
                    Some(after.split_once('/')?.0.to_owned())
                })
                .await
            }
        }
    }

    /// The reader of a document that begins with a running exporter has one.
    async fn need_demo(&mut self) {
        if self.exporter.is_none() {
            Box::pin(self.run("a demo", "eightxeight-exporter demo")).await;
        }
    }

    async fn need_alertmanager(&mut self) {
        if self.alertmanager.is_some() {
            return;
        }
        let address = format!("127.0.0.1:{}", free_port());
        let home = self.place.path().join("home");
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!(
                "--config.file={}",
                root()
                    .join("deploy/alertmanager/alertmanager.yml")
                    .display()
            ))
            .arg(format!(
                "--storage.path={}",
                home.join("alertmanager").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=");
        self.alertmanager = Some(Running::start(&mut command));
        let url = format!("http://{address}");
        // Where amtool looks, and where Debian's does.
        for name in ["amtool/config.yml", "prometheus/amtool.yml"] {
            let config = format!("alertmanager.url: {url}\n");
            fs::write(home.join(".config").join(name), config).unwrap();
        }
        until("Alertmanager", async || {
            client().get(format!("{url}/-/ready")).send().await.ok()
        })
        .await;
    }

    fn script(&self, text: &str, prometheus: &str) -> Script {
        let at = |name: &str| self.place.path().join(name);
        let output = at(&format!("output-{}", free_port()));
        let file = File::create(&output).unwrap();
        let path = std::env::var("PATH").unwrap();
        let child = Command::new("bash")
            .args(["-euo", "pipefail", "-c", text])
            .current_dir(self.repository())
            .env_clear()
            .env("PATH", format!("{}:{path}", at("bin").display()))
            .env("HOME", at("home"))
            .env("EXPORTER", binary())
            .env("SIMULATOR", self.simulator.url())
            .env("SECRETS", at("secrets"))
            .env("PROMETHEUS", prometheus)
            .env("no_proxy", "*")
            .stdin(std::process::Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            // A group of its own, so that what it started can be stopped with it.
            .process_group(0)
            .spawn()
            .unwrap();
        Script { child, output }
    }

    /// The exporter that was just started has every account's numbers.
    async fn collects(&self, at: &str) {
        let (address, script) = self.exporter.as_ref().unwrap();
        let get = async |path: &str| {
            let response = client().get(format!("http://{address}{path}")).send().await;
            response.unwrap().text().await.unwrap()
        };
        let accounts: serde_json::Value = serde_json::from_str(&get("/sd").await).unwrap();
        for account in accounts.as_array().unwrap() {
            let labels = &account["labels"];
            let name = labels["account"]
                .as_str()
                .map(|name| format!("?account={name}"));
            let path = labels["__metrics_path__"].as_str().unwrap();
            let page = get(&format!("{path}{}", name.unwrap_or_default())).await;
            let up = Page::parse(&page).value("eightxeight_up");
            assert_eq!(up, 1.0, "{at}: {path}\n{}", script.said());
        }
    }

    /// The Prometheus that was just started scrapes that exporter, and knows the alerts if it was given any.
    async fn scrapes(&self, at: &str) {
        let (address, script) = self.prometheus.as_ref().unwrap();
        let ask = async |path: &str| {
            let response = client()
                .get(format!("http://{address}/api/v1/{path}"))
                .send()
                .await;
            response.unwrap().text().await.unwrap()
        };
        until(&format!("{at}: a scrape\n{}", script.said()), async || {
            let targets = ask("targets").await;
            targets.contains(r#""health":"up""#).then_some(())
        })
        .await;
        assert!(
            ask("rules").await.contains("EightXEightDataStale"),
            "{at}: no alerts"
        );
    }
}

/// Commands that run.
pub(super) struct Script {
    child: Child,
    output: PathBuf,
}

impl Script {
    /// What it has said so far, on both outputs.
    fn said(&self) -> String {
        fs::read_to_string(&self.output).unwrap()
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // What has ended may have left its number to another.
        if let Ok(None) = self.child.try_wait() {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill")
                .args(["-s", "KILL", "--", &group])
                .status();
        }
        let _ = self.child.wait();
    }
}
