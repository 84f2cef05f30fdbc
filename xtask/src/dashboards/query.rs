//! `PromQL` for panels. 8x8's numbers are windowed gauges, so there is no `rate` of them: what is
//! read is the newest number of each PBX, and totals are sums of readings an hour apart.

use eightxeight_exporter::catalogue::Field;

use crate::constants::{FEWEST_CALLS, FRESH};

/// What each selector of a metric about an exporter holds.
const EXPORTER: &str = r#"job=~"$job", instance=~"$instance""#;
/// What each selector of a metric about an account holds.
const ACCOUNT: &str = r#"job=~"$job", instance=~"$instance", account=~"$account""#;

/// The window that the reader chose.
pub(super) const CHOSEN: &str = "$window";
/// The window whose readings an hour apart cover time without gap or overlap.
pub(super) const HOUR: &str = "1h";
/// The window from midnight on.
pub(super) const TODAY: &str = "today";

/// A selector of a metric about the exporter as a process: it belongs to no account.
pub(super) fn process(metric: &str) -> String {
    format!("{metric}{{{EXPORTER}}}")
}

/// A selector of a metric about an account.
pub(super) fn account(metric: &str) -> String {
    format!("{metric}{{{ACCOUNT}}}")
}

/// The same with more matchers.
pub(super) fn account_where(metric: &str, matchers: &str) -> String {
    format!("{metric}{{{ACCOUNT}, {matchers}}}")
}

/// A field for each PBX. Two exporters of one account see the same calls, hence the largest and not
/// the sum; the one whose collections fail shows old calls, hence only fresh ones.
pub(super) fn fresh(field: Field, window: &str) -> String {
    by_pbx(&company(field, window), window, "")
}

/// The same a week before. Points that `backfill` wrote can be an hour apart.
pub(super) fn week_before(field: Field, window: &str) -> String {
    let reading = format!("last_over_time({}[1h] offset 1w)", company(field, window));
    by_pbx(&reading, window, " offset 1w")
}

fn company(field: Field, window: &str) -> String {
    account_where(
        field.spec().metric,
        &format!(r#"pbx_id=~"$pbx", window="{window}""#),
    )
}

/// `unless … == 0` and not `and … == 1`: what `backfill` wrote has no collections.
fn by_pbx(reading: &str, window: &str, offset: &str) -> String {
    let success = account_where(
        "eightxeight_collection_success",
        &format!(r#"window="{window}""#),
    );
    format!(
        "max by (job, account, pbx_id, window) (\n{}\n  unless on (job, account, instance, window)\n    \
         (max_over_time({success}[{FRESH}]{offset}) == 0)\n)",
        indent(reading, 4)
    )
}

/// The sum over the chosen PBXs.
pub(super) fn sum(series: &str) -> String {
    format!("sum(\n{}\n)", indent(series, 2))
}

/// A quotient of sums; absent where the divisor is 0.
pub(super) fn ratio(dividend: &str, divisor: &str) -> String {
    format!("{dividend}\n/\n({divisor} > 0)")
}

/// A share of calls where there are enough of them to say something: see [`FEWEST_CALLS`].
pub(super) fn share_of_many(part: &str, calls: &str) -> String {
    format!("{part}\n/\n({calls} >= {FEWEST_CALLS})")
}

/// The same where there are too few.
pub(super) fn share_of_few(part: &str, calls: &str) -> String {
    format!("{part}\n/\n(({calls} > 0) < {FEWEST_CALLS})")
}

/// The sum of a field over the chosen time and PBXs, from readings on the hour.
///
/// The offset makes the full hour at the range's end count and the one at its start not: Grafana ends
/// a past day a millisecond early, and Prometheus 2 takes both ends of a range that ends exactly there.
pub(super) fn total(field: Field) -> String {
    sum(&over_range("sum_over_time", field))
}

/// For how many hours of the chosen time there is a reading, where there are most.
pub(super) fn hours_read() -> String {
    let counted = over_range("count_over_time", Field::InboundTotal);
    format!("max(\n{}\n)", indent(&counted, 2))
}

fn over_range(function: &str, field: Field) -> String {
    let hours = format!("[${{__range}}:{HOUR}] offset -1s");
    format!(
        "{function}(\n  (\n{}\n  ){hours}\n)",
        indent(&fresh(field, HOUR), 4)
    )
}

/// A field in the clock hour around each moment, read at that hour's end.
pub(super) fn hour_by_hour(field: Field) -> String {
    let reading = indent(&fresh(field, HOUR), 6);
    sum(&format!(
        "last_over_time(\n  (\n{reading}\n  )[{HOUR}:{HOUR}] offset -{HOUR}\n)"
    ))
}

/// Seconds since the newest good collection: that of the freshest exporter of each account.
pub(super) fn age(labels: &str, window: Option<&str>) -> String {
    let metric = "eightxeight_collection_last_success_timestamp_seconds";
    let newest = match window {
        Some(window) => account_where(metric, &format!(r#"window="{window}""#)),
        None => account(metric),
    };
    format!("max by ({labels}) (\n  time() - max by (job, account, window) (\n    {newest}\n  )\n)")
}

/// The text, each line further in.
fn indent(text: &str, by: usize) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| format!("{:by$}{line}", ""))
        .collect();
    lines.join("\n")
}
