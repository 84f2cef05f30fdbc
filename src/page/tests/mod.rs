#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Numbers are read back exactly or not at all.
#![allow(clippy::float_cmp)]

mod golden;
mod page;
#[path = "../../../crates/exposition/src/tests/parser.rs"]
mod parser;

use std::sync::Arc;

use eightxeight::answer::{Answer, Drift, Row, Snapshot, Values};
use eightxeight::consistency::violations;
use eightxeight::fields::Field;
use eightxeight::window::{Period, Window};
use exposition::{Encoding, Format, Writer};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use parser::{Sample, parse};

/// The whole text of a part that isn't compressed.
fn text(format: Format, write: impl FnOnce(&mut Writer)) -> String {
    let part = Segment::render(Variant::new(format, Encoding::Identity), write).unwrap();
    String::from_utf8(part.into_bytes().to_vec()).unwrap()
}

fn window(label: &str) -> Window {
    label.parse().unwrap()
}

fn snapshot(rows: Vec<Row>) -> Arc<Snapshot> {
    let inconsistencies = rows.iter().map(|row| violations(&row.values)).sum();
    Arc::new(Snapshot {
        period: Period {
            start: "2022-02-03T00:00:00Z".parse().unwrap(),
            end: "2022-02-03T10:00:00Z".parse().unwrap(),
        },
        received: Timestamp::UNIX_EPOCH,
        answer: Answer {
            rows,
            drift: Drift {
                inconsistencies,
                ..Drift::default()
            },
        },
    })
}

/// A PBX each of whose numbers is `value`.
fn row(pbx_id: &str, value: f64) -> Row {
    let mut values = Values::default();
    for field in Field::ALL {
        values.set(field, Some(value));
    }
    Row {
        pbx_id: pbx_id.into(),
        values,
    }
}

/// The answer with two PBXs that stands in 8x8's documentation.
fn documented() -> Vec<Row> {
    let answer: Value = serde_json::from_str(include_str!("../testdata/answer.json")).unwrap();
    let rows = answer.as_array().unwrap().iter().map(|object| {
        let mut values = Values::default();
        for (key, value) in object.as_object().unwrap() {
            if let Some(field) = Field::from_key(key) {
                values.set(field, value.as_f64());
            }
        }
        Row {
            pbx_id: object["pbxId"].as_str().unwrap().into(),
            values,
        }
    });
    rows.collect()
}

/// Texts with what may break a line, often.
fn nasty() -> impl Strategy<Value = String> {
    let characters = prop_oneof![
        Just('\\'),
        Just('"'),
        Just('\n'),
        Just('n'),
        Just('{'),
        Just('}'),
        Just(','),
        Just(' '),
        any::<char>(),
    ];
    proptest::collection::vec(characters, 0..12).prop_map(|text| text.into_iter().collect())
}

proptest! {
    #[test]
    fn the_company_page_holds_each_number_that_is_there(
        rows in proptest::collection::vec(
            (nasty(), proptest::collection::vec(proptest::option::of(any::<f64>()), Field::COUNT)),
            0..4,
        ),
    ) {
        let rows: Vec<_> = rows.into_iter().map(|(pbx_id, numbers)| {
            let mut values = Values::default();
            for (field, number) in Field::ALL.into_iter().zip(numbers) {
                values.set(field, number);
            }
            Row { pbx_id: pbx_id.into(), values }
        }).collect();
        let windows = ["1h", "today"].map(|label| (window(label), snapshot(rows.clone())));
        for format in [Format::Text, Format::OpenMetrics] {
            let families = parse(format, &(text(format, |writer| write_company(writer, &windows)) + format.ending()));
            for field in Field::ALL {
                let read = families.iter().find(|family| family.name == metric(field).name);
                let read = read.map_or(&[][..], |family| &family.samples);
                let expected: Vec<_> = windows.iter().flat_map(|(window, snapshot)| {
                    snapshot.answer.rows.iter().filter_map(|row| Some(Sample {
                        name: metric(field).name.to_owned(),
                        labels: [("pbx_id", &*row.pbx_id), ("window", window.label())]
                            .map(|(name, value)| (name.to_owned(), value.to_owned()))
                            .into(),
                        value: row.base(field)?.to_string(),
                    }))
                }).collect();
                prop_assert_eq!(read.len(), expected.len());
                for (read, expected) in read.iter().zip(expected) {
                    prop_assert_eq!(&read.labels, &expected.labels);
                    let number = |sample: &Sample| sample.value.parse::<f64>().unwrap();
                    prop_assert_eq!(number(read), number(&expected));
                }
            }
        }
    }
}
