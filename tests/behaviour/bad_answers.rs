//! Answers that no honest 8x8 gives, and requests that no honest Prometheus sends. Each time: no panic, the
//! last good page stays, the exposition is valid, the reason is the right one, memory is bounded.

use std::process::Command;
use std::time::Duration;

use eightxeight_simulator::{Fault, Rule, Simulator};
use jiff::SignedDuration;

use crate::fixture::{Exporter, Page, run, simulator, until_true, words};

/// As many samples as the simulator's four PBXs have.
const GOOD: usize = 4 * 41;

/// An exporter of one window, asked for as often as can be.
async fn exporter(simulator: &Simulator, timeout: &str, options: &[&str]) -> Exporter {
    let often = "--collect.window 1h --collect.interval 100ms --collect.max-staleness 1h \
        --api.max-requests-per-minute 100000 --log.level trace --api.timeout";
    let options = [&words(often)[..], &[timeout], options].concat();
    Exporter::serve(simulator, &options).await
}

/// Two answers of 64 MiB at once, decoded, and their pages: far more than any of the cases needs, far
/// less than a bomb of a GiB or a page that repeats long names would take.
const MOST_MEMORY: f64 = 700.0 * 1024.0 * 1024.0;

/// Every answer that is no report costs the collection and nothing else.
async fn costs_a_collection(
    simulator: &Simulator,
    exporter: &Exporter,
    case: &str,
    fault: Fault,
    reason: &str,
) {
    let good = exporter.page_with("eightxeight_up", 1.0).await;
    let before = good.failures("compsum", reason);
    let rule = simulator.faults().add(Rule::compsum(fault));
    let failing = exporter
        .page_where(case, |page| page.failures("compsum", reason) > before)
        .await;
    assert_eq!(failing.value("eightxeight_up"), 0.0, "{case}");
    let samples = failing.company().0.len();
    assert_eq!(samples, GOOD, "{case}: the last good page");
    valid(exporter, case).await;
    simulator.faults().remove(rule);
}

/// The page is accepted by Prometheus' own linter, the program hasn't panicked and isn't bloated.
async fn valid(exporter: &Exporter, case: &str) {
    let text = exporter.text("/metrics").await;
    let (good, said) = run(Command::new("promtool").args(["check", "metrics"]), &text);
    assert!(good && said.is_empty(), "{case}: {said:.2000}");
    let log = exporter.running.log();
    let panicked = log.iter().find(|line| line.contains("panicked"));
    assert_eq!(panicked, None, "{case}");
    let memory = Page::parse(&text).value("process_resident_memory_bytes");
    assert!(memory < MOST_MEMORY, "{case}: {memory}");
}

/// A report of these rows.
fn rows(rows: &[String]) -> Fault {
    Fault::json(format!("[{}]", rows.join(",")))
}

fn many(count: usize) -> Fault {
    let row = |n| format!(r#"{{"pbxId":"pbx-{n}","totalCall":{n}}}"#);
    rows(&(0..count).map(row).collect::<Vec<_>>())
}

#[tokio::test]
async fn an_answer_that_is_no_report_costs_one_collection() {
    let simulator = simulator().await;
    let exporter = exporter(&simulator, "1500ms", &[]).await;
    let deep = |open: &str, close: &str| {
        Fault::json(format!("{}{}", open.repeat(10_000), close.repeat(10_000)))
    };
    let second = Duration::from_secs(1);
    for (case, fault) in [
        ("truncated", Fault::none().truncated(100)),
        (
            "truncated JSON",
            Fault::json(r#"[{"pbxId":"a","totalCall":1"#),
        ),
        ("empty", Fault::json("")),
        ("HTML", Fault::instead("text/html", "<html>Sign in</html>")),
        ("wrong type: null", Fault::json("null")),
        ("wrong type: number", Fault::json("5")),
        ("wrong type: text", Fault::json(r#""[]""#)),
        ("an object for the array", Fault::json(r#"{"pbxId":"a"}"#)),
        ("deep objects", deep(r#"{"a":"#, "}")),
        ("no UTF-8", Fault::json(&b"[{\"pbxId\":\"\xff\"}]"[..])),
        ("half a gzip", Fault::json(&b"\x1f\x8b\x08\0\0"[..])),
        (
            "an error in the array",
            Fault::json(r#"[{"status":500,"message":"x"}]"#),
        ),
        (
            "rows without a name",
            Fault::json(r#"[{"pbxId":null,"totalCall":1},{"pbxId":null}]"#),
        ),
        (
            "another key for the name",
            Fault::json(r#"[{"PbxId":"acmecorp","totalCall":1}]"#),
        ),
    ] {
        costs_a_collection(&simulator, &exporter, case, fault, "decode").await;
    }
    let empty = Fault::status(204, "application/json", "");
    for (case, fault, reason) in [
        ("an empty body of 204", empty, "other"),
        ("a slow head", Fault::none().slow_head(second), "timeout"),
        (
            "a byte a second",
            Fault::none().slow_body(second),
            "timeout",
        ),
        ("20,001 PBXs", many(20_001), "too_large"),
    ] {
        costs_a_collection(&simulator, &exporter, case, fault, reason).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_costs_one_collection_and_little_memory() {
    let simulator = simulator().await;
    let exporter = exporter(&simulator, "30s", &[]).await;
    let mut plain = vec![b' '; 64 * 1024 * 1024 + 1];
    plain[0] = b'[';
    *plain.last_mut().unwrap() = b']';
    let long = |n: usize| format!(r#"{{"pbxId":"{n:060000}","totalCall":1}}"#);
    let names = (0..100).map(long).collect::<Vec<_>>();
    for (case, fault) in [
        ("64 MiB and a byte", Fault::json(plain)),
        ("a gzip bomb of 65 MiB", Fault::gzip_bomb(65 << 20)),
        ("a gzip bomb of 300 MiB", Fault::gzip_bomb(300 << 20)),
        ("names of 6 MB in all", rows(&names)),
    ] {
        costs_a_collection(&simulator, &exporter, case, fault, "too_large").await;
    }
}

#[tokio::test]
async fn one_bad_field_costs_one_sample() {
    let simulator = simulator().await;
    let exporter = exporter(&simulator, "1500ms", &[]).await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (case, number, sample) in [
        ("negative", "-1", None),
        ("a bare NaN", "NaN", None),
        ("a bare 1e400", "1e400", None),
        ("half a surrogate pair", r#""\ud83d""#, None),
        ("a fraction", "2.5", Some(2.5)),
        ("a number as text", "\"7\"", Some(7.0)),
        (
            "above 2^63",
            "9223372036854775809",
            Some(9.223_372_036_854_776e18),
        ),
        (
            "above 2^64",
            "28446744073709551616",
            Some(2.844_674_407_370_955e19),
        ),
        ("true", "true", None),
        ("null", "null", None),
        ("a text", "\"many\"", None),
        ("a text that says NaN", "\"NaN\"", None),
        ("a text that says infinity", "\"-inf\"", None),
        ("10,000-deep nesting", &*deep, None),
        ("an object", r#"{"value":1}"#, None),
    ] {
        let row = format!(r#"{{"pbxId":"{case}","totalCall":{number},"inboundTotal":3}}"#);
        let rule = simulator.faults().add(Rule::compsum(rows(&[row])));
        let other = format!(r#"eightxeight_company_inbound_calls{{pbx_id="{case}",window="1h"}}"#);
        let page = exporter.page_with(&other, 3.0).await;
        assert_eq!(page.value("eightxeight_up"), 1.0, "{case}");
        let series = format!(r#"eightxeight_company_calls{{pbx_id="{case}",window="1h"}}"#);
        assert_eq!(page.get(&series), sample, "{case}");
        valid(&exporter, case).await;
        simulator.faults().remove(rule);
    }
}

#[tokio::test]
async fn odd_pbxs_are_shown_as_they_are() {
    let simulator = simulator().await;
    let exporter = exporter(&simulator, "30s", &["--api.pbx-id", "acmecorp"]).await;
    let long = "x".repeat(10_000);
    for (case, name, label) in [
        ("quotes", r#"a\"b"#, r#"a\"b"#),
        ("newlines", r"a\nb\r\n", "a\\nb\r\\n"),
        ("backslashes", r"a\\", r"a\\"),
        (
            "control characters",
            r"a\u0000\u0007\u001b[31m",
            "a\0\u{7}\u{1b}[31m",
        ),
        (
            "a forged sample",
            r"a\u0022} 1\neightxeight_up 1",
            r#"a\"} 1\neightxeight_up 1"#,
        ),
        ("10 kB", &*long, &*long),
        ("a PBX not asked for", "elsewhere", "elsewhere"),
    ] {
        let row = format!(r#"{{"pbxId":"{name}","totalCall":3}}"#);
        let rule = simulator.faults().add(Rule::compsum(rows(&[row])));
        let start = format!(r#"eightxeight_company_calls{{pbx_id="{label}",window="1h"}} 3"#);
        until_true(case, async || {
            let text = exporter.text("/metrics").await;
            text.split('\n').any(|line| line == start)
        })
        .await;
        valid(&exporter, case).await;
        let status = exporter.get("/").await.status();
        assert_eq!(status, 200, "{case}: the status page");
        simulator.faults().remove(rule);
    }

    let bad: &[u8] = b"[{\"pbxId\":\"Z\xfcrich\"},{\"pbxId\":\"a\\ud83d\"},{\"pbxId\":\"good\",\"totalCall\":5}]";
    let rule = simulator.faults().add(Rule::compsum(Fault::json(bad)));
    let series = r#"eightxeight_company_calls{pbx_id="good",window="1h"}"#;
    let page = exporter.page_with(series, 5.0).await;
    let of = |metric: &str| page.value(&format!(r#"{metric}{{window="1h"}}"#));
    assert_eq!(of("eightxeight_pbxes"), 1.0);
    assert_eq!(of("eightxeight_answer_rejected_values"), 2.0);
    assert_eq!(of("eightxeight_answer_absent_pbxes"), 1.0, "acmecorp");
    simulator.faults().remove(rule);

    let twice = [3, 4].map(|n| format!(r#"{{"pbxId":"twice","totalCall":{n}}}"#));
    let rule = simulator.faults().add(Rule::compsum(rows(&twice)));
    let series = r#"eightxeight_company_calls{pbx_id="twice",window="1h"}"#;
    let page = exporter.page_with(series, 4.0).await;
    let duplicates = r#"eightxeight_answer_duplicate_pbxes{window="1h"}"#;
    assert_eq!(page.value(duplicates), 1.0);
    valid(&exporter, "the same PBX twice").await;
    simulator.faults().remove(rule);

    let ahead = Fault::none().date_offset(SignedDuration::from_hours(7));
    let rule = simulator.faults().add(Rule::any(ahead));
    let is_behind = |page: &Page| {
        let skew = page.get("eightxeight_api_clock_skew_seconds");
        skew.is_some_and(|skew| (-25_210.0..-25_190.0).contains(&skew))
    };
    let what = "a Date header hours off";
    let page = exporter.page_where(what, is_behind).await;
    assert_eq!(page.value("eightxeight_up"), 1.0);
    simulator.faults().remove(rule);

    simulator.faults().add(Rule::compsum(many(19_999)));
    let pbxes = r#"eightxeight_pbxes{window="1h"}"#;
    exporter.page_with(pbxes, 19_999.0).await;
    valid(&exporter, "19,999 PBXs").await;
}

#[tokio::test]
async fn odd_scrapers_get_a_page() {
    let simulator = simulator().await;
    let exporter = exporter(&simulator, "1500ms", &[]).await;
    let timeout = "x-prometheus-scrape-timeout-seconds";
    let long = format!("text/plain;q=0.5,{}", "a/b;q=0.1,".repeat(2_500));
    assert!(long.len() > 25_000);
    for (name, value) in [
        (timeout, "NaN"),
        (timeout, "-1"),
        (timeout, "1e300"),
        (timeout, "0"),
        (timeout, "inf"),
        (timeout, "1e-300"),
        (timeout, ""),
        (timeout, "\u{7f}"),
        ("accept", &*long),
        ("accept", ";;;q=,,\"\\"),
        ("accept-encoding", &*long),
    ] {
        let case = format!("{name}: {value:.20?}");
        let Ok(header) = reqwest::header::HeaderValue::from_bytes(value.as_bytes()) else {
            continue;
        };
        let request = exporter.request("GET", "/metrics");
        let answer = request.header(name, header).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{case}");
        let page = Page::parse(&answer.text().await.unwrap());
        assert_eq!(page.company().0.len(), GOOD, "{case}");
        valid(&exporter, &case).await;
    }
}
