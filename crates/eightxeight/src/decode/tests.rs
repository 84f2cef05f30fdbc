//! What is read, what is passed over, and what is refused.

use super::*;
use proptest::prelude::*;

const DOCUMENTED: &str = include_str!("../testdata/company-summary.json");

fn drift(body: &str) -> Drift {
    decode(body.as_bytes()).unwrap().drift
}

fn inbound(value: &str) -> (Option<f64>, usize) {
    let answer =
        decode(format!(r#"[{{"pbxId":"p","inboundTotal":{value},"totalCall":7}}]"#).as_bytes());
    let answer = answer.unwrap();
    assert_eq!(
        answer.rows[0].values.get(Field::TotalCall),
        Some(7.0),
        "{value}"
    );
    (
        answer.rows[0].values.get(Field::InboundTotal),
        answer.drift.rejected_values,
    )
}

#[test]
fn the_documented_answer_has_all_fields_and_no_drift() {
    let answer = decode(DOCUMENTED.as_bytes()).unwrap();
    assert_eq!(answer.drift, Drift::default());
    assert_eq!(answer.rows.len(), 2);
    assert!(
        answer
            .rows
            .iter()
            .all(|row| row.values.present() == Field::COUNT)
    );
    let acme = &answer.rows[0];
    assert_eq!(&*acme.pbx_id, "acmecorp");
    assert_eq!(acme.base(Field::InboundTotal), Some(2252.0));
    assert_eq!(acme.base(Field::TotalRingTime), Some(12281.452));
}

#[test]
fn a_number_is_read_from_all_that_is_one() {
    for (value, expected) in [
        ("5", Some(5.0)),
        ("-0.0", Some(0.0)),
        ("5.25", Some(5.25)),
        ("\"5\"", Some(5.0)),
        ("\" 5.5 \"", Some(5.5)),
        ("18446744073709551615", Some(18_446_744_073_709_551_615.0)),
        ("1e300", Some(1e300)),
        ("null", None),
    ] {
        assert_eq!(inbound(value), (expected, 0), "{value}");
    }
    for value in [
        "true",
        "-1",
        "\"-1\"",
        "NaN",
        "-Infinity",
        "1e400",
        "0x1F",
        "None",
        r#""\ud83d""#,
        "\"\u{1}\"",
        "\"\"",
        "\"soon\"",
        "\"NaN\"",
        "\"inf\"",
        "\"1e400\"",
        "[1,[2]]",
        r#"{"a":{"b":1}}"#,
    ] {
        assert_eq!(inbound(value), (None, 1), "{value}");
    }
}

#[test]
fn what_is_no_array_is_malformed() {
    for body in [
        "",
        " ",
        "{",
        "<html>",
        "{}",
        "null",
        "5",
        "\"x\"",
        "[{\"pbxId\":\"p\"}",
        "[{\"pbxId\":\"p\"",
        "[{\"pbxId\":\"p",
        "[{\"pbxId\":\"p\\",
        "[{\"pbxId\" \"p\"}]",
        "[] []",
    ] {
        let read = decode(body.as_bytes());
        assert!(matches!(read, Err(DecodeError::Malformed { .. })), "{body}");
    }
}

#[test]
fn rows_without_any_name_are_no_answer() {
    assert_eq!(decode(b"[]").unwrap().rows.len(), 0);
    // Not even very deep nesting, which is passed over.
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        r#"[{"status":500,"message":"x"}]"#,
        r#"[{"pbxId":null,"totalCall":1},{"pbxId":null}]"#,
        r#"[{"PbxId":"p","totalCall":1}]"#,
        "[NaN]",
        "[1]",
        &deep,
    ] {
        assert_eq!(decode(body.as_bytes()), Err(DecodeError::NoRows), "{body}");
    }
}

#[test]
fn a_name_that_is_no_text_costs_its_row_alone() {
    let bad: [&[u8]; 8] = [
        b"acme\\ud83d",
        b"\\ude00acme",
        b"Z\xfcrich",
        b"\xed\xa0\xbd",
        b"a\x00b",
        b"a\nb",
        b"a\\xb",
        b"\xff\xfe",
    ];
    for name in bad {
        let body = [
            b"[{\"pbxId\":\"",
            name,
            b"\",\"totalCall\":1},{\"pbxId\":\"caf\xc3\xa9 \\ud83d\\ude00\",\"totalCall\":2}]",
        ];
        let answer = decode(&body.concat()).unwrap();
        assert_eq!(answer.rows.len(), 1, "{name:?}");
        assert_eq!(&*answer.rows[0].pbx_id, "caf\u{e9} \u{1f600}");
        assert_eq!(answer.drift.rejected_values, 1, "{name:?}");
    }
    let unknown = b"[{\"n\xff\":1,\"note\":\"\xff\",\"pbxId\":\"p\",\"totalCall\":2}]";
    let answer = decode(unknown).unwrap();
    assert_eq!(answer.rows[0].values.get(Field::TotalCall), Some(2.0));
}

#[test]
fn rows_that_are_none_are_counted_and_passed_over() {
    let body = r#"[1, -1, 1.5, "x", true, null, [[]], {}, {"pbxId":null}, {"pbxId":5}, {"pbxId":""}, {"pbxId":{"a":[]}}, {"pbxId":"p"}]"#;
    let answer = decode(body.as_bytes()).unwrap();
    assert_eq!(answer.rows.len(), 1);
    assert_eq!(answer.drift.rejected_values, 12);
    assert_eq!(answer.drift.missing_fields, Field::COUNT);
}

#[test]
fn the_last_row_of_a_pbx_wins() {
    let body = r#"[{"pbxId":"p","inboundTotal":1,"outboundTotal":9},{"pbxId":"q"},{"pbxId":"p","inboundTotal":2}]"#;
    let answer = decode(body.as_bytes()).unwrap();
    assert_eq!(answer.rows.len(), 2);
    assert_eq!(answer.rows[0].values.get(Field::InboundTotal), Some(2.0));
    assert_eq!(answer.rows[0].values.get(Field::OutboundTotal), None);
    assert_eq!(answer.drift.duplicate_pbxes, 1);
}

#[test]
fn drift_counts_what_the_table_does_not_have() {
    let body = r#"[{"pbxId":"p","new":1,"newer":{"x":[1]}},{"pbxId":"q","new":2}]"#;
    assert_eq!(drift(body).unknown_fields, 2);
    let broken = DOCUMENTED.replacen("\"inboundMissed\": 1265", "\"inboundMissed\": 1264", 1);
    // The sum of inbound calls and that of missed calls.
    assert_eq!(drift(&broken).inconsistencies, 2);
}

#[test]
fn so_many_pbxs_and_no_more() {
    let body = |count: usize| {
        let rows: Vec<_> = (0..count)
            .map(|n| format!(r#"{{"pbxId":"{n}"}}"#))
            .collect();
        format!("[{}]", rows.join(","))
    };
    assert_eq!(
        decode(body(MOST_PBXES).as_bytes()).unwrap().rows.len(),
        MOST_PBXES
    );
    assert_eq!(
        decode(body(MOST_PBXES + 1).as_bytes()),
        Err(DecodeError::TooMany)
    );
}

#[test]
fn names_that_would_make_a_page_of_gigabytes_are_too_much() {
    let body = |length: usize| {
        let rows: Vec<_> = (0..100)
            .map(|n| format!(r#"{{"pbxId":"{n:0length$}"}}"#))
            .collect();
        format!("[{}]", rows.join(","))
    };
    assert_eq!(decode(body(10_000).as_bytes()).unwrap().rows.len(), 100);
    let too_long = decode(body(MOST_NAMES / 100 + 1).as_bytes());
    assert_eq!(too_long, Err(DecodeError::TooMany));
}

#[test]
fn a_deep_or_wide_name_costs_its_row_alone() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for name in [&*deep, &format!("[{}0]", "0,".repeat(10_000)), "{}", "1e9"] {
        let body = format!(r#"[{{"pbxId":{name},"totalCall":1}},{{"pbxId":"p"}}]"#);
        let answer = decode(body.as_bytes()).unwrap();
        assert_eq!((answer.rows.len(), answer.drift.rejected_values), (1, 1));
    }
}

proptest! {
    #[test]
    fn nothing_panics(body in any::<Vec<u8>>()) {
        let _ = decode(&body);
    }

    #[test]
    fn no_mangled_answer_panics(at in 0..DOCUMENTED.len(), byte: u8) {
        let mut body = DOCUMENTED.as_bytes().to_vec();
        body[at] = byte;
        let _ = decode(&body);
    }
}
