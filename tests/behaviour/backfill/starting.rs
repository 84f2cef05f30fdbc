//! Whether it starts, and what it says.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use eightxeight_exporter::simulator::Endpoint;
use jiff::{SignedDuration, Timestamp};

use super::{Backfill, HOUR, HOURLY, ended};
use crate::fixture::{Running, command, secret_files, simulator, until};

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
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &line.join(" "), "/dev/null"]);
        let pipes = terminal.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        let stdin = child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{answer}\n").as_bytes()).unwrap();
        let sent = || simulator.requests().count(Endpoint::Compsum) > before;
        until("a request or the end", async || {
            (sent() || child.try_wait().unwrap().is_some()).then_some(())
        })
        .await;
        // With its terminal gone it ends, too.
        let _ = child.kill();
        let said = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
            .await
            .unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        assert!(said.contains("Start? [y/N]"), "{said}");
        assert_eq!(said.contains("not started"), !asked, "{said}");
        assert_eq!(sent(), asked, "{said}");
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
