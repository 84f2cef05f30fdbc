//! All fields of 8x8's documented answer, with the right names, values and units, in both formats.

use std::collections::BTreeMap;

use eightxeight_simulator::{Fault, Rule};

use crate::fixture::{
    DOCUMENTED, Exporter, Page, assert_says, clean_command, finish, simulator_with, words,
};

/// The table as it was agreed, which the dashboards read, so that the program's own can't drift unnoticed.
const TABLE: &str = include_str!("../../grafana/fields.tsv");

/// API field, metric, unit.
fn table() -> Vec<(&'static str, &'static str, &'static str)> {
    let lines = TABLE.lines().skip(1);
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    cells.map(|cells| (cells[0], cells[1], cells[2])).collect()
}

fn expected() -> BTreeMap<String, f64> {
    let answer: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(DOCUMENTED).unwrap();
    let mut samples = BTreeMap::new();
    for row in &answer {
        let pbx = row["pbxId"].as_str().unwrap();
        for (field, metric, unit) in table() {
            let sent = row[field].as_f64().unwrap();
            let value = match unit {
                "seconds" => sent / 1000.0,
                "ratio" => sent / 100.0,
                _ => sent,
            };
            for window in ["1h", "today"] {
                let series = format!(r#"{metric}{{pbx_id="{pbx}",window="{window}"}}"#);
                samples.insert(series, value);
            }
        }
    }
    samples
}

#[tokio::test]
async fn every_field_of_both_documented_pbxs() {
    let simulator = simulator_with(Rule::compsum(Fault::json(DOCUMENTED))).await;
    let exporter = Exporter::serve(&simulator, &[]).await;
    let expected = expected();
    assert_eq!(expected.len(), 2 * 41 * 2);

    let text = exporter.page().await;
    assert_eq!(text.company().0, expected);
    let name = r#"eightxeight_company_ring_time_seconds{pbx_id="acmecorp",window="1h"}"#;
    assert_eq!(text.value(name).to_string(), "12281.452");

    let request = exporter.request("GET", "/metrics");
    let open = request.header("accept", "application/openmetrics-text;version=1.0.0");
    let open = open.send().await.unwrap().text().await.unwrap();
    assert!(open.ends_with("# EOF\n"));
    assert_eq!(Page::parse(&open).company().0, expected);

    let drift = "unknown_fields missing_fields rejected_values duplicate_pbxes inconsistencies";
    for name in words(drift) {
        let series = format!(r#"eightxeight_answer_{name}{{window="1h"}}"#);
        assert_eq!(text.value(&series), 0.0, "{name}");
    }
}

#[test]
fn the_command_prints_the_agreed_table() {
    let print = |format: &str| {
        let ended = finish(clean_command().args(["fields", "--format", format]));
        assert_eq!(ended.code, Some(0));
        ended.output
    };
    assert_eq!(print("tsv"), TABLE);
    let json: serde_json::Value = serde_json::from_str(&print("json")).unwrap();
    let markdown = print("markdown");
    for (at, (field, metric, unit)) in table().into_iter().enumerate() {
        assert_eq!(json[at]["api_field"], field);
        assert_eq!(json[at]["metric"], metric);
        assert_eq!(json[at]["unit"], unit);
        assert!(markdown.contains(&format!("| `{field}` | `{metric}` | {unit} | ")));
    }
}

#[test]
fn output_that_can_not_be_written_is_an_error() {
    let full = std::fs::File::create("/dev/full").unwrap();
    let mut command = clean_command();
    let ended = command
        .arg("fields")
        .stdout(full)
        .stderr(std::process::Stdio::piped());
    let ended = ended.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_says(
        &said,
        &["error: can't write to standard output: No space left"],
    );
}
