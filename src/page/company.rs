//! What 8x8 said, and what is known of the answers themselves: everything on a page that is a function of
//! the snapshots, so that it changes with them and never apart from them.

use std::sync::LazyLock;

use jiff::Timestamp;

use eightxeight::answer::Snapshot;
use eightxeight::fields::Field;
use exposition::{Kind, Writer, escape_labels};

use super::Shown;

/// What the name of every metric of the company summary begins with.
pub const PREFIX: &str = "eightxeight_company_";

/// The metric of a field of 8x8's answer.
#[derive(Debug)]
pub struct Metric {
    /// Its name, [`PREFIX`] included.
    pub name: &'static str,
    /// Its help text: what it means, and what 8x8 calls it.
    pub help: &'static str,
}

/// The metric of this field.
#[must_use]
pub fn metric(field: Field) -> &'static Metric {
    static METRICS: LazyLock<[Metric; Field::COUNT]> = LazyLock::new(|| {
        Field::ALL.map(|field| {
            let spec = field.spec();
            Metric {
                name: format!("{PREFIX}{}", spec.name).leak(),
                help: format!("{} (8x8 field {})", spec.meaning, spec.key).leak(),
            }
        })
    });
    &METRICS[field.index()]
}

/// A gauge with one sample for each window.
pub(crate) struct Gauge {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) value: fn(&Snapshot) -> f64,
}

/// What is known of an answer beyond its numbers.
pub(crate) const GAUGES: [Gauge; 9] = [
    Gauge {
        name: "eightxeight_pbxes",
        help: "PBXs in the answer that is shown",
        value: |snapshot| count(snapshot.answer.rows.len()),
    },
    Gauge {
        name: "eightxeight_window_start_timestamp_seconds",
        help: "Start of the period that the samples cover",
        value: |snapshot| seconds(snapshot.period.start),
    },
    Gauge {
        name: "eightxeight_window_end_timestamp_seconds",
        help: "End of the period that the samples cover",
        value: |snapshot| seconds(snapshot.period.end),
    },
    Gauge {
        name: "eightxeight_answer_unknown_fields",
        help: "Distinct keys of the answer that the exporter doesn't know",
        value: |snapshot| count(snapshot.answer.drift.unknown_fields),
    },
    Gauge {
        name: "eightxeight_answer_missing_fields",
        help: "Numbers that the answer lacks or gives as null, over all PBXs",
        value: |snapshot| count(snapshot.answer.drift.missing_fields),
    },
    Gauge {
        name: "eightxeight_answer_rejected_values",
        help: "Values of the answer that are no numbers, and rows without a PBX name",
        value: |snapshot| count(snapshot.answer.drift.rejected_values),
    },
    Gauge {
        name: "eightxeight_answer_duplicate_pbxes",
        help: "Rows of the answer for a PBX that had one already; the last counts",
        value: |snapshot| count(snapshot.answer.drift.duplicate_pbxes),
    },
    Gauge {
        name: "eightxeight_answer_absent_pbxes",
        help: "PBXs that were asked for by name and that the answer lacks",
        value: |snapshot| count(snapshot.answer.drift.absent_pbxes),
    },
    Gauge {
        name: "eightxeight_answer_inconsistencies",
        help: "Sums that hold in 8x8's documentation and do not hold in the answer, over all PBXs",
        value: |snapshot| count(snapshot.answer.drift.inconsistencies),
    },
];

/// Writes the families of 8x8's numbers, with a sample for every window and PBX that has the number, and
/// those about the answers.
pub fn write_company(writer: &mut Writer, shown: &[Shown]) {
    let labels = Labels::of(shown);
    writer.expect(size(shown, &labels));
    for field in Field::ALL {
        let metric = metric(field);
        let mut family = writer.family(metric.name, Kind::Gauge, metric.help);
        let rows = shown.iter().flat_map(|(_, snapshot)| &snapshot.answer.rows);
        for (row, labels) in rows.zip(labels.iter()) {
            if let Some(value) = row.base(field) {
                family.escaped_sample(labels, value);
            }
        }
    }
    for gauge in &GAUGES {
        let mut family = writer.family(gauge.name, Kind::Gauge, gauge.help);
        for (window, snapshot) in shown {
            family.sample(&[("window", window.label())], (gauge.value)(snapshot));
        }
    }
}

/// The label sets of all rows of all windows, escaped once and not for each of the 41 families: that takes
/// a quarter off the time to render, and 8% off that to render and compress.
struct Labels {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Labels {
    fn of(shown: &[Shown]) -> Labels {
        let rows = shown
            .iter()
            .map(|(_, snapshot)| snapshot.answer.rows.len())
            .sum();
        let mut labels = Labels {
            text: Vec::with_capacity(rows * 40),
            ends: Vec::with_capacity(rows),
        };
        for (window, snapshot) in shown {
            for row in &snapshot.answer.rows {
                let set = [("pbx_id", &*row.pbx_id), ("window", window.label())];
                escape_labels(&mut labels.text, &set, None);
                labels.ends.push(labels.text.len());
            }
        }
        labels
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let set = &self.text[start..*end];
            start = *end;
            set
        })
    }
}

/// About how long the text will be, rather too much: a buffer that grows by doubling would hold the page
/// twice for a moment, one that is too large costs nothing until it is written to.
fn size(shown: &[Shown], labels: &Labels) -> usize {
    const VALUE: usize = 12;
    const HEAD: usize = 300;
    let names: usize = Field::ALL
        .iter()
        .map(|field| metric(*field).name.len())
        .sum();
    let samples = labels.ends.len();
    let heads = (Field::COUNT + GAUGES.len()) * (HEAD + shown.len() * 100);
    labels.text.len() * Field::COUNT + samples * (names + Field::COUNT * VALUE) + heads
}

/// A count far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    reason = "an answer has no 2^53 of anything"
)]
fn count(number: usize) -> f64 {
    number as f64
}

/// Seconds since 1970.
#[expect(
    clippy::cast_precision_loss,
    reason = "years have four digits, so seconds have twelve"
)]
fn seconds(instant: Timestamp) -> f64 {
    instant.as_second() as f64
}
