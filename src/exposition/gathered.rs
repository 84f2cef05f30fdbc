//! The exporter's own metrics, as a `prometheus` registry gathers them.

use prometheus::proto::{LabelPair, MetricFamily, MetricType};

use super::writer::{Kind, Writer};

/// Writes gathered families. Summaries and untyped metrics, which the `prometheus` crate has no means to
/// make, and timestamps are left out.
pub fn write_gathered(writer: &mut Writer, families: &[MetricFamily]) {
    for gathered in families {
        let kind = match gathered.get_field_type() {
            MetricType::COUNTER => Kind::Counter,
            MetricType::GAUGE => Kind::Gauge,
            MetricType::HISTOGRAM => Kind::Histogram,
            MetricType::SUMMARY | MetricType::UNTYPED => continue,
        };
        let mut family = writer.family(gathered.name(), kind, gathered.help());
        for metric in gathered.get_metric() {
            let labels: Vec<_> = metric.get_label().iter().map(pair).collect();
            match kind {
                Kind::Counter => family.sample(&labels, metric.get_counter().get_value()),
                Kind::Gauge => family.sample(&labels, metric.get_gauge().get_value()),
                Kind::Histogram => {
                    let histogram = metric.get_histogram();
                    let buckets = histogram
                        .get_bucket()
                        .iter()
                        .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
                    family.histogram(
                        &labels,
                        buckets,
                        histogram.get_sample_sum(),
                        histogram.get_sample_count(),
                    );
                }
            }
        }
    }
}

fn pair(label: &LabelPair) -> (&str, &str) {
    (label.name(), label.value())
}
