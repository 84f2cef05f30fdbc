//! One answer as the journal holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use eightxeight::answer::{Answer, Drift, Row, Snapshot, Values};
use eightxeight::fields::Field;
use eightxeight::window::Period;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Record {
    /// The index of the window in the account's configuration.
    window: usize,
    /// Unix time.
    start: i64,
    /// Unix time.
    end: i64,
    drift: Drift,
    /// Names, each with its numbers as 8x8 sent them, in the order of [`Field::ALL`].
    pbxes: Vec<(Box<str>, Vec<Option<f64>>)>,
}

impl Record {
    pub(super) fn new(window: usize, snapshot: &Snapshot) -> Record {
        let pbx = |row: &Row| {
            let numbers = Field::ALL.map(|field| row.values.get(field));
            (row.pbx_id.clone(), numbers.to_vec())
        };
        Record {
            window,
            start: snapshot.period.start.as_second(),
            end: snapshot.period.end.as_second(),
            drift: snapshot.answer.drift,
            pbxes: snapshot.answer.rows.iter().map(pbx).collect(),
        }
    }

    /// The answer, and the index of its window; nothing where a number is lost.
    pub(super) fn into_snapshot(self) -> Option<(usize, Snapshot)> {
        let row = |(pbx_id, numbers): (_, Vec<_>)| {
            let numbers: [_; Field::COUNT] = numbers.try_into().ok()?;
            let mut values = Values::default();
            for (field, number) in Field::ALL.into_iter().zip(numbers) {
                values.set(field, number);
            }
            Some(Row { pbx_id, values })
        };
        let end = Timestamp::from_second(self.end).ok()?;
        let snapshot = Snapshot {
            period: Period {
                start: Timestamp::from_second(self.start).ok()?,
                end,
            },
            // When it really came isn't kept: it would make two runs differ.
            received: end,
            answer: Answer {
                rows: self.pbxes.into_iter().map(row).collect::<Option<_>>()?,
                drift: self.drift,
            },
        };
        Some((self.window, snapshot))
    }
}
