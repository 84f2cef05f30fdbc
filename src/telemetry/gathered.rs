//! The exporter's own metrics, as a `prometheus` registry gathers them.

use prometheus::proto::{LabelPair, MetricFamily, MetricType};

use exposition::{Kind, Writer};

/// Writes the counters and histograms among gathered families, without timestamps: nothing else is gathered here.
pub(super) fn write_gathered(writer: &mut Writer, families: &[MetricFamily]) {
    for gathered in families {
        let kind = match gathered.get_field_type() {
            MetricType::COUNTER => Kind::Counter,
            MetricType::HISTOGRAM => Kind::Histogram,
            MetricType::GAUGE | MetricType::SUMMARY | MetricType::UNTYPED => continue,
        };
        let mut family = writer.family(gathered.name(), kind, gathered.help());
        for metric in gathered.get_metric() {
            let labels: Vec<_> = metric.get_label().iter().map(pair).collect();
            match kind {
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
                _ => family.sample(&labels, metric.get_counter().get_value()),
            }
        }
    }
}

fn pair(label: &LabelPair) -> (&str, &str) {
    (label.name(), label.value())
}

#[cfg(test)]
mod tests {
    use exposition::{Encoding, Format, Segment, Variant};
    use prometheus::{Counter, Histogram, HistogramOpts, IntCounterVec, Opts, Registry};

    use super::*;

    const FORMATS: [Format; 2] = [Format::Text, Format::OpenMetrics];

    fn lines(format: Format, write: impl FnOnce(&mut Writer)) -> Vec<String> {
        let segment = Segment::render(Variant::new(format, Encoding::Identity), write).unwrap();
        let text = String::from_utf8(segment.into_bytes().to_vec()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_registry_is_written_in_both_formats_with_the_same_samples() {
        let registry = Registry::new();
        let opts = HistogramOpts::new("wait_seconds", "Waiting").buckets(vec![0.5, 1.0, 10.0]);
        let histogram = Histogram::with_opts(opts.const_label("endpoint", "token")).unwrap();
        let counter =
            IntCounterVec::new(Opts::new("requests_total", "Requests"), &["b", "a"]).unwrap();
        registry.register(Box::new(histogram.clone())).unwrap();
        registry.register(Box::new(counter.clone())).unwrap();
        for seconds in [0.25, 0.75, 3.0, 50.0] {
            histogram.observe(seconds);
        }
        counter.with_label_values(&["1", "2"]).inc_by(7);
        let families = registry.gather();

        let samples = [
            r#"requests_total{a="2",b="1"} 7"#,
            r#"wait_seconds_bucket{endpoint="token",le="0.5"} 1"#,
            r#"wait_seconds_bucket{endpoint="token",le="1.0"} 2"#,
            r#"wait_seconds_bucket{endpoint="token",le="10.0"} 3"#,
            r#"wait_seconds_bucket{endpoint="token",le="+Inf"} 4"#,
            r#"wait_seconds_sum{endpoint="token"} 54"#,
            r#"wait_seconds_count{endpoint="token"} 4"#,
        ];
        for format in FORMATS {
            let written = lines(format, |writer| write_gathered(writer, &families));
            let (heads, body): (Vec<_>, Vec<_>) =
                written.into_iter().partition(|line| line.starts_with('#'));
            assert_eq!(body, samples);
            match format {
                Format::Text => assert_eq!(heads[1], "# TYPE requests_total counter"),
                Format::OpenMetrics => assert_eq!(heads[1], "# TYPE requests counter"),
            }
        }
    }

    #[test]
    fn a_collector_that_counts_without_total_is_put_right() {
        let registry = Registry::new();
        let counter = Counter::new("requests", "Requests").unwrap();
        registry.register(Box::new(counter)).unwrap();
        for format in FORMATS {
            let mut written = lines(format, |writer| write_gathered(writer, &registry.gather()));
            written.retain(|line| !line.starts_with('#'));
            assert_eq!(written, ["requests_total 0"]);
        }
    }
}
