//! `VictoriaMetrics` and vmalert, where a Prometheus would be.

use std::path::Path;
use std::process::Command;

use crate::fixture::{Running, client, free_port};

/// Starts them with what Prometheus would be given: a configuration, in `prometheus.yml` of `files`, and a past, which is
/// the files in `OpenMetrics` of the folder `data`.
pub(crate) async fn start(
    program: &str,
    config: &str,
    files: &Path,
    data: &Path,
    address: &str,
) -> Vec<Running> {
    let url = format!("http://{address}");
    let mut command = Command::new(program);
    command
        .arg(format!("-httpListenAddr={address}"))
        .arg(option("storageDataPath", &files.join("victoria-metrics")))
        .arg(option("promscrape.config", &files.join("prometheus.yml")))
        // Rules and Alertmanager are vmalert's.
        .arg("-promscrape.config.strictParse=false")
        .arg("-retentionPeriod=100y")
        // An answer holds what is there, however new it is.
        .args(["-search.latencyOffset=0s", "-search.disableCache"]);
    let mut running = vec![Running::start(&mut command)];
    running[0].line_with("started server at").await;
    for file in data.read_dir().into_iter().flatten() {
        import(&file.unwrap().path(), &url).await;
    }
    if let Some(rules) = between(config, "rule_files: [", "]") {
        let mut command = Command::new("vmalert");
        for file in rules.split(", ") {
            command.arg(option("rule", &files.join(file)));
        }
        for name in ["datasource", "remoteWrite", "remoteRead"] {
            command.arg(format!("-{name}.url={url}"));
        }
        match between(
            config,
            "alertmanagers: [{static_configs: [{targets: ['",
            "']",
        ) {
            Some(alertmanager) => command.arg(format!("-notifier.url=http://{alertmanager}")),
            None => command.arg("-notifier.blackhole"),
        };
        let interval = between(config, "evaluation_interval: ", "}").unwrap();
        command
            .arg(format!("-evaluationInterval={interval}"))
            .arg("-rule.evalDelay=0s")
            .arg("-remoteWrite.flushInterval=100ms")
            .arg("-disableAlertgroupLabel")
            .arg(format!("-httpListenAddr=127.0.0.1:{}", free_port()));
        running.push(Running::start(&mut command));
    }
    running
}

fn option(name: &str, path: &Path) -> String {
    format!("-{name}={}", path.display())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}

/// Gives it a file as docs/backfill.md says.
async fn import(file: &Path, url: &str) {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*"]);
    curl.arg("--upload-file").arg(file);
    curl.arg(format!("{url}/api/v1/import/prometheus"));
    assert!(curl.status().unwrap().success(), "{}", file.display());
    settle(url).await;
}

/// Waits until what it was given is found.
pub(crate) async fn settle(url: &str) {
    let flush = client().get(format!("{url}/internal/force_flush"));
    flush.send().await.unwrap();
}
