//! Prints the field table.

use std::fmt::Write as _;

use serde_json::json;

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

/// The field table as text.
#[must_use]
pub fn table(format: Format) -> String {
    let specs = Field::ALL
        .into_iter()
        .map(|field| (field.spec(), metric(field)));
    let mut text = String::new();
    match format {
        Format::Markdown => {
            text.push_str("| 8x8 field | Metric | Unit | Meaning |\n| --- | --- | --- | --- |\n");
            for (spec, metric) in specs {
                let _ = writeln!(
                    text,
                    "| `{}` | `{}` | {} | {} |",
                    spec.key,
                    metric.name,
                    spec.unit.base(),
                    spec.meaning
                );
            }
        }
        Format::Tsv => {
            text.push_str("api_field\tmetric\tunit\tmeaning\n");
            for (spec, metric) in specs {
                let unit = spec.unit.base();
                let _ = writeln!(
                    text,
                    "{}\t{}\t{unit}\t{}",
                    spec.key, metric.name, spec.meaning
                );
            }
        }
        Format::Json => {
            let rows: Vec<_> = specs
                .map(|(spec, metric)| {
                    json!({
                        "api_field": spec.key,
                        "metric": metric.name,
                        "unit": spec.unit.base(),
                        "meaning": spec.meaning,
                    })
                })
                .collect();
            let _ = writeln!(text, "{:#}", serde_json::Value::from(rows));
        }
    }
    text
}
