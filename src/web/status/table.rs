//! The PBXs of one answer as rows, those that need somebody first. Pure.

use eightxeight::answer::{Row, Values};
use eightxeight::fields::Field;

use super::words;

/// Fewer inbound calls than this say little about a rate. The same guard is in the dashboards.
const FEW_CALLS: f64 = 20.0;

/// Abandon rates from which a PBX is shown in amber, red and dark red, as in the dashboards.
const THRESHOLDS: [(f64, &str); 3] = [(0.25, "critical"), (0.10, "bad"), (0.05, "fair")];

/// What stands where there is no number.
const NONE: &str = "–";

pub(super) struct Table {
    /// All PBXs together, if there is more than one.
    pub(super) total: Option<PbxRow>,
    /// The rows to see at once.
    pub(super) worst: Vec<PbxRow>,
    /// More of them, folded.
    pub(super) folded: Vec<PbxRow>,
    /// How many are not on the page.
    pub(super) left_out: usize,
}

pub(super) struct PbxRow {
    pub(super) name: String,
    /// Abandoned, inbound, answered and missed calls, and the mean talk time.
    pub(super) numbers: [String; 5],
    pub(super) rate: Option<Rate>,
}

pub(super) struct Rate {
    pub(super) share: f64,
    pub(super) text: String,
    pub(super) class: &'static str,
}

impl Table {
    /// The first `visible` of the `rows` and then some up to `most`. Rates that aren't `fresh` have no colour.
    pub(super) fn new(rows: &[Row], visible: usize, most: usize, is_fresh: bool) -> Table {
        let mut sorted: Vec<&Row> = rows.iter().collect();
        // Equals stay in the order of their names.
        sorted.sort_by(|a, b| {
            let rate = |row: &Row| row.abandon_rate().unwrap_or(-1.0);
            let by_rate = || rate(b).total_cmp(&rate(a));
            has_few_calls(a).cmp(&has_few_calls(b)).then_with(by_rate)
        });
        let mut shown = sorted.iter().take(most).map(|row| pbx_row(row, is_fresh));
        Table {
            total: (rows.len() > 1).then(|| pbx_row(&total(rows), is_fresh)),
            worst: shown.by_ref().take(visible).collect(),
            folded: shown.collect(),
            left_out: rows.len().saturating_sub(most),
        }
    }
}

fn has_few_calls(row: &Row) -> bool {
    row.base(Field::InboundTotal)
        .is_none_or(|calls| calls < FEW_CALLS)
}

fn pbx_row(row: &Row, is_fresh: bool) -> PbxRow {
    let calls = |field| row.base(field).map_or_else(|| NONE.to_owned(), grouped);
    // Without answered calls there is no mean, and 8x8 says 0.
    let talk = row
        .base(Field::AvgTalkTime)
        .filter(|_| row.base(Field::TotalAnswered) != Some(0.0));
    PbxRow {
        name: row.pbx_id.to_string(),
        numbers: [
            calls(Field::InboundAbandoned),
            calls(Field::InboundTotal),
            calls(Field::InboundAnswered),
            calls(Field::InboundMissed),
            talk.map_or_else(|| NONE.to_owned(), words::minutes),
        ],
        rate: row.abandon_rate().map(|share| Rate {
            share,
            text: format!("{:.1} %", share * 100.0),
            class: if !is_fresh {
                "old"
            } else if has_few_calls(row) {
                "few"
            } else {
                colour(share)
            },
        }),
    }
}

/// The class of a rate of enough calls.
fn colour(share: f64) -> &'static str {
    let mut thresholds = THRESHOLDS.iter();
    thresholds
        .find(|(from, _)| share >= *from)
        .map_or("fine", |(_, class)| class)
}

/// All rows together. A number that a PBX lacks is missing here too: a sum without it would look whole.
fn total(rows: &[Row]) -> Row {
    let sum = |field| rows.iter().map(|row| row.values.get(field)).sum();
    let mut total = Row {
        pbx_id: format!("All {} PBXs", rows.len()).into(),
        values: Values::default(),
    };
    for field in [
        Field::InboundTotal,
        Field::InboundAnswered,
        Field::InboundMissed,
        Field::InboundAbandoned,
        Field::TotalAnswered,
    ] {
        total.values.set(field, sum(field));
    }
    let talk: Option<f64> = sum(Field::TotalTalkTime);
    let answered = total.values.get(Field::TotalAnswered);
    let mean = talk.zip(answered).map(|(talk, answered)| talk / answered);
    total.values.set(Field::AvgTalkTime, mean);
    total
}

/// A count with its digits in groups of three: `12,345`.
fn grouped(count: f64) -> String {
    let digits = count.to_string();
    let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if (1..whole).contains(&at) && (whole - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, inbound: f64, abandoned: f64) -> Row {
        let mut row = Row {
            pbx_id: name.into(),
            values: Values::default(),
        };
        row.values.set(Field::InboundTotal, Some(inbound));
        row.values.set(Field::InboundAbandoned, Some(abandoned));
        row
    }

    #[test]
    fn those_with_few_calls_are_grey_and_last() {
        let rows = [
            row("one of one", 1.0, 1.0),
            row("calm", 100.0, 4.0),
            row("none of five", 5.0, 0.0),
            row("storm", 20.0, 5.0),
            row("idle", 0.0, 0.0),
            row("busy", 1000.0, 60.0),
        ];
        let table = Table::new(&rows, 2, 5, true);
        let shown = |rows: &[PbxRow]| -> Vec<(String, &str)> {
            let class = |row: &PbxRow| row.rate.as_ref().map_or("", |rate| rate.class);
            rows.iter()
                .map(|row| (row.name.clone(), class(row)))
                .collect()
        };
        let own = |rows: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
            rows.iter()
                .map(|(name, class)| ((*name).to_owned(), *class))
                .collect()
        };
        assert_eq!(
            shown(&table.worst),
            own(&[("storm", "critical"), ("busy", "fair")])
        );
        let folded = [
            ("calm", "fine"),
            ("one of one", "few"),
            ("none of five", "few"),
        ];
        assert_eq!(shown(&table.folded), own(&folded));
        assert_eq!(table.left_out, 1);
        let total = table.total.unwrap();
        assert_eq!((&*total.name, &*total.numbers[1]), ("All 6 PBXs", "1,126"));
        assert_eq!(total.rate.unwrap().text, "6.2 %");
        let old = Table::new(&rows, 1, 1, false);
        assert_eq!(shown(&old.worst), own(&[("storm", "old")]));
    }

    #[test]
    fn colours_begin_at_the_thresholds() {
        let classes = [0.0, 0.049, 0.05, 0.0999, 0.1, 0.249, 0.25, 1.0].map(colour);
        let expected = "fine fine fair fair bad bad critical critical";
        assert_eq!(classes.join(" "), expected);
    }

    #[test]
    fn thresholds_and_guard_are_the_dashboards() {
        let config = include_str!("../../../grafana/config.libsonnet");
        let [(critical, _), (bad, _), (fair, _)] = THRESHOLDS;
        let rates =
            format!("abandonRate: {{ amber: {fair}, warning: {bad}, critical: {critical} }}");
        let guard = format!("fewestCalls: {FEW_CALLS},");
        assert!(config.contains(&rates) && config.contains(&guard));
    }

    #[test]
    fn digits_are_grouped() {
        let texts = [0.0, 999.0, 1000.0, 1_234_567.0, -12_345.0, 1234.5].map(grouped);
        assert_eq!(texts.join(" "), "0 999 1,000 1,234,567 -12345 1,234.5");
    }
}
