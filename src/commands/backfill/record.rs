//! One answer as the journal holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::plan::Point;
use eightxeight::answer::{Answer, Drift, Row, Snapshot, Values};
use eightxeight::fields::Field;
use eightxeight::window::Period;

/// An answer in plain types.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Record {
    /// The index of the window in the parameters.
    window: usize,
    /// Unix time.
    start: i64,
    /// Unix time.
    end: i64,
    /// The counts of [`Drift`], in its order.
    drift: [usize; 5],
    /// Names, each with its numbers as 8x8 sent them, in the order of [`Field::ALL`].
    pbxes: Vec<(Box<str>, Vec<Option<Number>>)>,
}

/// Most are counts, and a count is written without a point.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// As far as doubles hold every whole number.
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked: it is whole and small enough"
        )]
        if self.0.abs() < WHOLE && self.0.fract() == 0.0 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl Record {
    pub(super) fn new(window: usize, snapshot: &Snapshot) -> Record {
        let Drift {
            unknown_fields,
            missing_fields,
            rejected_values,
            duplicate_pbxes,
            inconsistencies,
        } = snapshot.answer.drift;
        let numbers = |row: &Row| {
            let values = Field::ALL.iter().map(|field| row.values.get(*field));
            values.map(|value| value.map(Number)).collect()
        };
        Record {
            window,
            start: snapshot.period.start.as_second(),
            end: snapshot.period.end.as_second(),
            drift: [
                unknown_fields,
                missing_fields,
                rejected_values,
                duplicate_pbxes,
                inconsistencies,
            ],
            pbxes: snapshot
                .answer
                .rows
                .iter()
                .map(|row| (row.pbx_id.clone(), numbers(row)))
                .collect(),
        }
    }

    pub(super) fn to_json(&self) -> String {
        // It holds nothing that JSON can't: values are finite.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The record, if the text is one.
    pub(super) fn from_json(text: &str) -> Option<Record> {
        let record: Record = serde_json::from_str(text).ok()?;
        let whole = record
            .pbxes
            .iter()
            .all(|(_, numbers)| numbers.len() == Field::COUNT);
        whole.then_some(record)
    }

    /// Whether it is the answer to this.
    pub(super) fn answers(&self, point: Point) -> bool {
        let period = point.period;
        self.window == point.window
            && self.start == period.start.as_second()
            && self.end == period.end.as_second()
    }

    /// How many PBXs it holds.
    pub(super) fn rows(&self) -> usize {
        self.pbxes.len()
    }

    /// The answer, and the index of its window.
    pub(super) fn into_snapshot(self) -> (usize, Snapshot) {
        let instant = |second| Timestamp::from_second(second).unwrap_or_default();
        let period = Period {
            start: instant(self.start),
            end: instant(self.end),
        };
        let [
            unknown_fields,
            missing_fields,
            rejected_values,
            duplicate_pbxes,
            inconsistencies,
        ] = self.drift;
        let row = |(pbx_id, numbers): (Box<str>, Vec<Option<Number>>)| {
            let mut values = Values::default();
            for (field, number) in Field::ALL.into_iter().zip(numbers) {
                values.set(field, number.map(|Number(value)| value));
            }
            Row { pbx_id, values }
        };
        let snapshot = Snapshot {
            period,
            // When it really came isn't kept: it would make two runs differ.
            received: period.end,
            answer: Answer {
                rows: self.pbxes.into_iter().map(row).collect(),
                drift: Drift {
                    unknown_fields,
                    missing_fields,
                    rejected_values,
                    duplicate_pbxes,
                    inconsistencies,
                },
            },
        };
        (self.window, snapshot)
    }
}
