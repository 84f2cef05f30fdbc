#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;

use super::super::journal::tests::{answer, filled, job, total};
use super::*;

#[tokio::test]
async fn the_file_is_the_same_however_little_memory_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(&dir, total(&dir));
    let job = job(dir.path());
    for segment in journal.segments() {
        let written = |memory| {
            let path = own::month_file(dir.path(), segment.month);
            write_within(memory, &job, *segment, &path).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            text
        };
        let plenty = written(usize::MAX);
        assert_eq!(written(0), plenty);
        assert_eq!(written(segment.rows * 8 * 4), plenty);
        assert!(plenty.ends_with("# EOF\n"));
    }
}

#[tokio::test]
async fn families_are_whole_and_series_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(&dir, total(&dir));
    let mut samples = 0;
    for segment in journal.segments() {
        let path = own::month_file(dir.path(), segment.month);
        write(&job(dir.path()), *segment, &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let (mut families, mut series) = (HashSet::new(), HashSet::new());
        let mut last = ("", i64::MIN);
        let mut family = "";
        for line in text.strip_suffix("# EOF\n").unwrap().lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                family = rest.split(' ').next().unwrap();
                assert!(families.insert(family), "{family} twice");
            } else if !line.starts_with('#') {
                samples += 1;
                let (rest, second) = line.rsplit_once(' ').unwrap();
                let (labels, _) = rest.rsplit_once(' ').unwrap();
                assert!(labels.starts_with(&format!("{family}{{")), "{line}");
                let second: i64 = second.parse().unwrap();
                if labels == last.0 {
                    assert!(second > last.1, "{line}");
                } else {
                    assert!(series.insert(labels), "{labels} twice");
                }
                last = (labels, second);
            }
        }
        assert!(families.contains("eightxeight_company_inbound_calls"));
        assert!(families.contains("eightxeight_collection_success"));
    }
    let expected: usize = job(dir.path())
        .points()
        .enumerate()
        .map(|(seed, point)| {
            let rows = answer(point, seed).answer.rows;
            let values: usize = rows.iter().map(|row| row.values.present()).sum();
            values + GAUGES.len() + 1
        })
        .sum();
    assert_eq!(samples, expected);
}

#[tokio::test]
async fn a_sample_is_labelled_as_in_life_and_dated_by_the_end_of_its_window() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(&dir, total(&dir));
    let segment = journal.segments()[0];
    let path = own::month_file(dir.path(), segment.month);
    write(&job(dir.path()), segment, &path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for line in [
        "# HELP eightxeight_company_talk_time_seconds Time spent talking, summed over calls (8x8 field totalTalkTime)",
        "# TYPE eightxeight_company_talk_time_seconds gauge",
        "# UNIT eightxeight_company_talk_time_seconds seconds",
        r#"eightxeight_company_talk_time_seconds{instance="back\"fill",job="x",pbx_id="a\"b\\\n",window="1h"} 12281.452 1769893200"#,
        r#"eightxeight_window_end_timestamp_seconds{instance="back\"fill",job="x",window="today"} 1769903999 1769903999"#,
        r#"eightxeight_collection_success{instance="back\"fill",job="x",window="1h"} 1 1769893200"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_file_that_failed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(&dir, 4);
    let segment = journal.segments()[0];
    let path = own::month_file(dir.path(), segment.month);
    let whole = std::fs::read(job(dir.path()).options.journal()).unwrap();
    let half = whole.len() / 2;
    std::fs::write(job(dir.path()).options.journal(), &whole[..half]).unwrap();
    let error = write(&job(dir.path()), segment, &path).unwrap_err();
    assert!(error.to_string().contains("damaged after"), "{error}");
    assert!(!path.exists() && !path.with_extension("om.unfinished").exists());
    std::fs::write(job(dir.path()).options.journal(), whole).unwrap();
    write(&job(dir.path()), segment, &path).unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn no_link_is_followed_and_nobody_elses_file_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(&dir, total(&dir));
    let segment = journal.segments()[0];
    let path = own::month_file(dir.path(), segment.month);
    let unfinished = path.with_extension("om.unfinished");
    let write = || super::write(&job(dir.path()), segment, &path);
    let treasure = dir.path().join("treasure");
    for name in [&path, &unfinished] {
        for target in ["treasure", "absent"] {
            std::fs::write(&treasure, "gold").unwrap();
            std::os::unix::fs::symlink(dir.path().join(target), name).unwrap();
            let error = write().unwrap_err().to_string();
            assert!(error.contains("so it is left as it is"), "{error}");
            assert!(name.is_symlink() && !dir.path().join("absent").exists());
            std::fs::rename(&treasure, name).unwrap();
            write().unwrap_err();
            assert_eq!(std::fs::read_to_string(name).unwrap(), "gold");
            std::fs::remove_file(name).unwrap();
        }
    }
    // What a kill left half done is its own.
    std::fs::write(&unfinished, "# HELP eightxeight_company_in").unwrap();
    write().unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().ends_with("# EOF\n"));
    assert!(!unfinished.exists());
    write().unwrap();
}
