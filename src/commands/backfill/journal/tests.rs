#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::*;
use crate::commands::backfill::Options;
use crate::config;
use eightxeight;
use eightxeight::answer::{Answer, Drift, Row, Values};
use eightxeight::credentials::{Credentials, Source};
use eightxeight::fields::Field;

/// Six hours over the end of a month, asked for in two windows.
pub(in crate::commands::backfill) fn job(directory: &Path) -> Job {
    let source = || Source::text("test", "canary");
    let options = Options {
        from: "2026-01-31T20:00:00Z".parse().unwrap(),
        to: "2026-02-01T02:00:00Z".parse().unwrap(),
        step: Duration::from_hours(1),
        output: directory.to_owned(),
        labels: BTreeMap::from([
            ("instance".to_owned(), "back\"fill".to_owned()),
            ("job".to_owned(), "x".to_owned()),
        ]),
        resume: true,
        yes: true,
    };
    let account = config::Account {
        name: None,
        labels: Vec::new(),
        api: eightxeight::Settings {
            url: "https://api.8x8.com/analytics/work".parse().unwrap(),
            credentials: Credentials {
                key: source(),
                username: source(),
                password: source(),
            },
            pbx_ids: vec!["allpbxes".to_owned()],
            timeout: Duration::from_secs(30),
            ca_file: None,
            max_requests_per_minute: 10,
            login_retry_interval: Duration::from_mins(15),
            interval: Duration::from_secs(50),
            user_agent: String::new(),
        },
        collect: crate::collect::Settings {
            mode: crate::collect::Mode::Scrape,
            interval: Duration::from_secs(50),
            windows: vec!["1h".parse().unwrap(), "today".parse().unwrap()],
            zone: TimeZone::UTC,
            delay: Duration::ZERO,
            max_staleness: Duration::from_mins(10),
        },
    };
    Job { account, options }
}

/// How many points the job has.
pub(in crate::commands::backfill) fn total(dir: &TempDir) -> usize {
    job(dir.path()).points().count()
}

/// An answer with awkward names and numbers.
pub(in crate::commands::backfill) fn answer(point: Point, seed: usize) -> Snapshot {
    let row = |(index, name): (usize, &str)| {
        let mut values = Values::default();
        for (at, field) in Field::ALL.into_iter().enumerate() {
            let value = match (at + index + seed) % 5 {
                0 => None,
                1 => Some(0.1 + 0.2),
                2 => Some(-1e300),
                3 => Some(12_281_452.0),
                _ => Some(f64::from(u32::try_from(seed * 41 + at).unwrap())),
            };
            values.set(field, value);
        }
        Row {
            pbx_id: name.into(),
            values,
        }
    };
    Snapshot {
        period: point.period,
        received: point.period.end,
        answer: Answer {
            rows: ["a\"b\\\n", "ü", "z"]
                .into_iter()
                .enumerate()
                .map(row)
                .collect(),
            drift: Drift {
                unknown_fields: seed,
                duplicate_pbxes: 1,
                ..Drift::default()
            },
        },
    }
}

fn open(dir: &TempDir, resume: bool) -> Result<Journal, BackfillError> {
    let mut job = job(dir.path());
    job.options.resume = resume;
    Journal::open(&job)
}

/// Writes the answers to so many points.
pub(in crate::commands::backfill) fn filled(dir: &TempDir, count: usize) -> Journal {
    let job = job(dir.path());
    let mut journal = Journal::open(&job).unwrap();
    let done = journal.done();
    for (seed, point) in job.points().enumerate().take(count).skip(done) {
        journal.append(point, &answer(point, seed)).unwrap();
    }
    journal
}

fn path(dir: &TempDir) -> PathBuf {
    job(dir.path()).options.journal()
}

fn all_of(dir: &TempDir, journal: &Journal) -> Vec<(usize, Snapshot)> {
    let mut all = Vec::new();
    for segment in journal.segments() {
        Journal::read_segment(&path(dir), *segment, |window, snapshot| {
            all.push((window, snapshot));
        })
        .unwrap();
    }
    all
}

#[tokio::test]
async fn what_was_appended_is_read_back_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let count = total(&dir);
    let journal = filled(&dir, count);
    let months: Vec<_> = journal
        .segments()
        .iter()
        .map(|segment| segment.month.strftime("%Y-%m").to_string())
        .collect();
    assert_eq!(months, ["2026-01", "2026-02"]);
    let written = journal.segments().to_vec();
    drop(journal);
    let journal = open(&dir, true).unwrap();
    assert_eq!(journal.done(), count);
    assert_eq!(journal.segments(), written);
    for (seed, ((window, snapshot), point)) in all_of(&dir, &journal)
        .iter()
        .zip(job(dir.path()).points())
        .enumerate()
    {
        let expected = answer(point, seed);
        assert_eq!(*window, point.window);
        assert_eq!(snapshot.period, expected.period);
        assert_eq!(snapshot.answer, expected.answer);
    }
}

#[tokio::test]
async fn it_goes_on_after_any_tear_as_if_there_had_been_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = path(&dir);
    let count = total(&dir);
    drop(filled(&dir, count));
    let whole = std::fs::read(&path).unwrap();
    // Where lines end, and all around there; in between only here and there.
    let ends = whole
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at);
    let mut cuts: Vec<usize> = ends.flat_map(|at| [at, at + 1, at + 2]).collect();
    cuts.extend((0..whole.len()).step_by(997));
    for cut in cuts {
        std::fs::write(&path, &whole[..cut.min(whole.len())]).unwrap();
        drop(filled(&dir, count));
        assert!(std::fs::read(&path).unwrap() == whole, "cut at {cut}");
    }
    // A power failure can also leave zeros.
    let mut zeros = whole[..whole.len() - 100].to_vec();
    zeros.resize(whole.len(), 0);
    std::fs::write(&path, zeros).unwrap();
    drop(filled(&dir, count));
    assert!(std::fs::read(&path).unwrap() == whole);
}

fn lines(journal: &[u8]) -> impl Iterator<Item = &[u8]> {
    journal.split_inclusive(|byte| *byte == b'\n')
}

fn assert_damaged(error: &BackfillError, whole: usize) {
    let expected = format!("damaged after {whole} bytes, which are whole: ");
    assert!(error.to_string().contains(&expected), "{error}");
}

#[tokio::test]
async fn damage_before_the_last_line_is_told_and_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let path = path(&dir);
    drop(filled(&dir, 5));
    let mut bytes = std::fs::read(&path).unwrap();
    let third: usize = lines(&bytes).take(2).map(<[u8]>::len).sum();
    bytes[third + 19] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = open(&dir, true).unwrap_err();
    assert_damaged(&error, third);
    assert!(matches!(error, BackfillError::Failed(_)));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn a_line_that_is_gone_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let path = path(&dir);
    let count = total(&dir);
    drop(filled(&dir, count));
    let whole = std::fs::read(&path).unwrap();
    for gone in 1..count {
        let before: Vec<_> = lines(&whole).take(gone).collect();
        let after = lines(&whole).skip(gone + 1);
        let left: Vec<_> = before.iter().copied().chain(after).collect();
        std::fs::write(&path, left.concat()).unwrap();
        let error = open(&dir, true).unwrap_err();
        assert_damaged(&error, before.concat().len());
    }
}

type Change = fn(&mut Job);

#[tokio::test]
async fn other_parameters_are_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(&dir, 2));
    let refusal = |change: &dyn Fn(&mut Job)| {
        let mut other = job(dir.path());
        change(&mut other);
        let error = Journal::open(&other).unwrap_err();
        assert!(matches!(error, BackfillError::Usage(_)));
        error.to_string()
    };
    let text = refusal(&|job| {
        job.options.to = "2026-03-01T00:00:00Z".parse().unwrap();
        job.options.labels.clear();
        job.account.api.pbx_ids = vec!["acme".to_owned()];
    });
    for says in [
        "--to was 2026-02-01T02:00:00Z and is 2026-03-01T00:00:00Z",
        "--label was instance=back\"fill,job=x and is ",
        "--api.pbx-id was allpbxes and is acme",
    ] {
        assert!(text.contains(says), "{text}");
    }
    assert!(
        !text.contains("--from") && !text.contains("--step"),
        "{text}"
    );
    let changes: [(&str, Change); 5] = [
        ("--from", |job| job.options.from = Timestamp::default()),
        ("--step", |job| job.options.step = Duration::from_mins(1)),
        ("--collect.window", |job| {
            job.account.collect.windows.truncate(1);
        }),
        ("--collect.time-zone", |job| {
            job.account.collect.zone = TimeZone::get("Europe/London").unwrap();
        }),
        ("--api.url", |job| {
            job.account.api.url = "https://x/".parse().unwrap();
        }),
    ];
    for (option, change) in changes {
        let text = refusal(&change);
        assert!(text.contains(&format!(": {option} was ")), "{text}");
    }
    assert!(open(&dir, true).is_ok(), "refusals change nothing");
}

fn refusal(dir: &TempDir, resume: bool) -> String {
    let error = open(dir, resume).unwrap_err();
    assert!(matches!(error, BackfillError::Usage(_)));
    error.to_string()
}

#[tokio::test]
async fn an_earlier_backfill_is_neither_overwritten_nor_shared() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(&dir, 2);
    let says = refusal(&dir, true);
    assert!(says.contains("another backfill"), "{says}");
    drop(journal);
    let says = refusal(&dir, false);
    assert!(says.contains("holds an earlier backfill"), "{says}");

    std::fs::remove_file(path(&dir)).unwrap();
    std::fs::write(dir.path().join("eightxeight-2026-01.om"), "").unwrap();
    let says = refusal(&dir, false);
    assert!(says.contains("holds an earlier backfill"), "{says}");
    let says = refusal(&dir, true);
    assert!(says.contains("no journal to go on from"), "{says}");
}

#[tokio::test]
async fn what_is_no_journal_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = path(&dir);
    let refused = || {
        for resume in [false, true] {
            let error = open(&dir, resume).unwrap_err().to_string();
            assert!(error.contains("so it is left as it is"), "{error}");
        }
    };
    let older = BEGINNING.replace('2', "1");
    for text in ["diary", "diary\n", "\n", "{}\n", "\0\0", &older] {
        std::fs::write(&path, text).unwrap();
        refused();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    let other = tempfile::tempdir().unwrap();
    drop(filled(&other, 1));
    for target in ["backfill.journal", "absent"] {
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(other.path().join(target), &path).unwrap();
        refused();
    }
    assert!(!other.path().join("absent").exists());
    std::fs::remove_file(&path).unwrap();
    // Not by a command, which would hold the other tests' locks for a moment.
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    refused();
}

#[tokio::test]
async fn an_empty_journal_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    open(&dir, false).unwrap().discard();
    assert!(!path(&dir).exists());
    filled(&dir, 1).discard();
    assert!(path(&dir).exists());
}

#[tokio::test]
async fn a_journal_holds_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(&dir, 3));
    let text = std::fs::read_to_string(path(&dir)).unwrap();
    assert!(!text.contains("canary"));
}

#[test]
fn months_are_those_of_utc() {
    let month = |text: &str| month_of(text.parse().unwrap()).to_string();
    assert_eq!(month("2026-01-31T23:59:59Z"), "2026-01-01");
    assert_eq!(month("2026-02-01T00:00:00Z"), "2026-02-01");
}

proptest! {
    #[test]
    fn whatever_follows_the_parameters_it_is_cut_or_told(bytes: Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _entered = runtime.enter();
        let dir = tempfile::tempdir().unwrap();
        drop(filled(&dir, 1));
        let path = path(&dir);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], &bytes].concat()).unwrap();
        match open(&dir, true) {
            Ok(journal) => prop_assert_eq!(journal.done(), 1),
            Err(error) => assert_damaged(&error, whole.len()),
        }
    }
}
