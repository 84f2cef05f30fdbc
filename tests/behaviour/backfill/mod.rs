//! `backfill`: what it refuses, how it survives, and what Prometheus makes of its files.

mod loaded;
mod starting;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use eightxeight_simulator::{Endpoint, Fault, Rule, Simulator};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::fixture::{
    KEY, MAKE_BLOCKS, PASSWORD, Prometheus, Running, USERNAME, assert_says, assert_silent, command,
    credentials, engine, finished, load, run_by, secret_files, simulator, until_true,
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
        command.args(["--from", &self.from.to_string()]);
        command.args(["--to", &self.to.to_string(), "--output"]);
        command.arg(output).args(options).stdin(Stdio::null());
        command
    }

    /// Runs it to its end, which has this exit code: all that it said.
    async fn run(&self, code: i32, options: &[&str]) -> String {
        ended(code, self.command(options)).await
    }

    fn months(&self) -> usize {
        let month = |instant: Timestamp| instant.strftime("%Y-%m").to_string();
        if month(self.from + HOUR) == month(self.to) {
            1
        } else {
            2
        }
    }

    fn finished(&self) -> BTreeMap<OsString, Vec<u8>> {
        finished_files(&self.output())
    }
}

/// Fast enough that a budget is nobody's concern.
const FAST: [&str; 2] = ["--api.max-requests-per-minute", "1000000"];
const HOURLY: [&str; 4] = [FAST[0], FAST[1], "--collect.window", "1h"];

/// The finished files of a directory by name.
fn finished_files(directory: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let Ok(entries) = directory.read_dir() else {
        return BTreeMap::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "om"))
        .map(|path| {
            (
                path.file_name().unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect()
}

/// Runs a command to its end, which has this exit code: all that it said.
async fn ended(code: i32, command: Command) -> String {
    let ended = finished(command).await;
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let said = ended.said();
    assert_silent(&said, &[KEY, USERNAME, PASSWORD]);
    said
}

fn reports(simulator: &Simulator) -> u64 {
    simulator.requests().count(Endpoint::Compsum)
}

/// The options, and `--resume`.
fn resuming(options: &[&'static str]) -> Vec<&'static str> {
    [options, &["--resume"]].concat()
}

#[tokio::test]
async fn whatever_interrupts_it_the_files_are_the_same() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 24 * 35);
    let site = "site=a \"b\"";
    let own = ["--collect.time-zone", "Europe/London", "--label", site];
    let options = [&FAST[..], &own].concat();
    let total = 2 * 24 * 35;

    // Killed, stopped and terminated, each after some more answers.
    let resume = resuming(&options);
    for (number, signal) in ["KILL", "INT", "KILL", "TERM"].into_iter().enumerate() {
        let enough = 150 * (number as u64 + 1);
        let mut running = Running::start(&mut backfill.command(&resume));
        until_true("some answers", async || reports(&simulator) >= enough).await;
        running.signal(signal);
        let status = running.ended().await;
        if signal != "KILL" {
            assert_eq!(status.code(), Some(1));
            let expected = "go on with the same command and --resume";
            assert_says(&running.log().join("\n"), &[expected]);
        }
        assert!(backfill.finished().len() < 2, "not at its end");
    }
    let said = backfill.run(0, &resume).await;
    assert_says(&said, &["are done already"]);
    // A kill costs at most the request that was under way.
    let asked = reports(&simulator);
    assert!((total..total + 5).contains(&asked), "{asked}");

    let uninterrupted = backfill.files.path().join("other");
    ended(0, backfill.command_to(&uninterrupted, &options)).await;
    let files = backfill.finished();
    assert!((2..=3).contains(&files.len()), "{:?}", files.keys());
    assert!(
        files == finished_files(&uninterrupted),
        "the same byte for byte"
    );

    // Once more changes nothing and asks nothing.
    let asked = reports(&simulator);
    let said = backfill.run(0, &resume).await;
    assert_says(&said, &["nothing to ask for"]);
    assert_eq!(reports(&simulator), asked);
    assert!(files == backfill.finished());

    let data = backfill.files.path().join("data");
    for line in said.lines().filter(|line| line.starts_with("promtool")) {
        let command: Vec<_> = line.split(' ').collect();
        let [options @ .., file, "DATA"] = &command[..] else {
            panic!("{line}");
        };
        assert_eq!(options, MAKE_BLOCKS);
        load(&engine(), file.as_ref(), &data);
    }
    let prometheus = Prometheus::over(Some(&data), &[]).await;
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
    let impatient = ["--collect.interval", "100ms", "--api.timeout", "5s"];
    let options = [&HOURLY[..], &impatient].concat();
    let mut running = Running::start(&mut backfill.command(&options));
    until_true("some answers", async || reports(&simulator) >= 8).await;
    simulator.hang_up().await;
    running.line_with("the connection was").await;
    simulator.listen().await.unwrap();
    assert!(running.ended().await.success(), "{:#?}", running.log());
    assert_eq!(backfill.finished().len(), backfill.months());
    let expected = [
        "8x8 returned an internal error",
        "8x8 answers again",
        "requests=30 of=30",
    ];
    assert_says(&running.log().join("\n"), &expected);
}

#[tokio::test]
async fn a_no_ends_it_and_says_how_to_go_on() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 30);
    simulator.customer().set_permitted(false);
    let said = backfill.run(1, &HOURLY).await;
    let how_to_go_on = "--resume, 0 of 30 requests are done";
    assert_says(&said, &["Supervisor access", how_to_go_on]);
    assert_eq!(reports(&simulator), 1);
    // An earlier backfill isn't overwritten.
    let said = backfill.run(2, &HOURLY).await;
    let refusal = "holds an earlier backfill: go on with --resume";
    assert_says(&said, &[refusal]);

    simulator.customer().set_permitted(true);
    let known = credentials(KEY, USERNAME, "another");
    simulator.customer().set_credentials(known);
    let resume = resuming(&HOURLY);
    let logins = || simulator.requests().count(Endpoint::Token);
    let before = logins();
    let said = backfill.run(1, &resume).await;
    let refusal = "8x8 refused the user name or the password";
    assert_says(&said, &[refusal]);
    assert_eq!(logins(), before + 1, "one try");

    let known = credentials(KEY, USERNAME, PASSWORD);
    simulator.customer().set_credentials(known);
    backfill.run(0, &resume).await;
}

/// Runs a command that can't write files of more than so many KiB.
async fn limited(kib: u32, command: &Command) -> String {
    let script = format!(r#"trap "" XFSZ; ulimit -f {kib}; exec "$0" "$@""#);
    let mut shell = run_by(&["bash", "-c", &script], command);
    shell.stdin(Stdio::null());
    ended(1, shell).await
}

#[tokio::test]
async fn a_full_disk_costs_nothing() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 30);
    // A limit on the size of files replaces a full disk: writing fails halfway through an answer.
    let said = limited(8, &backfill.command(&HOURLY)).await;
    let expected = ["backfill.journal: File too large", "go on with --resume"];
    assert_says(&said, &expected);
    let asked = reports(&simulator);
    assert!((2..30).contains(&asked), "{asked}");
    let journal = std::fs::read(backfill.output().join("backfill.journal")).unwrap();
    assert!(journal.ends_with(b"\n"), "no torn line is left");
    let resume = resuming(&HOURLY);
    backfill.run(0, &resume).await;
    // Only the answer that found no room is asked for again.
    assert_eq!(reports(&simulator), 31);

    // The same for a finished file, which is larger than the journal.
    let other = backfill.files.path().join("other");
    let said = limited(100, &backfill.command_to(&other, &HOURLY)).await;
    assert_says(&said, &[".om: File too large"]);
    // Where a new month has just begun, the shorter of the two finds room.
    assert!(finished_files(&other).len() < backfill.months());
    let names = other.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut names = names.map(|path| path.display().to_string());
    assert!(!names.any(|name| name.ends_with(".unfinished")));
    ended(0, backfill.command_to(&other, &resume)).await;
    assert!(finished_files(&other) == backfill.finished());
}

#[tokio::test]
async fn planted_links_are_not_followed() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 3);
    let output = backfill.output();
    std::fs::create_dir(&output).unwrap();
    let treasure = backfill.files.path().join("treasure");
    std::fs::write(&treasure, "gold").unwrap();
    let unfinished = backfill.to.strftime("eightxeight-%Y-%m.om.unfinished");
    for name in ["backfill.journal", &unfinished.to_string()] {
        let link = output.join(name);
        std::os::unix::fs::symlink(&treasure, &link).unwrap();
        let refused = backfill.run(1, &resuming(&HOURLY)).await;
        assert_says(&refused, &["so it is left as it is"]);
        assert_eq!(std::fs::read_to_string(&treasure).unwrap(), "gold");
        assert!(link.is_symlink());
        std::fs::remove_file(&link).unwrap();
    }
    backfill.run(0, &resuming(&HOURLY)).await;
}
