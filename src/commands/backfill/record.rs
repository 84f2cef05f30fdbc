//! One answer as the journal holds it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::Point;
use eightxeight::answer::{Answer, Drift, Row, Snapshot, Values};
use eightxeight::fields::Field;
use eightxeight::window::Period;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Record {
    /// The index of the window in the plan.
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

    /// Whether it is a whole answer to this.
    pub(super) fn answers(&self, point: Point) -> bool {
        let whole = |(_, numbers): &(_, Vec<_>)| numbers.len() == Field::COUNT;
        self.window == point.window
            && self.start == point.period.start.as_second()
            && self.end == point.period.end.as_second()
            && self.pbxes.iter().all(whole)
    }

    /// How many PBXs it holds.
    pub(super) fn rows(&self) -> usize {
        self.pbxes.len()
    }

    /// The answer, and the index of its window.
    pub(super) fn into_snapshot(self) -> (usize, Snapshot) {
        let instant = |second| Timestamp::from_second(second).unwrap_or_default();
        let row = |(pbx_id, numbers): (Box<str>, Vec<Option<f64>>)| {
            let mut values = Values::default();
            for (field, number) in Field::ALL.into_iter().zip(numbers) {
                values.set(field, number);
            }
            Row { pbx_id, values }
        };
        let snapshot = Snapshot {
            period: Period {
                start: instant(self.start),
                end: instant(self.end),
            },
            // When it really came isn't kept: it would make two runs differ.
            received: instant(self.end),
            answer: Answer {
                rows: self.pbxes.into_iter().map(row).collect(),
                drift: self.drift,
            },
        };
        (self.window, snapshot)
    }
}
