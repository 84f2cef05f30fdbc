//! Starts the programs that the tests look at, on free ports, and stops them by their id.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{Seek, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use eightxeight_simulator::{Credentials, Rule, Settings, Simulator};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use crate::victoria_metrics;

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

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A simulator that knows the canary credentials.
pub(crate) async fn simulator() -> Simulator {
    simulator_that_knows(credentials(KEY, USERNAME, PASSWORD)).await
}

pub(crate) async fn simulator_that_knows(credentials: Credentials) -> Simulator {
    let settings = Settings::new(credentials);
    Simulator::start(settings).await.unwrap()
}

/// The same as [`simulator`], but this rule applies to its requests.
pub(crate) async fn simulator_with(rule: Rule) -> Simulator {
    let simulator = simulator().await;
    simulator.faults().add(rule);
    simulator
}

pub(crate) fn credentials(api_key: &str, username: &str, password: &str) -> Credentials {
    Credentials {
        api_key: api_key.to_owned(),
        username: username.to_owned(),
        password: password.to_owned(),
    }
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
    /// A file, not a pipe: what the program wrote before it answered is there when the answer is.
    log: NamedTempFile,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        let name = command.get_program().to_string_lossy().into_owned();
        let log = NamedTempFile::new().unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("can't start {name}: {error}; try `make setup`"));
        Running { child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The whole lines that it has written.
    pub(crate) fn log(&self) -> Vec<String> {
        let text = std::fs::read(&self.log).unwrap();
        let text = String::from_utf8_lossy(&text);
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(str::to_owned).collect()
    }

    /// The first line that holds `text`, once there is one.
    pub(crate) async fn line_with(&mut self, text: &str) -> String {
        let what = format!("a log line with {text}");
        let start = Instant::now();
        loop {
            if let Some(line) = self.log().iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let ended = self.status();
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "waited for {what}; ended: {ended:?}; log: {:#?}",
                self.log()
            );
            pause().await;
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, &self.id().to_string()]);
        assert!(kill.status().unwrap().success());
    }

    /// How it ended, if it has.
    pub(crate) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// How it ended, once it has.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        until("the program's end", async || self.status()).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on, and that the system gives to nobody who asks it for any: those begin at 32768.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Another run at the same time begins elsewhere.
    let first = 10_000 + u16::try_from(std::process::id().wrapping_mul(7919) % 20_000).unwrap();
    let mut ports = std::iter::from_fn(|| Some(first + TAKEN.fetch_add(1, Ordering::Relaxed)));
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.find(is_free).unwrap()
}

/// Between two looks at a condition.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// Waits until `look` finds what it looks for.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, look).await
}

/// Waits until this holds.
pub(crate) async fn until_true(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    until(what, async || holds().await.then_some(())).await;
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

/// Replaces a file in one step, so that nobody reads half of it.
pub(crate) fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

/// The options of a command line.
pub(crate) fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// The exporter with files as its secrets and nothing of this process's environment that concerns it.
pub(crate) fn command(subcommand: &str, api: &str, files: &Path) -> Command {
    let mut command = clean_command();
    command.arg(subcommand).arg("--api.url").arg(api);
    for (option, name) in [
        ("--api.key-file", "key"),
        ("--api.username-file", "user"),
        ("--api.password-file", "password"),
    ] {
        command.arg(option).arg(files.join(name));
    }
    command
}

pub(crate) fn clean_command() -> Command {
    wrapped(binary())
}

/// A program with nothing in its environment that concerns the exporter.
fn wrapped(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let upper = name.to_string_lossy().to_uppercase();
        if upper.starts_with("EIGHTXEIGHT_") || upper.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
    command
}

/// The command, run by another program: its arguments, then the command's words.
pub(crate) fn run_by(program: &[&str], command: &Command) -> Command {
    let mut wrapper = wrapped(program[0]);
    wrapper.args(&program[1..]);
    wrapper.arg(command.get_program()).args(command.get_args());
    wrapper
}

/// The command on a terminal that shows colours.
pub(crate) fn on_terminal(command: &Command) -> Command {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| word.to_str().unwrap());
    let mut terminal = wrapped("script");
    terminal.args(["-qec", &shlex::try_join(words).unwrap(), "/dev/null"]);
    terminal.env_remove("NO_COLOR").env("TERM", "xterm");
    terminal.stdin(Stdio::null());
    terminal
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

    /// Sends a scrape for which Prometheus has so many seconds.
    pub(crate) fn scrape(
        &self,
        path: &str,
        seconds: &str,
    ) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
        let request = self.request("GET", path);
        request
            .header("x-prometheus-scrape-timeout-seconds", seconds)
            .send()
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.request("GET", path).send().await.unwrap()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// Asks for a reload of the configuration: the answer's status, and what it says.
    pub(crate) async fn reload(&self) -> (u16, String) {
        let answer = self.request("POST", "/-/reload").send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub(crate) async fn page(&self) -> Page {
        self.page_at("/metrics").await
    }

    pub(crate) async fn page_at(&self, path: &str) -> Page {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        Page::parse(&response.text().await.unwrap())
    }

    /// The first page on which this metric has this value.
    pub(crate) async fn page_with(&self, series: &str, value: f64) -> Page {
        let has = |page: &Page| page.get(series) == Some(value);
        self.page_where(&format!("{series} {value}"), has).await
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
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples = samples.map(|line| line.rsplit_once(' ').unwrap());
        Page(
            samples
                .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
                .collect(),
        )
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
        let mut page = self.clone();
        page.0
            .retain(|series, _| series.starts_with("eightxeight_company_"));
        page
    }

    pub(crate) fn failures(&self, endpoint: &str, reason: &str) -> f64 {
        self.value(&format!(
            r#"eightxeight_api_request_failures_total{{endpoint="{endpoint}",reason="{reason}"}}"#
        ))
    }
}

/// Writes the rules as shipped, but with seconds for the minutes that they wait: how a configuration of Prometheus
/// begins that evaluates them each second.
pub(crate) fn hasty_rules(files: &Path) -> &'static str {
    const WAITS: [&str; 3] = ["for", "keep_firing_for", "interval"];
    let mut shortened = 0;
    for file in ["company.yml", "exporter.yml", "usual.yml"] {
        let shipped = repository().join("deploy/prometheus/rules").join(file);
        let rules = std::fs::read_to_string(shipped).unwrap();
        let hasty = rules.lines().map(|line| match line.split_once(": ") {
            Some((key, _)) if WAITS.contains(&key.trim_start()) => {
                shortened += 1;
                format!("{key}: 2s\n")
            }
            _ => format!("{line}\n"),
        });
        std::fs::write(files.join(file), hasty.collect::<String>()).unwrap();
    }
    assert!(shortened >= 10, "the rules have another form");
    "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n\
     rule_files: [company.yml, exporter.yml, usual.yml]\n"
}

/// The program that stores and answers.
pub(crate) fn engine() -> String {
    std::env::var("ENGINE").unwrap_or_else(|_| "prometheus".to_owned())
}

pub(crate) fn is_victoria_metrics(program: &str) -> bool {
    program.ends_with("victoria-metrics")
}

/// The command that makes blocks of a file in `OpenMetrics`, as the documents and `backfill` name it.
pub(crate) const MAKE_BLOCKS: [&str; 5] = [
    "promtool",
    "tsdb",
    "create-blocks-from",
    "openmetrics",
    "--max-block-duration=720h",
];

/// Makes blocks of a file in `OpenMetrics`; `VictoriaMetrics` reads the file itself.
pub(crate) fn load(engine: &str, file: &Path, data: &Path) {
    if is_victoria_metrics(engine) {
        std::fs::create_dir_all(data).unwrap();
        std::fs::copy(file, data.join(file.file_name().unwrap())).unwrap();
        return;
    }
    let mut promtool = Command::new(MAKE_BLOCKS[0]);
    promtool.args(&MAKE_BLOCKS[1..]).args([file, data]);
    let (worked, said) = run(&mut promtool, "");
    assert!(worked, "{said}");
}

/// A series' labels.
pub(crate) type Labels = BTreeMap<String, String>;

/// A series' labels and its value.
pub(crate) type Sample = (Labels, f64);

/// Holds for targets that were scraped and have collected.
pub(crate) const SCRAPED: &str = "(up == 1) and on (instance) (eightxeight_up == 1)";

/// A real Prometheus that scrapes one target each second; or, where the variable `ENGINE` says `victoria-metrics`, that in
/// its place.
pub(crate) struct Prometheus {
    _running: Vec<Running>,
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

    /// With this configuration.
    pub(crate) async fn start(files: TempDir, text: &str) -> Prometheus {
        let data = files.path().join("data");
        Prometheus::run(&engine(), files, text, &data, &[]).await
    }

    /// With what is in a data directory, or an empty one; it scrapes nothing.
    pub(crate) async fn over(data: Option<&Path>, options: &[&str]) -> Prometheus {
        let files = tempfile::tempdir().unwrap();
        let own = files.path().join("data");
        Prometheus::run(&engine(), files, "{}", data.unwrap_or(&own), options).await
    }

    /// With this program. It forgets nothing.
    pub(crate) async fn run(
        program: &str,
        files: TempDir,
        config: &str,
        data: &Path,
        options: &[&str],
    ) -> Prometheus {
        let path = files.path().join("prometheus.yml");
        std::fs::write(&path, config).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let running = if is_victoria_metrics(program) {
            victoria_metrics::start(program, config, files.path(), data, &address).await
        } else {
            let mut command = Command::new(program);
            command
                .arg(format!("--config.file={}", path.display()))
                .arg(format!("--storage.tsdb.path={}", data.display()))
                .arg("--storage.tsdb.retention.time=100y")
                .arg(format!("--web.listen-address={address}"))
                .args(options);
            let mut running = Running::start(&mut command);
            running.line_with("Server is ready to receive").await;
            vec![running]
        };
        Prometheus {
            _running: running,
            _files: files,
            url: format!("http://{address}"),
            client: client(),
        }
    }

    /// What its API answers.
    pub(crate) async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let request = self.client.get(format!("{}/api/v1/{path}", self.url));
        let response = request.query(parameters).send().await.unwrap();
        let mut answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(answer["status"], "success", "{parameters:?}: {answer}");
        answer["data"].take()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until what it was given is found. Only `VictoriaMetrics` takes its time.
    pub(crate) async fn settle(&self) {
        victoria_metrics::settle(&self.url).await;
    }

    /// The instant vector that an expression answers: a value for each set of labels.
    pub(crate) async fn query(&self, expression: &str) -> Vec<Sample> {
        self.instant(&[("query", expression)]).await
    }

    /// The same, at a time.
    pub(crate) async fn query_at(&self, expression: &str, at: Timestamp) -> Vec<Sample> {
        let at = at.to_string();
        self.instant(&[("query", expression), ("time", &at)]).await
    }

    /// The same, once it has this many series.
    pub(crate) async fn query_until(&self, expression: &str, series: usize) -> Vec<Sample> {
        until(&format!("{series} series of {expression}"), async || {
            let found = self.query(expression).await;
            (found.len() == series).then_some(found)
        })
        .await
    }

    /// A range of points, `step` seconds apart, for each set of labels.
    pub(crate) async fn query_range(
        &self,
        expression: &str,
        start: Timestamp,
        end: Timestamp,
        step: u32,
    ) -> Vec<(Labels, Vec<(Timestamp, f64)>)> {
        let (start, end, step) = (start.to_string(), end.to_string(), step.to_string());
        let range = [("start", &*start), ("end", &end), ("step", &step)];
        let query = [&[("query", expression)], &range[..]].concat();
        let answer = self.ask("query_range", &query).await;
        let series = answer["result"].as_array().unwrap().iter();
        series
            .map(|series| {
                let points = series["values"].as_array().unwrap().iter();
                (labels(series), points.map(point).collect())
            })
            .collect()
    }

    async fn instant(&self, query: &[(&str, &str)]) -> Vec<Sample> {
        let answer = self.ask("query", query).await;
        let series = answer["result"].as_array().unwrap().iter();
        series
            .map(|series| (labels(series), number(&series["value"])))
            .collect()
    }
}

fn labels(series: &Value) -> Labels {
    serde_json::from_value(series["metric"].clone()).unwrap()
}

fn point(point: &Value) -> (Timestamp, f64) {
    let second = point[0].as_i64().unwrap();
    (Timestamp::from_second(second).unwrap(), number(point))
}

fn number(point: &Value) -> f64 {
    point[1].as_str().unwrap().parse().unwrap()
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Ended {
    /// What it said on both outputs.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.output, self.errors)
    }
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Ended {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("can't start {name}: {error}; try `make setup`"));
    Ended {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same, while a simulator in this process goes on answering.
pub(crate) async fn finished(mut command: Command) -> Ended {
    let ended = tokio::task::spawn_blocking(move || finish(&mut command));
    ended.await.unwrap()
}

/// Runs a command to its end with `input`: whether it succeeded, and what it said on both outputs.
pub(crate) fn run(command: &mut Command, input: &str) -> (bool, String) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(input.as_bytes()).unwrap();
    file.rewind().unwrap();
    let ended = finish(command.stdin(file));
    (ended.code == Some(0), ended.said())
}

/// Each of these stands in the text.
#[track_caller]
pub(crate) fn assert_says(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "no `{expected}` in:\n{text}");
    }
}

/// None of these stands in the text.
#[track_caller]
pub(crate) fn assert_silent(text: &str, about: &[&str]) {
    for word in about {
        assert!(!text.contains(word), "`{word}` in:\n{text}");
    }
}
