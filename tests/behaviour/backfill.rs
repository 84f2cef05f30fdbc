//! `backfill`: what it refuses, how it survives, and what Prometheus makes of its files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use eightxeight_exporter::catalogue::Field;
use eightxeight_exporter::simulator::{Endpoint, Fault, Rule, Selection, Simulator};
use eightxeight_exporter::window::Period;
use jiff::tz::TimeZone;
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
async fn what_cannot_be_asked_is_refused_with_the_reason() {
    let files = secret_files();
    let directory = files.path().join("out");
    let day = |days: i64| {
        let instant = Timestamp::now() - SignedDuration::from_hours(24 * days);
        instant.strftime("%Y-%m-%d").to_string()
    };
    let (old, recent, past) = (day(800), day(1), day(20));
    let tomorrow = day(-1);
    let soon = (Timestamp::now() - HOUR * 2)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string();
    for (options, says) in [
        (
            vec![],
            vec![
                "--from is missing",
                "--to is missing",
                "--output is missing",
            ],
        ),
        (
            vec!["--from", &old, "--to", &recent],
            vec!["two years (730 days)", "the earliest is 20"],
        ),
        (
            vec!["--from", &past, "--to", &tomorrow],
            vec!["--to: it lies in the future"],
        ),
        (
            vec!["--from", &past, "--to", &soon],
            vec!["less than three hours ago"],
        ),
        (
            vec!["--from", &recent, "--to", &past],
            vec!["isn't after --from"],
        ),
        (
            vec!["--from", "soon", "--step", "7h", "--label", "1=2"],
            vec!["--from: `soon`", "--step: `7h`", "--label: `1`"],
        ),
        (
            vec!["--collect.window", "1h,60m", "--step", "0s"],
            vec!["--collect.window: ", "--step: "],
        ),
        (vec!["--resume", "--resume"], vec!["--resume: given twice"]),
        (vec!["--resume=maybe"], vec!["--resume: "]),
    ] {
        let mut command = command("backfill", "http://127.0.0.1:1", files.path());
        command.args(&options);
        if options.contains(&"--to") {
            command.arg("--output").arg(&directory);
        }
        let (code, said) = ended(command).await;
        assert_eq!(code, 2, "{options:?}: {said}");
        for says in says {
            assert!(said.contains(says), "{says}: {said}");
        }
        assert!(
            said.lines().all(|line| line.starts_with("error: ")),
            "{said}"
        );
        assert!(!directory.exists());
    }
}

#[tokio::test]
async fn more_than_an_hour_asks_and_without_a_terminal_needs_yes() {
    let simulator = simulator().await;
    // 301 requests at 5 a minute.
    let backfill = Backfill::of_hours(&simulator, 301);
    let hourly = ["--collect.window", "1h"];
    let (code, said) = backfill.run(&hourly).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("301 requests, 5 a minute"), "{said}");
    assert!(said.contains("about 1h 1m"), "{said}");
    assert!(said.contains("say --yes"), "{said}");
    assert_eq!(simulator.requests().count(Endpoint::Token), 0);
    assert!(!backfill.output().join("backfill.journal").exists());

    // With --yes it starts, as it does without when it is short enough.
    for (hours, yes) in [(301, &["--yes"][..]), (300, &[])] {
        let backfill = Backfill::of_hours(&simulator, hours);
        let before = simulator.requests().count(Endpoint::Compsum);
        let mut running = Running::start(&mut backfill.command(&[&hourly[..], yes].concat()));
        until("a request", async || {
            (simulator.requests().count(Endpoint::Compsum) > before).then_some(())
        })
        .await;
        running.signal("INT");
        assert_eq!(running.ended().await.code(), Some(1));
    }

    // On a terminal it asks.
    for (answer, asked) in [("n", false), ("", false), ("y", true)] {
        let backfill = Backfill::of_hours(&simulator, 301);
        let before = simulator.requests().count(Endpoint::Compsum);
        let command = backfill.command(&hourly);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let line: Vec<_> = words
            .map(|word| format!("'{}'", word.to_str().unwrap()))
            .collect();
        let mut terminal = Command::new("timeout");
        terminal.args([
            "--signal=INT",
            "5",
            "script",
            "-qec",
            &line.join(" "),
            "/dev/null",
        ]);
        let answer = format!("{answer}\n");
        let said =
            tokio::task::spawn_blocking(move || crate::fixture::run(&mut terminal, &answer).1)
                .await
                .unwrap();
        assert!(said.contains("Start? [y/N]"), "{said}");
        assert_eq!(said.contains("not started"), !asked, "{said}");
        assert_eq!(
            simulator.requests().count(Endpoint::Compsum) > before,
            asked,
            "{said}"
        );
    }
}

#[tokio::test]
async fn half_the_budget_and_no_more() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 20);
    let options = [
        "--collect.window",
        "1h",
        "--api.max-requests-per-minute",
        "9",
    ];
    let mut running = Running::start(&mut backfill.command(&options));
    until("four requests", async || {
        (simulator.requests().all().len() == 4).then_some(())
    })
    .await;
    // A budget is a sliding minute; within it there is no fifth.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(simulator.requests().all().len(), 4);
    running.signal("TERM");
    assert_eq!(running.ended().await.code(), Some(1));
    let said = running.log().join("\n");
    assert!(
        said.contains("--resume") && said.contains("3 of 20 requests"),
        "{said}"
    );
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
        load(line, &backfill.files.path().join("data"));
    }
    let prometheus = Prometheus::over(Some(&backfill.files.path().join("data")), &[]).await;
    reads_back(&prometheus, &simulator, &backfill).await;
}

/// Runs the promtool line that a backfill ended with, on a Prometheus' data.
fn load(line: &str, data: &Path) {
    let mut words = line.split(' ');
    let mut promtool = Command::new(words.next().unwrap());
    promtool.args(words.map(|word| match word {
        "DATA" => data.to_str().unwrap(),
        word => word,
    }));
    let (worked, said) = crate::fixture::run(&mut promtool, "");
    assert!(worked, "{line}: {said}");
}

/// Asks Prometheus as the dashboards do, and holds it against what there really was.
async fn reads_back(prometheus: &Prometheus, simulator: &Simulator, backfill: &Backfill) {
    let truth = |field: Field, start: Timestamp, end: Timestamp| {
        let period = Period { start, end };
        let rows = simulator
            .truth(
                simulator.customer(),
                &Selection::All,
                period,
                simulator.now(),
            )
            .unwrap();
        let values = rows
            .iter()
            .map(|row| (row.pbx_id.to_string(), row.base(field).unwrap()));
        values.collect::<BTreeMap<_, _>>()
    };
    let london = TimeZone::get("Europe/London").unwrap();
    let selector = r#"job=~"eightxeight",instance=~".*",account=~".*",pbx_id=~".+""#;
    // Every hour of the range, as a panel reads points an hour apart.
    for field in [Field::InboundTotal, Field::TotalTalkTime, Field::TotalVm] {
        let metric = field.spec().metric;
        let expression = format!(
            r#"max by (job, account, pbx_id, window) (last_over_time({metric}{{{selector},window="1h"}}[1h]))"#
        );
        let series = prometheus
            .query_range(&expression, backfill.from + HOUR, backfill.to, 3600)
            .await;
        assert_eq!(series.len(), 4, "{metric}");
        for (labels, points) in series {
            assert_eq!(labels["job"], "eightxeight");
            assert_eq!(points.len(), 24 * 35, "{labels:?}");
            for (at, value) in points.into_iter().step_by(17) {
                let expected = truth(field, at - HOUR, at)[&labels["pbx_id"]];
                assert_eq!(value, expected, "{metric} {labels:?} {at}");
            }
        }
        // And the total of all.
        let total = format!(
            r#"sum_over_time(max by (job, account, pbx_id, window) ({metric}{{{selector},window="1h"}})[{}h:1h])"#,
            24 * 35
        );
        let at = backfill.to + SignedDuration::from_secs(1);
        let expected = truth(field, backfill.from, backfill.to);
        let totals = prometheus.query_at(&total, at).await;
        assert_eq!(totals.len(), 4);
        for (labels, value) in totals {
            let expected = expected[&labels["pbx_id"]];
            assert!(
                (value - expected).abs() <= expected * 1e-12,
                "{metric} {labels:?}: {value} {expected}"
            );
        }
    }
    // Each whole day's number stands a second before midnight.
    let mut midnight = midnight_after(backfill.from, &london);
    let mut days = 0;
    while midnight <= backfill.to {
        let end = midnight - SignedDuration::from_secs(1);
        let metric = Field::InboundTotal.spec().metric;
        let today = format!(r#"{metric}{{{selector},window="today"}}"#);
        let start = end
            .to_zoned_datetime(london.clone())
            .start_of_day()
            .unwrap()
            .timestamp();
        let expected = truth(Field::InboundTotal, start, end);
        for (labels, value) in prometheus.query_at(&today, end).await {
            assert_eq!(labels["site"], "a \"b\"");
            assert_eq!(labels["instance"], "backfill");
            assert_eq!(value, expected[&labels["pbx_id"]], "{labels:?} {end}");
            days += 1;
        }
        midnight = midnight_after(midnight, &london);
    }
    assert!((34 * 4..=35 * 4).contains(&days), "{days}");
    // What the recording rules demand of fresh data.
    let fresh = "eightxeight_company_inbound_calls and on (job, account, instance, window) \
                 (max_over_time(eightxeight_collection_success[3m]) == 1)";
    assert_eq!(prometheus.query_at(fresh, backfill.to).await.len(), 8);
}

fn midnight_after(instant: Timestamp, zone: &TimeZone) -> Timestamp {
    let tomorrow = zone.to_datetime(instant).date().tomorrow().unwrap();
    let midnight = tomorrow.to_zoned_datetime(zone.clone()).unwrap();
    midnight.start_of_day().unwrap().timestamp()
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
async fn resuming_with_other_parameters_is_refused() {
    let simulator = simulator().await;
    let mut backfill = Backfill::of_hours(&simulator, 3);
    assert_eq!(backfill.run(&HOURLY).await.0, 0);
    let resume = [&HOURLY[..], &["--resume"]].concat();
    let files = backfill.finished();
    for (options, says) in [
        (&["--step", "30m"][..], "--step was 1h and is 30m"),
        (
            &["--label", "a=b"],
            "--label was instance=backfill,job=eightxeight and is a=b,",
        ),
        (
            &["--api.pbx-id", "acmecorp"],
            "--api.pbx-id was allpbxes and is acmecorp",
        ),
        (
            &["--collect.time-zone", "Europe/London"],
            "--collect.time-zone was UTC and is Europe/London",
        ),
    ] {
        let (code, said) = backfill.run(&[&resume[..], options].concat()).await;
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(says), "{says}: {said}");
    }
    backfill.from -= HOUR;
    let (code, said) = backfill.run(&resume).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--from was "), "{said}");
    assert!(files == backfill.finished());
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

#[tokio::test]
async fn a_bar_on_a_terminal_and_lines_in_a_log() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 30);
    let command = backfill.command(&HOURLY);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &line.join(" "), "/dev/null"])
        .env("TERM", "xterm");
    terminal.stdin(Stdio::null());
    let (code, said) = ended(terminal).await;
    assert_eq!(code, 0, "{said}");
    for says in ["30 of 30 requests, step ", " a minute, ", " left"] {
        assert!(said.contains(says), "{said}");
    }
    let other = backfill.files.path().join("other");
    let (_, said) = ended(backfill.command_to(&other, &HOURLY)).await;
    assert!(said.contains("message=backfilling"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
}
