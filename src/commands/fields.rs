//! Prints the field table.

use std::fmt::Write as _;

use serde_json::Value;

use crate::page::metric;
use eightxeight::fields::Field;

/// The form in which the table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A Markdown table.
    Markdown,
    /// A JSON array.
    Json,
    /// Tab separated values.
    Tsv,
}

impl Format {
    /// All forms by name.
    pub(crate) const ALL: [(&str, Format); 3] = [
        ("markdown", Format::Markdown),
        ("json", Format::Json),
        ("tsv", Format::Tsv),
    ];
}

/// The columns, as machines read them.
const COLUMNS: [&str; 4] = ["api_field", "metric", "unit", "meaning"];

/// The field table as text.
#[must_use]
pub fn table(format: Format) -> String {
    let rows = Field::ALL.into_iter().map(|field| {
        let spec = field.spec();
        [spec.key, metric(field).name, spec.unit.base(), spec.meaning]
    });
    match format {
        Format::Markdown => {
            let mut text =
                "| 8x8 field | Metric | Unit | Meaning |\n| --- | --- | --- | --- |\n".to_owned();
            for [key, metric, unit, meaning] in rows {
                let _ = writeln!(text, "| `{key}` | `{metric}` | {unit} | {meaning} |");
            }
            text
        }
        Format::Tsv => {
            let lines = std::iter::once(COLUMNS).chain(rows);
            lines.map(|cells| cells.join("\t") + "\n").collect()
        }
        Format::Json => {
            let rows = rows.map(|cells| COLUMNS.into_iter().zip(cells).collect::<Value>());
            format!("{:#}\n", rows.collect::<Value>())
        }
    }
}
