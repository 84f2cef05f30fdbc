//! Runs the real program for a while against a simulator that misbehaves at random, scrapes it all the
//! time, ends it at random moments, and counts what must not happen. `soak SECONDS [SEED]`

#![allow(
    clippy::disallowed_methods, // The program under test lives in real time.
    clippy::print_stdout,
    clippy::print_stderr
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use eightxeight_exporter::catalogue::Field;
use eightxeight_exporter::simulator::{
    Credentials, Endpoint, Rule, Selection, Settings, Simulator,
};
use eightxeight_exporter::window::Period;
use jiff::Timestamp;

type Failed = Box<dyn Error>;

/// A scrape that takes longer than Prometheus waits is a failed one.
const DEADLINE: Duration = Duration::from_secs(10);

/// What the program may grow by in memory, in bytes, and in descriptors.
const MOST_GROWTH: (f64, f64) = (64.0 * 1024.0 * 1024.0, 64.0);

/// What was counted.
#[derive(Debug, Default)]
struct Tally {
    scrapes: u64,
    samples: u64,
    wrong: u64,
    failed: u64,
    grown: u64,
    bad_exits: u64,
    starts: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse());
    let seconds = arguments.next().and_then(Result::ok).unwrap_or(120);
    let seed = arguments.next().and_then(Result::ok).unwrap_or(1);
    match soak(Duration::from_secs(seconds), seed).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn soak(length: Duration, seed: u64) -> Result<bool, Failed> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let simulator = Simulator::start(Settings::new(Credentials::random())).await?;
    simulator.tokens().set_life(Duration::from_secs(20));
    simulator.faults().add(Rule::random(seed, 150));
    let files = tempfile::tempdir()?;
    let credentials = simulator.credentials();
    std::fs::write(files.path().join("key"), credentials.api_key)?;
    std::fs::write(files.path().join("user"), credentials.username)?;
    std::fs::write(files.path().join("password"), credentials.password)?;

    let panics = Arc::new(AtomicUsize::new(0));
    let mut tally = Tally::default();
    let end = Instant::now() + length;
    let mut round = seed;
    while Instant::now() < end {
        let mode = if round.is_multiple_of(2) {
            "scrape"
        } else {
            "timer"
        };
        let (mut child, url) = start(&simulator, files.path(), mode, &panics)?;
        tally.starts += 1;
        let stop =
            end.min(Instant::now() + Duration::from_millis(rand::random_range(5_000..40_000)));
        live(&simulator, &url, stop, &mut tally).await;
        finish(&mut child, round.is_multiple_of(3), &mut tally)?;
        round += 1;
    }
    let panics = panics.load(Ordering::Relaxed);
    println!(
        "{tally:?}, panics: {panics}, requests: {}, logins: {:?}",
        simulator.requests().count(Endpoint::Compsum),
        simulator.customer().logins(),
    );
    let violations = tally.wrong + tally.failed + tally.grown + tally.bad_exits;
    let refused = simulator.customer().logins().refused;
    Ok(violations == 0 && panics == 0 && refused == 0 && tally.samples > 0)
}

/// Starts the program that was built beside this one.
fn start(
    simulator: &Simulator,
    files: &Path,
    mode: &str,
    panics: &Arc<AtomicUsize>,
) -> Result<(Child, String), Failed> {
    let own: PathBuf = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).ok_or("no folder")?;
    let mut child = Command::new(folder.join("eightxeight-exporter"))
        .args(["serve", "--web.listen-address", "127.0.0.1:0"])
        .args(["--collect.interval", "1s", "--collect.max-staleness", "5s"])
        .args([
            "--api.max-requests-per-minute",
            "10000",
            "--api.timeout",
            "2s",
        ])
        .args(["--collect.mode", mode, "--api.url", &simulator.url()])
        .arg("--api.key-file")
        .arg(files.join("key"))
        .arg("--api.username-file")
        .arg(files.join("user"))
        .arg("--api.password-file")
        .arg(files.join("password"))
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().ok_or("no log")?).lines();
    let address = loop {
        let line = lines.next().ok_or("it ended at once")??;
        if let Some((_, rest)) = line.split_once(" address=") {
            break rest.split(' ').next().unwrap_or_default().to_owned();
        }
    };
    let panics = panics.clone();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if line.contains("panicked") {
                eprintln!("{line}");
                panics.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    Ok((child, format!("http://{address}/metrics")))
}

/// Scrapes until `stop` and looks at each page.
async fn live(simulator: &Simulator, url: &str, stop: Instant, tally: &mut Tally) {
    let Ok(client) = reqwest::Client::builder()
        .no_proxy()
        .timeout(DEADLINE)
        .build()
    else {
        tally.failed += 1;
        return;
    };
    let mut first: Option<(f64, f64)> = None;
    while Instant::now() < stop {
        tally.scrapes += 1;
        let page = match client.get(url).send().await {
            Ok(answer) if answer.status() == 200 => answer.text().await.unwrap_or_default(),
            other => {
                eprintln!("a scrape failed: {other:?}");
                tally.failed += 1;
                continue;
            }
        };
        let samples: BTreeMap<&str, f64> = page
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.rsplit_once(' '))
            .filter_map(|(series, value)| Some((series, value.parse().ok()?)))
            .collect();
        compare(simulator, &samples, tally);
        let of = |name| samples.get(name).copied().unwrap_or(f64::INFINITY);
        let size = (of("process_resident_memory_bytes"), of("process_open_fds"));
        let (memory, descriptors) = *first.get_or_insert(size);
        if size.0 > memory + MOST_GROWTH.0 || size.1 > descriptors + MOST_GROWTH.1 {
            eprintln!("grown from {first:?} to {size:?}");
            tally.grown += 1;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Holds each sample of 8x8's against what the simulator truly answers for the period on the page.
fn compare(simulator: &Simulator, samples: &BTreeMap<&str, f64>, tally: &mut Tally) {
    for window in ["1h", "today"] {
        let instant = |edge: &str| {
            let series =
                format!("eightxeight_window_{edge}_timestamp_seconds{{window=\"{window}\"}}");
            #[allow(clippy::cast_possible_truncation)] // Windows begin and end with whole seconds.
            let second = samples.get(&*series).map(|second| *second as i64)?;
            Timestamp::from_second(second).ok()
        };
        let (Some(start), Some(end)) = (instant("start"), instant("end")) else {
            continue;
        };
        let truth = simulator.truth(
            simulator.customer(),
            &Selection::All,
            Period { start, end },
            simulator.now(),
        );
        for row in truth.unwrap_or_default() {
            for field in Field::ALL {
                let name = field.spec().metric;
                let series = format!("{name}{{pbx_id=\"{}\",window=\"{window}\"}}", row.pbx_id);
                tally.samples += 1;
                let shown = samples.get(&*series).map(|value| value.to_bits());
                if shown != row.base(field).map(f64::to_bits) {
                    eprintln!(
                        "{series} is {:?}, not {:?}",
                        samples.get(&*series),
                        row.base(field)
                    );
                    tally.wrong += 1;
                }
            }
        }
    }
}

/// Ends the program, by SIGKILL or politely: then it has to be gone in time and content.
fn finish(child: &mut Child, kill: bool, tally: &mut Tally) -> Result<(), Failed> {
    if let Some(status) = child.try_wait()? {
        eprintln!("it ended by itself: {status}");
        tally.bad_exits += 1;
        return Ok(());
    }
    if kill {
        child.kill()?;
        child.wait()?;
        return Ok(());
    }
    Command::new("kill").arg(child.id().to_string()).status()?;
    let told = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            if !status.success() {
                eprintln!("it ended with {status}");
                tally.bad_exits += 1;
            }
            return Ok(());
        }
        if told.elapsed() > Duration::from_secs(5) {
            eprintln!("it doesn't end");
            tally.bad_exits += 1;
            child.kill()?;
            child.wait()?;
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
