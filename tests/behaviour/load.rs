//! A crowd at the door: an honest scraper gets its page in time, and memory is bounded.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use eightxeight_simulator::{Fault, Rule, Simulator};

use crate::accounts::Provider;
use crate::fixture::{
    Exporter, Page, Running, assert_says, clean_command, command, finish, run_by, secret_files,
    simulator, words,
};

/// What Prometheus gives a scrape unless it is configured otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

/// As the Kubernetes manifests have it.
const MOST_MEMORY: f64 = 128.0 * 1024.0 * 1024.0;

/// A scrape over a connection of its own, by the scraper's deadline.
async fn honest(exporter: &Exporter, crowd: &str) -> Page {
    let answer = crate::fixture::client()
        .get(format!("{}/metrics", exporter.url))
        .timeout(DEADLINE)
        .send()
        .await
        .unwrap_or_else(|error| panic!("{crowd}: {error:?}; {:#?}", exporter.running.log()));
    assert_eq!(answer.status(), 200, "{crowd}");
    let page = Page::parse(&answer.text().await.unwrap());
    assert_eq!(page.value("eightxeight_up"), 1.0, "{crowd}");
    let memory = page.value("process_resident_memory_bytes");
    assert!(memory < MOST_MEMORY, "{crowd}: {memory}");
    page
}

fn connect(exporter: &Exporter, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(exporter.address()).unwrap();
    // The other end may have hung up already.
    let _ = stream.write_all(text.as_bytes());
    stream
}

/// Reads a few bytes of each of many connections, again and again, until it is asked to stop and each has had
/// some.
struct Trickle {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<usize>>,
}

impl Trickle {
    fn start(mut streams: Vec<TcpStream>) -> Trickle {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut read = vec![0; streams.len()];
            let end = Instant::now() + Duration::from_mins(1);
            let waits = |read: &[usize]| read.contains(&0) && Instant::now() < end;
            while !told.load(Ordering::Relaxed) || waits(&read) {
                for (stream, read) in streams.iter_mut().zip(&mut read) {
                    stream.set_nonblocking(true).unwrap();
                    // What isn't there yet comes with another round.
                    *read += stream.read(&mut [0; 7]).unwrap_or(0);
                }
                std::thread::sleep(Duration::from_millis(200));
            }
            read
        });
        Trickle { stop, thread }
    }

    /// How much was read of each.
    fn end(self) -> Vec<usize> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// An exporter that may have no more than `limit` descriptors open, and can't raise it.
async fn limited(simulator: &Simulator, limit: u32) -> Exporter {
    let files = secret_files();
    let plain = command("serve", &simulator.url(), files.path());
    let limit = format!("--nofile={limit}:{limit}");
    let mut command = run_by(&["prlimit", &limit], &plain);
    Exporter::start(&mut command, files).await
}

#[tokio::test]
async fn half_sent_heads_slow_readers_and_idle_connections() {
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    honest(&exporter, "nobody else").await;
    let half: Vec<_> = (0..200)
        .map(|_| connect(&exporter, "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Half: "))
        .collect();
    honest(&exporter, "half-sent heads").await;
    // They ask for many pages and read none of them.
    let many = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    let slow: Vec<_> = (0..100).map(|_| connect(&exporter, &many)).collect();
    honest(&exporter, "100 slow readers").await;
    // Others take some bytes each second, for ever: they never stand still for long.
    let trickle = Trickle::start((0..100).map(|_| connect(&exporter, &many)).collect());
    honest(&exporter, "100 slow readers and 100 that read a trickle").await;
    let idle: Vec<_> = (0..300).map(|_| connect(&exporter, "")).collect();
    honest(&exporter, "idle connections").await;
    let read = trickle.end();
    assert!(read.iter().all(|bytes| *bytes > 0), "{read:?}");
    let head = format!(
        "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Long: {}",
        "x".repeat(31_000)
    );
    let long: Vec<_> = (0..600).map(|_| connect(&exporter, &head)).collect();
    honest(&exporter, "half-sent heads of the largest size").await;
    drop((slow, idle, long));

    // A head that isn't finished in its five seconds is given up.
    let mut first = half.into_iter().next().unwrap();
    let patience = Some(Duration::from_secs(30));
    first.set_read_timeout(patience).unwrap();
    let mut said = Vec::new();
    let _ = first.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP/1.1 200"), "{said:?}");
    honest(&exporter, "after it").await;
}

#[tokio::test]
async fn a_megabyte_of_headers_and_pipelining() {
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    let header = format!("X-Long: {}\r\n", "x".repeat(1000));
    for _ in 0..20 {
        let headers = header.repeat(1000);
        let head = format!("GET /metrics HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        let mut stream = connect(&exporter, &head);
        let mut said = Vec::new();
        // The rest of what was sent makes it a reset rather than an end.
        let _ = stream.read_to_end(&mut said);
        assert!(!said.starts_with(b"HTTP/1.1 200"));
    }
    honest(&exporter, "a megabyte of headers").await;

    let mut asked = "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n".repeat(99);
    asked += "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut said = String::new();
    connect(&exporter, &asked)
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(said.matches("HTTP/1.1 200 OK").count(), 100, "pipelining");
    assert!(said.contains("eightxeight_up 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_scrapers() {
    let simulator = simulator().await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    honest(&exporter, "nobody else").await;
    let scrapes: Vec<_> = (0..1000)
        .map(|_| tokio::spawn(exporter.request("GET", "/metrics").send()))
        .collect();
    honest(&exporter, "1,000 scrapers").await;
    for scrape in scrapes {
        let status = scrape.await.unwrap().unwrap().status().as_u16();
        assert!(status == 200, "{status}");
    }
    let requests = simulator.requests().all().len();
    assert_eq!(requests, 3, "all shared one collection");
}

#[tokio::test]
async fn more_idle_connections_than_descriptors() {
    let simulator = simulator().await;
    for limit in [160, 72, 40, 32] {
        let mut exporter = limited(&simulator, limit).await;
        let log = exporter.running.log().concat();
        assert_eq!(log.contains("few files may be open"), limit < 128);
        let mut crowd = Vec::new();
        for _ in 0..3 {
            crowd.extend((0..150).map(|_| connect(&exporter, "")));
            let page = honest(&exporter, "idle connections beyond the limit").await;
            assert_eq!(page.value("process_max_fds"), f64::from(limit));
            crowd.extend((0..150).map(|_| connect(&exporter, "GET /")));
            honest(&exporter, "half-sent heads beyond the limit").await;
        }
        drop(crowd);
        honest(&exporter, "when the crowd has gone").await;
        exporter.running.signal("TERM");
        let code = exporter.running.ended().await.code();
        assert_eq!(code, Some(0), "no accept error ended it");
    }
}

#[tokio::test]
async fn too_few_descriptors_are_an_error_at_the_start() {
    let limits = words("timeout 30 prlimit --nofile=24:24");
    let ended = finish(&mut run_by(&limits, clean_command().arg("demo")));
    assert_eq!(ended.code, Some(1));
    assert_says(&ended.errors, &["only 24 files may be open", "LimitNOFILE"]);
}

/// The most memory that a process has had so far, in bytes.
fn peak(process: &Running) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_answers_are_decoded_one_after_the_other() {
    const ACCOUNTS: usize = 8;
    const ANSWER: u64 = 24 * 1024 * 1024;
    let provider = Provider::with(ACCOUNTS).await;
    provider.configure(&(1..=ACCOUNTS).collect::<Vec<_>>());
    let bomb = Rule::compsum(Fault::gzip_bomb(ANSWER));
    provider.simulator.faults().add(bomb);
    let options = ["--api.timeout", "2m", "--collect.window", "1h"];
    let exporter = provider.serve(&options).await;
    let before = peak(&exporter.running);
    let paths = (1..=ACCOUNTS).map(|n| format!("/probe?account=account-{n:04}"));
    let probes: Vec<_> = paths
        .map(|path| tokio::spawn(exporter.scrape(&path, "120")))
        .collect();
    for probe in probes {
        let page = probe.await.unwrap().unwrap().text().await.unwrap();
        assert_eq!(Page::parse(&page).value("eightxeight_up"), 1.0);
    }
    let grown = peak(&exporter.running) - before;
    assert!(grown < 3 * ANSWER, "{grown}");
}
