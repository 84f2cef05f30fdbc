#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Numbers are read back exactly or not at all.
#![allow(clippy::float_cmp)]

mod body;
mod golden;
mod negotiate;
mod page;
mod parser;
mod writer;

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::catalogue::Field;
use crate::identities::broken;
use crate::snapshot::{Answer, Drift, Row, Snapshot, Values};
use crate::window::{Period, Window};

/// The whole text of a part that isn't compressed.
fn text(format: Format, write: impl FnOnce(&mut Writer)) -> String {
    let part = Part::render(Variant::new(format, Encoding::Identity), write).unwrap();
    String::from_utf8(part.into_bytes().to_vec()).unwrap()
}

fn window(label: &str) -> Window {
    label.parse().unwrap()
}

fn snapshot(rows: Vec<Row>) -> Arc<Snapshot> {
    let inconsistencies = rows.iter().map(|row| broken(&row.values)).sum();
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
