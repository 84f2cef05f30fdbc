//! Starts the programs that the tests look at, on free ports, and stops them by their id.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eightxeight_exporter::simulator::{Credentials, Settings, Simulator};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The answer in 8x8's documentation.
pub(crate) const DOCUMENTED: &str =
    include_str!("../../crates/eightxeight/src/testdata/company-summary.json");

/// Stand for secrets; no output may hold them.
pub(crate) const KEY: &str = "canary-key-5d41402abc4b2a76";
pub(crate) const USERNAME: &str = "canary-user@example.org";
pub(crate) const PASSWORD: &str = "canary&pass+word%^=7d793037";

pub(crate) fn binary() -> PathBuf {
    env!("CARGO_BIN_EXE_eightxeight-exporter").into()
}

/// A simulator that knows the canary credentials.
pub(crate) async fn simulator() -> Simulator {
    Simulator::start(settings()).await.unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings::new(Credentials {
        api_key: KEY.to_owned(),
        username: USERNAME.to_owned(),
        password: PASSWORD.to_owned(),
    })
}

/// A client that goes straight to this machine.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .build()
        .unwrap()
}

/// A program that was started, and what it has said on standard error.
pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("can't start {name}: {error}; `make setup` installs what the tests need")
            });
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let sink = log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.lock().unwrap().push(line);
            }
        });
        Running { child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The first line that holds `text`, once there is one.
    pub(crate) async fn line_with(&mut self, text: &str) -> String {
        let what = format!("a log line with {text}");
        let start = Instant::now();
        loop {
            if let Some(line) = self.log().iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "waited for {what}; ended: {ended:?}; log: {:#?}",
                self.log()
            );
            pause().await;
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// How it ended, once it has.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "it doesn't end; log: {:#?}",
                self.log()
            );
            pause().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Between two looks at a condition.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// Waits until `look` finds what it looks for.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, look).await
}

/// The same for what takes its time even on an idle machine.
pub(crate) async fn until_within<T>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < patience, "waited for {what}");
        pause().await;
    }
}

/// An exporter and the files that it reads.
pub(crate) struct Exporter {
    pub running: Running,
    pub url: String,
    _files: TempDir,
    client: reqwest::Client,
}

/// Writes the canary secrets into files.
pub(crate) fn secret_files() -> TempDir {
    let files = tempfile::tempdir().unwrap();
    for (name, secret) in [("key", KEY), ("user", USERNAME), ("password", PASSWORD)] {
        std::fs::write(files.path().join(name), format!("{secret}\n")).unwrap();
    }
    files
}

/// The exporter with files as its secrets and nothing of this process's environment that concerns it.
pub(crate) fn command(subcommand: &str, api: &str, files: &Path) -> Command {
    let mut command = clean_command();
    command.arg(subcommand).arg("--api.url").arg(api);
    for (option, name) in [
        ("key-file", "key"),
        ("username-file", "user"),
        ("password-file", "password"),
    ] {
        command.arg(format!("--api.{option}")).arg(files.join(name));
    }
    command
}

pub(crate) fn clean_command() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EIGHTXEIGHT_") {
            command.env_remove(name);
        }
    }
    command
}

impl Exporter {
    /// `serve` against a simulator.
    pub(crate) async fn serve(simulator: &Simulator, options: &[&str]) -> Exporter {
        let files = secret_files();
        let mut command = command("serve", &simulator.url(), files.path());
        Exporter::start(command.args(options), files).await
    }

    /// `demo`.
    pub(crate) async fn demo(options: &[&str]) -> Exporter {
        Exporter::start(
            clean_command().arg("demo").args(options),
            tempfile::tempdir().unwrap(),
        )
        .await
    }

    pub(crate) async fn start(command: &mut Command, files: TempDir) -> Exporter {
        command.args(["--web.listen-address", "127.0.0.1:0"]);
        let mut running = Running::start(command);
        let line = running.line_with("listening").await;
        let address = field(&line, "address");
        let client = client();
        Exporter {
            running,
            url: format!("http://{address}"),
            _files: files,
            client,
        }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.request("GET", path).send().await.unwrap()
    }

    pub(crate) async fn page(&self) -> Page {
        let response = self.get("/metrics").await;
        assert_eq!(response.status(), 200);
        Page::parse(&response.text().await.unwrap())
    }

    /// The first page for which `condition` holds.
    pub(crate) async fn page_where(&self, what: &str, condition: impl Fn(&Page) -> bool) -> Page {
        until(what, async || Some(self.page().await).filter(&condition)).await
    }
}

/// The value of a field of a log line, as text.
pub(crate) fn field<'a>(line: &'a str, name: &str) -> &'a str {
    if let Some((_, value)) = line.split_once(&format!(r#""{name}":""#)) {
        return value.split('"').next().unwrap();
    }
    let start = line
        .find(&format!(" {name}="))
        .unwrap_or_else(|| panic!("no {name} in {line}"));
    let value = &line[start + name.len() + 2..];
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap(),
        None => value.split(' ').next().unwrap(),
    }
}

/// The samples of a page, each under its name and labels as they stand there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page(pub BTreeMap<String, f64>);

impl Page {
    pub(crate) fn parse(text: &str) -> Page {
        let samples = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let (series, value) = line.rsplit_once(' ').unwrap();
                (series.to_owned(), value.parse().unwrap())
            });
        Page(samples.collect())
    }

    pub(crate) fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    pub(crate) fn value(&self, series: &str) -> f64 {
        self.get(series)
            .unwrap_or_else(|| panic!("no {series} in {:#?}", self.0.keys()))
    }

    /// The samples of 8x8's numbers alone.
    pub(crate) fn company(&self) -> Page {
        let samples = self
            .0
            .iter()
            .filter(|(series, _)| series.starts_with("eightxeight_company_"));
        Page(
            samples
                .map(|(series, value)| (series.clone(), *value))
                .collect(),
        )
    }

    pub(crate) fn failures(&self, endpoint: &str, reason: &str) -> f64 {
        self.value(&format!(
            r#"eightxeight_api_request_failures_total{{endpoint="{endpoint}",reason="{reason}"}}"#
        ))
    }
}

/// A real Prometheus that scrapes one target each second.
pub(crate) struct Prometheus {
    _running: Running,
    _files: TempDir,
    url: String,
    client: reqwest::Client,
}

impl Prometheus {
    pub(crate) async fn scraping(target: &str) -> Prometheus {
        Prometheus::with(&format!("static_configs: [{{targets: ['{target}']}}]")).await
    }

    /// With these settings for its only job.
    pub(crate) async fn with(job: &str) -> Prometheus {
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
             scrape_configs: [{{job_name: eightxeight, {job}}}]\n"
        );
        let files = tempfile::tempdir().unwrap();
        Prometheus::start(files, &config).await
    }

    /// With this configuration, and with the blocks that are in the folder `data` of its files.
    pub(crate) async fn start(files: TempDir, text: &str) -> Prometheus {
        Prometheus::launch(files, text, None, &["--storage.tsdb.retention.time=100y"]).await
    }

    /// With what is in a data directory, or an empty one; it scrapes nothing and forgets nothing.
    pub(crate) async fn over(data: Option<&Path>, options: &[&str]) -> Prometheus {
        let forgets_nothing = ["--storage.tsdb.retention.time=100y"];
        let options = [&forgets_nothing, options].concat();
        Prometheus::launch(tempfile::tempdir().unwrap(), "{}", data, &options).await
    }

    async fn launch(
        files: TempDir,
        config: &str,
        data: Option<&Path>,
        options: &[&str],
    ) -> Prometheus {
        let path = files.path().join("prometheus.yml");
        std::fs::write(&path, config).unwrap();
        let own = files.path().join("data");
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", path.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                data.unwrap_or(&own).display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(options);
        let mut running = Running::start(&mut command);
        running
            .line_with("Server is ready to receive web requests")
            .await;
        Prometheus {
            _running: running,
            _files: files,
            url,
            client: client(),
        }
    }

    /// What its API answers.
    pub(crate) async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> serde_json::Value {
        let request = self.client.get(format!("{}/api/v1/{path}", self.url));
        let response = request.query(parameters).send().await.unwrap();
        let mut answer: serde_json::Value =
            serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(answer["status"], "success", "{parameters:?}: {answer}");
        answer["data"].take()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The instant vector that an expression answers: a value for each set of labels.
    pub(crate) async fn query(&self, expression: &str) -> Vec<(BTreeMap<String, String>, f64)> {
        self.instant(&[("query", expression)]).await
    }

    /// The same, at a time.
    pub(crate) async fn query_at(
        &self,
        expression: &str,
        at: Timestamp,
    ) -> Vec<(BTreeMap<String, String>, f64)> {
        self.instant(&[("query", expression), ("time", &at.to_string())])
            .await
    }

    /// A range of points, `step` seconds apart, for each set of labels.
    pub(crate) async fn query_range(
        &self,
        expression: &str,
        start: Timestamp,
        end: Timestamp,
        step: u32,
    ) -> Vec<(BTreeMap<String, String>, Vec<(Timestamp, f64)>)> {
        let (start, end, step) = (start.to_string(), end.to_string(), step.to_string());
        let query = [
            ("query", expression),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ];
        let series = self.results("query_range", &query).await;
        let points = |series: &Value| {
            let points = series["values"].as_array().unwrap().iter();
            points
                .map(|point| {
                    let at = Timestamp::from_second(point[0].as_i64().unwrap()).unwrap();
                    (at, point[1].as_str().unwrap().parse().unwrap())
                })
                .collect()
        };
        series
            .iter()
            .map(|series| (labels(series), points(series)))
            .collect()
    }

    async fn instant(&self, query: &[(&str, &str)]) -> Vec<(BTreeMap<String, String>, f64)> {
        let series = self.results("query", query).await;
        let value = |series: &Value| series["value"][1].as_str().unwrap().parse().unwrap();
        series
            .iter()
            .map(|series| (labels(series), value(series)))
            .collect()
    }

    async fn results(&self, what: &str, query: &[(&str, &str)]) -> Vec<Value> {
        self.ask(what, query).await["result"]
            .as_array()
            .unwrap()
            .clone()
    }
}

fn labels(series: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(series["metric"].clone()).unwrap()
}

/// Runs a command to its end with `input`: whether it succeeded, and what it said on both outputs.
pub(crate) fn run(command: &mut Command, input: &str) -> (bool, String) {
    use std::io::Write;
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("can't start {name}: {error}; `make setup` installs what the tests need")
        });
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let mut said = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    let _ = writer.join().unwrap();
    (child.wait().unwrap().success(), said)
}
