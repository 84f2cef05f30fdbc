//! The company summary's answer, held against a slow reading of it through a tree.

use std::collections::{BTreeMap, BTreeSet};

use eightxeight::answer::{Answer, Drift, MOST_PBXES, Row, Values};
use eightxeight::consistency;
use eightxeight::decode::{DecodeError, decode};
use eightxeight::fields::Field;
use serde_json::{Map, Value, json};

/// All names of an answer together, in bytes.
const MOST_NAMES: usize = 4 * 1024 * 1024;

/// What is read is sound, is what a plain reading finds, and is read again from its own encoding.
pub(crate) fn answer(input: &[u8]) {
    let read = decode(input);
    if let Ok(answer) = &read {
        is_sound(answer);
        let again = decode(encoded(answer).to_string().as_bytes()).unwrap();
        assert_eq!(again.rows, answer.rows);
        assert_eq!(
            again.drift,
            Drift {
                unknown_fields: 0,
                rejected_values: 0,
                duplicate_pbxes: 0,
                // What was refused is left out and so missing.
                missing_fields: missing(&answer.rows),
                ..answer.drift
            }
        );
    }
    // A tree has a bound on depth that the decoder does without, and refuses some texts that it skips.
    match serde_json::from_slice(input) {
        Ok(Value::Array(items)) => match read {
            Ok(answer) => {
                assert!(!answer.rows.is_empty() || items.is_empty());
                assert_eq!(answer, plain(&items));
            }
            Err(DecodeError::NoRows) => {
                assert!(!items.is_empty() && plain(&items).rows.is_empty());
            }
            Err(error) => {
                assert_eq!(error, DecodeError::TooMany);
                assert!(items.len() > MOST_PBXES || input.len() > MOST_NAMES);
            }
        },
        Ok(_) => assert!(matches!(read, Err(DecodeError::Malformed { .. }))),
        // A text or a word that is no JSON costs the value or the row where it stands.
        Err(_) => {}
    }
}

/// Rows are sorted, each PBX once, within the bounds, and all numbers finite.
fn is_sound(answer: &Answer) {
    assert!(answer.rows.len() <= MOST_PBXES);
    assert!(answer.rows.is_sorted_by(|a, b| a.pbx_id < b.pbx_id));
    let names: usize = answer.rows.iter().map(|row| row.pbx_id.len()).sum();
    assert!(names <= MOST_NAMES);
    for row in &answer.rows {
        assert!(!row.pbx_id.is_empty());
        for field in Field::ALL {
            assert!(row.base(field).is_none_or(f64::is_finite));
        }
    }
    // Each value is there, missing or refused.
    let drift = answer.drift;
    assert!(drift.missing_fields + drift.rejected_values >= missing(&answer.rows));
}

fn missing(rows: &[Row]) -> usize {
    let missing = rows.iter().map(|row| Field::COUNT - row.values.present());
    missing.sum()
}

fn encoded(answer: &Answer) -> Value {
    let row = |row: &Row| {
        let number =
            |field: Field| Some((field.spec().key.to_owned(), json!(row.values.get(field)?)));
        let mut object: Map<_, _> = Field::ALL.into_iter().filter_map(number).collect();
        object.insert("pbxId".to_owned(), json!(row.pbx_id));
        Value::Object(object)
    };
    answer.rows.iter().map(row).collect()
}

/// The same, one thing after the other.
fn plain(items: &[Value]) -> Answer {
    let mut rows = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let mut drift = Drift::default();
    for item in items {
        let object = item.as_object();
        let keys = object.into_iter().flat_map(Map::keys);
        unknown.extend(keys.filter(|key| *key != "pbxId" && Field::from_key(key).is_none()));
        let name = object.and_then(|object| object.get("pbxId")?.as_str());
        let Some((object, name)) = object.zip(name.filter(|name| !name.is_empty())) else {
            drift.rejected_values += 1;
            continue;
        };
        let numbers = Field::ALL.map(|field| (field, object.get(field.spec().key).map(number)));
        if rows.insert(name, numbers).is_some() {
            drift.duplicate_pbxes += 1;
        }
    }
    drift.unknown_fields = unknown.len();
    let row = |(name, numbers): (&str, [(Field, Option<Read>); Field::COUNT])| {
        let mut values = Values::default();
        for (field, number) in numbers {
            match number {
                Some(Read::Number(number)) => values.set(field, Some(number)),
                Some(Read::Refused) => drift.rejected_values += 1,
                Some(Read::Nothing) | None => drift.missing_fields += 1,
            }
        }
        drift.inconsistencies += consistency::violations(&values);
        Row {
            pbx_id: name.into(),
            values,
        }
    };
    let rows = rows.into_iter().map(row).collect();
    Answer { rows, drift }
}

enum Read {
    Number(f64),
    Nothing,
    Refused,
}

fn number(value: &Value) -> Read {
    let number = match value {
        Value::Null => return Read::Nothing,
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number
        .filter(|number| number.is_finite() && *number >= 0.0)
        .map_or(Read::Refused, |number| Read::Number(number.abs()))
}
