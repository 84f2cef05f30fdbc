//! Whether it starts, and what it says.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use eightxeight_simulator::Endpoint;
use jiff::{SignedDuration, Timestamp};

use super::{Backfill, HOUR, HOURLY, ended, reports, resuming};
use crate::fixture::{
    Running, assert_says, assert_silent, command, on_terminal, secret_files, simulator, until_true,
    words,
};

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
    let missing = [
        "--from is missing",
        "--to is missing",
        "--output is missing",
    ];
    let too_early = ["two years (730 days)", "the earliest is 20"];
    let three = ["--from: `soon`", "--step: `7h`", "--label: `1`"];
    for (options, says) in [
        (String::new(), &missing[..]),
        (format!("--from {old} --to {recent}"), &too_early),
        (
            format!("--from {past} --to {tomorrow}"),
            &["--to: it lies in the future"],
        ),
        (
            format!("--from {past} --to {soon}"),
            &["less than three hours ago"],
        ),
        (
            format!("--from {recent} --to {past}"),
            &["isn't after --from"],
        ),
        ("--from soon --step 7h --label 1=2".to_owned(), &three),
        (
            "--collect.window 1h,60m --step 0s".to_owned(),
            &["--collect.window: ", "--step: "],
        ),
        ("--resume --resume".to_owned(), &["--resume: given twice"]),
        ("--resume=maybe".to_owned(), &["--resume: "]),
    ] {
        let mut command = command("backfill", "http://127.0.0.1:1", files.path());
        command.args(words(&options));
        if options.contains("--to") {
            command.arg("--output").arg(&directory);
        }
        let said = ended(2, command).await;
        assert_says(&said, says);
        let is_error = |line: &str| line.starts_with("error: ");
        assert!(said.lines().all(is_error), "{said}");
        assert!(!directory.exists());
    }
}

#[tokio::test]
async fn a_file_is_no_directory_for_it() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 3);
    std::fs::write(backfill.output(), "").unwrap();
    assert_says(
        &backfill.run(2, &[]).await,
        &["--output: ", "is not a directory"],
    );
}

#[tokio::test]
async fn more_than_an_hour_asks_and_without_a_terminal_needs_yes() {
    let simulator = simulator().await;
    // 301 requests at 5 a minute.
    let backfill = Backfill::of_hours(&simulator, 301);
    let hourly = ["--collect.window", "1h"];
    let said = backfill.run(2, &hourly).await;
    let expected = ["301 requests, 5 a minute", "about 1h 1m", "say --yes"];
    assert_says(&said, &expected);
    assert_eq!(simulator.requests().count(Endpoint::Token), 0);
    assert!(!backfill.output().join("backfill.journal").exists());

    // With --yes it starts, as it does without when it is short enough.
    for (hours, yes) in [(301, &["--yes"][..]), (300, &[])] {
        let backfill = Backfill::of_hours(&simulator, hours);
        let before = reports(&simulator);
        let mut running = Running::start(&mut backfill.command(&[&hourly[..], yes].concat()));
        until_true("a request", async || reports(&simulator) > before).await;
        running.signal("INT");
        assert_eq!(running.ended().await.code(), Some(1));
    }

    // On a terminal it asks.
    for (answer, asked) in [("n", false), ("", false), ("y", true)] {
        let backfill = Backfill::of_hours(&simulator, 301);
        let before = reports(&simulator);
        let mut terminal = on_terminal(&backfill.command(&hourly));
        terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = terminal.spawn().unwrap();
        let stdin = child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{answer}\n").as_bytes()).unwrap();
        let sent = || reports(&simulator) > before;
        until_true("a request or the end", async || {
            sent() || child.try_wait().unwrap().is_some()
        })
        .await;
        // With its terminal gone it ends, too.
        let _ = child.kill();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output());
        let output = output.await.unwrap().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_says(&said, &["Start? [y/N]"]);
        assert_eq!(said.contains("not started"), !asked, "{said}");
        assert_eq!(sent(), asked, "{said}");
    }
}

#[tokio::test]
async fn half_the_budget_and_no_more() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 20);
    let options = "--collect.window 1h --api.max-requests-per-minute 9";
    let mut running = Running::start(&mut backfill.command(&words(options)));
    until_true("four requests", async || {
        simulator.requests().all().len() == 4
    })
    .await;
    // A budget is a sliding minute; within it there is no fifth.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(simulator.requests().all().len(), 4);
    running.signal("TERM");
    assert_eq!(running.ended().await.code(), Some(1));
    let said = running.log().join("\n");
    assert_says(&said, &["--resume", "3 of 20 requests"]);
}

#[tokio::test]
async fn resuming_with_other_parameters_is_refused() {
    let simulator = simulator().await;
    let mut backfill = Backfill::of_hours(&simulator, 3);
    backfill.run(0, &HOURLY).await;
    let resume = resuming(&HOURLY);
    let files = backfill.finished();
    for (option, value, says) in [
        ("--step", "30m", "was 1h and is 30m"),
        (
            "--label",
            "a=b",
            "was instance=backfill,job=eightxeight and is a=b,",
        ),
        ("--api.pbx-id", "acmecorp", "was allpbxes and is acmecorp"),
        (
            "--collect.time-zone",
            "Europe/London",
            "was UTC and is Europe/London",
        ),
    ] {
        let options = [&resume[..], &[option, value]].concat();
        let said = backfill.run(2, &options).await;
        assert_says(&said, &[&format!("{option} {says}")]);
    }
    backfill.from -= HOUR;
    let said = backfill.run(2, &resume).await;
    assert_says(&said, &["--from was "]);
    assert!(files == backfill.finished());
}

#[tokio::test]
async fn a_bar_on_a_terminal_and_lines_in_a_log() {
    let simulator = simulator().await;
    let backfill = Backfill::of_hours(&simulator, 30);
    let said = ended(0, on_terminal(&backfill.command(&HOURLY))).await;
    let expected = ["30 of 30 requests, step ", " a minute, ", " left"];
    assert_says(&said, &expected);
    let other = backfill.files.path().join("other");
    let said = ended(0, backfill.command_to(&other, &HOURLY)).await;
    assert_says(&said, &["message=backfilling"]);
    assert_silent(&said, &["\u{1b}"]);
}
