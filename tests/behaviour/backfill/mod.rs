//! `backfill`: what it refuses, how it survives, and what Prometheus makes of its files.

mod loaded;
mod starting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use eightxeight_exporter::simulator::{Endpoint, Fault, Rule, Simulator};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::fixture::{
    KEY, PASSWORD, Prometheus, Running, USERNAME, command, secret_files, settings, simulator, until,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A backfill against a simulator, into a directory of its own.
struct Backfill {
    files: TempDir,
    url: String,
    from: Timestamp,
    to: Timestamp,
}

/// The latest whole hour that may be asked for.
fn latest() -> Timestamp {
    let second = (Timestamp::now() - HOUR * 3).as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap()
}

impl Backfill {
    fn of_hours(simulator: &Simulator, hours: i32) -> Backfill {
        let to = latest();
        Backfill {
            files: secret_files(),
            url: simulator.url(),
            from: to - HOUR * hours,
            to,
        }
    }

    fn output(&self) -> PathBuf {
        self.files.path().join("out")
    }

    fn command(&self, options: &[&str]) -> Command {
        self.command_to(&self.output(), options)
    }

    fn command_to(&self, output: &Path, options: &[&str]) -> Command {
        let mut command = command("backfill", &self.url, self.files.path());
        command
            .args([
                "--from",
                &self.from.to_string(),
                "--to",
                &self.to.to_string(),
            ])
            .arg("--output")
            .arg(output)
            .args(options);
        command.stdin(Stdio::null());
        command
    }

    async fn run(&self, options: &[&str]) -> (i32, String) {
        ended(self.command(options)).await
    }

    fn finished(&self) -> BTreeMap<String, Vec<u8>> {
        finished(&self.output())
    }
}

/// Fast enough that a budget is nobody's concern.
const FAST: [&str; 2] = ["--api.max-requests-per-minute", "1000000"];
const HOURLY: [&str; 4] = [FAST[0], FAST[1], "--collect.window", "1h"];

/// The finished files of a directory by name.
fn finished(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = directory.read_dir() else {
        return BTreeMap::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "om"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// Runs a command to its end without blocking the simulator: its exit code and all that it said.
async fn ended(mut command: Command) -> (i32, String) {
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    for secret in [KEY, USERNAME, PASSWORD] {
        assert!(!said.contains(secret), "{said}");
    }
    (output.status.code().unwrap_or(-1), said)
}

#[tokio::test]
async fn whatever_interrupts_it_the_files_are_the_same() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 24 * 35);
    let options = [
        &FAST[..],
        &[
            "--collect.time-zone",
            "Europe/London",
            "--label",
            "site=a \"b\"",
        ],
    ]
    .concat();
    let total = 2 * 24 * 35;

    // Killed, stopped and terminated, each after some more answers.
    let resume = [&options[..], &["--resume"]].concat();
    for (number, signal) in ["KILL", "INT", "KILL", "TERM"].into_iter().enumerate() {
        let enough = 150 * (number as u64 + 1);
        let mut running = Running::start(&mut backfill.command(&resume));
        until("some answers", async || {
            (simulator.requests().count(Endpoint::Compsum) >= enough).then_some(())
        })
        .await;
        running.signal(signal);
        let status = running.ended().await;
        if signal != "KILL" {
            assert_eq!(status.code(), Some(1));
            let log = running.log().join("\n");
            assert!(
                log.contains("go on with the same command and --resume"),
                "{log}"
            );
        }
        assert!(backfill.finished().len() < 2, "not at its end");
    }
    let (code, said) = backfill.run(&resume).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("are done already"), "{said}");
    // A kill costs at most the request that was under way.
    let asked = simulator.requests().count(Endpoint::Compsum);
    assert!((total..total + 5).contains(&asked), "{asked}");

    let uninterrupted = backfill.files.path().join("other");
    let (code, said) = ended(backfill.command_to(&uninterrupted, &options)).await;
    assert_eq!(code, 0, "{said}");
    let files = backfill.finished();
    assert!((2..=3).contains(&files.len()), "{:?}", files.keys());
    assert!(files == finished(&uninterrupted), "the same byte for byte");

    // Once more changes nothing and asks nothing.
    let asked = simulator.requests().count(Endpoint::Compsum);
    let (code, said) = backfill.run(&resume).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("nothing to ask for"), "{said}");
    assert_eq!(simulator.requests().count(Endpoint::Compsum), asked);
    assert!(files == backfill.finished());

    for line in said.lines().filter(|line| line.starts_with("promtool")) {
        loaded::load(line, &backfill.files.path().join("data"));
    }
    let prometheus = Prometheus::over(Some(&backfill.files.path().join("data")), &[]).await;
    loaded::reads_back(&prometheus, &simulator, &backfill).await;
}

#[tokio::test]
async fn an_outage_is_waited_out() {
    let mut simulator = simulator().await;
    let faults = [
        Rule::compsum(Fault::unavailable()).times(2),
        Rule::compsum(Fault::too_many_requests(None)).times(1),
        Rule::compsum(Fault::token_expired()).times(1),
        Rule::compsum(Fault::instead("text/html", "<html>")).times(1),
    ];
    for fault in faults {
        simulator.faults().add(fault);
    }
    let backfill = Backfill::of_hours(&simulator, 30);
    let options = [
        &HOURLY[..],
        &["--collect.interval", "100ms", "--api.timeout", "5s"],
    ]
    .concat();
    let mut running = Running::start(&mut backfill.command(&options));
    until("some answers", async || {
        (simulator.requests().count(Endpoint::Compsum) >= 8).then_some(())
    })
    .await;
    simulator.hang_up().await;
    running.line_with("the connection was").await;
    simulator.listen().await.unwrap();
    assert!(running.ended().await.success(), "{:#?}", running.log());
    assert_eq!(backfill.finished().len(), backfill.months());
    let log = running.log();
    for says in [
        "8x8 has an error of its own",
        "8x8 answers again",
        "requests=30 of=30",
    ] {
        assert!(
            log.iter().any(|line| line.contains(says)),
            "{says}: {log:#?}"
        );
    }
}

impl Backfill {
    fn months(&self) -> usize {
        let month = |instant: Timestamp| instant.strftime("%Y-%m").to_string();
        if month(self.from + HOUR) == month(self.to) {
            1
        } else {
            2
        }
    }
}

#[tokio::test]
async fn a_no_ends_it_and_says_how_to_go_on() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 30);
    simulator.customer().set_permitted(false);
    let (code, said) = backfill.run(&HOURLY).await;
    assert_eq!(code, 1, "{said}");
    for says in ["Supervisor access", "--resume, 0 of 30 requests are done"] {
        assert!(said.contains(says), "{said}");
    }
    assert_eq!(simulator.requests().count(Endpoint::Compsum), 1);
    // An earlier backfill isn't overwritten.
    let (code, said) = backfill.run(&HOURLY).await;
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("holds an earlier backfill: go on with --resume"),
        "{said}"
    );

    simulator.customer().set_permitted(true);
    let mut wrong = settings().accounts.remove(0).credentials;
    let right = wrong.clone();
    wrong.password = "another".to_owned();
    simulator.customer().set_credentials(wrong);
    let resume = [&HOURLY[..], &["--resume"]].concat();
    let logins = simulator.requests().count(Endpoint::Token);
    let (code, said) = backfill.run(&resume).await;
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("8x8 refused the user name or the password"),
        "{said}"
    );
    assert_eq!(
        simulator.requests().count(Endpoint::Token),
        logins + 1,
        "one try"
    );

    simulator.customer().set_credentials(right);
    let (code, said) = backfill.run(&resume).await;
    assert_eq!(code, 0, "{said}");
}

#[tokio::test]
async fn a_full_disk_costs_nothing() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 30);
    // A limit on the size of files stands in for the disk: writing fails halfway through an answer.
    let limited = backfill.command(&HOURLY);
    let mut shell = Command::new("bash");
    shell.args(["-c", r#"trap "" XFSZ; ulimit -f 8; exec "$0" "$@""#]);
    shell
        .arg(limited.get_program())
        .args(limited.get_args())
        .stdin(Stdio::null());
    let (code, said) = ended(shell).await;
    assert_eq!(code, 1, "{said}");
    for says in ["backfill.journal: File too large", "go on with --resume"] {
        assert!(said.contains(says), "{said}");
    }
    let asked = simulator.requests().count(Endpoint::Compsum);
    assert!((2..30).contains(&asked), "{asked}");
    let journal = std::fs::read(backfill.output().join("backfill.journal")).unwrap();
    assert!(journal.ends_with(b"\n"), "no torn line is left");
    let (code, said) = backfill.run(&[&HOURLY[..], &["--resume"]].concat()).await;
    assert_eq!(code, 0, "{said}");
    // Only the answer that found no room is asked for again.
    assert_eq!(simulator.requests().count(Endpoint::Compsum), 31);

    // The same for a finished file.
    let other = backfill.files.path().join("other");
    std::fs::create_dir(&other).unwrap();
    for month in [backfill.from + HOUR, backfill.to] {
        let name = format!("eightxeight-{}.om.unfinished", month.strftime("%Y-%m"));
        let _ = std::os::unix::fs::symlink("/dev/full", other.join(name));
    }
    let (code, said) = ended(backfill.command_to(&other, &HOURLY)).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(".om: No space left on device"), "{said}");
    assert!(finished(&other).is_empty());
    let resume = [&HOURLY[..], &["--resume"]].concat();
    // Each month's attempt takes its full stand-in away.
    for _ in 0..backfill.months() {
        ended(backfill.command_to(&other, &resume)).await;
    }
    assert!(finished(&other) == backfill.finished());
}
