use std::collections::BTreeMap;

use proptest::prelude::*;

use super::parser::parse;
use super::*;

const FORMATS: [Format; 2] = [Format::Text, Format::OpenMetrics];

fn parsed(format: Format, write: impl FnOnce(&mut Writer)) -> Vec<parser::Family> {
    let page = text(format, write) + format.ending();
    parse(format, &page)
}

fn lines(format: Format, write: impl FnOnce(&mut Writer)) -> Vec<String> {
    text(format, write).lines().map(str::to_owned).collect()
}

#[test]
fn a_counter_is_named_as_each_format_wants_it() {
    for name in ["cpu_seconds_total", "cpu_seconds"] {
        let write = |writer: &mut Writer| {
            let mut family = writer.family(name, Kind::Counter, "Said \"so\"\\\nand so");
            family.sample(&[], 1.5);
            family.sample(&[("mode", "a\"b\\c\nd")], 2.0);
        };
        let samples = [
            "cpu_seconds_total 1.5",
            r#"cpu_seconds_total{mode="a\"b\\c\nd"} 2"#,
        ];
        let head = [
            r#"# HELP cpu_seconds_total Said "so"\\\nand so"#,
            "# TYPE cpu_seconds_total counter",
        ];
        assert_eq!(lines(Format::Text, write), [&head[..], &samples].concat());
        let head = [
            r#"# HELP cpu_seconds Said \"so\"\\\nand so"#,
            "# TYPE cpu_seconds counter",
            "# UNIT cpu_seconds seconds",
        ];
        assert_eq!(
            lines(Format::OpenMetrics, write),
            [&head[..], &samples].concat()
        );
    }
}

#[test]
fn a_unit_is_named_where_the_name_ends_in_a_base_unit() {
    for (name, unit) in [
        ("a_seconds", Some("seconds")),
        ("a_timestamp_seconds", Some("seconds")),
        ("a_ratio", Some("ratio")),
        ("a_bytes", Some("bytes")),
        ("a_calls", None),
        ("seconds", None),
        ("milliseconds", None),
        ("a_seconds_b", None),
    ] {
        let write = |writer: &mut Writer| writer.family(name, Kind::Gauge, "h").sample(&[], 1.0);
        let families = parsed(Format::OpenMetrics, write);
        assert_eq!(families[0].unit.as_deref(), unit, "{name}");
        // A family without a unit says so: Prometheus 3.5 would take that of the family before.
        let line = format!("# UNIT {name} {}", unit.unwrap_or_default());
        assert_eq!(lines(Format::OpenMetrics, write)[2], line);
        assert!(!text(Format::Text, write).contains("# UNIT"));
    }
}

#[test]
fn a_family_without_samples_is_not_written_and_one_is_not_written_twice() {
    for format in FORMATS {
        let written = lines(format, |writer| {
            writer.family("empty", Kind::Gauge, "h");
            writer.family("a", Kind::Gauge, "h").sample(&[], 1.0);
            writer.family("a", Kind::Gauge, "h").sample(&[], 2.0);
            writer
                .family("a_total", Kind::Counter, "h")
                .sample(&[], 3.0);
            writer
                .family("empty", Kind::Histogram, "h")
                .histogram(&[], [], 0.0, 0);
        });
        let samples: Vec<_> = written
            .iter()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let expected = [
            "a 1",
            "empty_bucket{le=\"+Inf\"} 0",
            "empty_sum 0",
            "empty_count 0",
        ];
        assert_eq!(samples, expected);
    }
}

#[test]
fn values_are_spelled_as_prometheus_reads_them() {
    for (value, spelled) in [
        (0.0, "0"),
        (2252.0, "2252"),
        (-3.0, "-3"),
        (12281.452, "12281.452"),
        (0.1, "0.1"),
        (1e15, "1000000000000000"),
        (9_007_199_254_740_992.0, "9007199254740992"),
        (1e300, "1e+300"),
        (5e-324, "5e-324"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
    ] {
        let written = lines(Format::Text, |writer| {
            writer.family("a", Kind::Gauge, "h").sample(&[], value);
        });
        assert_eq!(written[2], format!("a {spelled}"));
    }
}

#[test]
fn the_bucket_without_a_bound_is_written_once() {
    let written = lines(Format::Text, |writer| {
        let buckets = [(1.0, 2), (f64::INFINITY, 3)];
        let mut family = writer.family("a", Kind::Histogram, "h");
        family.histogram(&[], buckets, 4.5, 3);
    });
    let samples = [
        r#"a_bucket{le="1.0"} 2"#,
        r#"a_bucket{le="+Inf"} 3"#,
        "a_sum 4.5",
        "a_count 3",
    ];
    assert_eq!(written[2..], samples);
}

#[derive(Clone, Debug)]
struct Written {
    kind: Kind,
    help: String,
    samples: Vec<(Vec<String>, f64)>,
}

fn families() -> impl Strategy<Value = Vec<Written>> {
    let value = prop_oneof![any::<f64>(), (-1000i32..1000).prop_map(f64::from)];
    let sample = (proptest::collection::vec(nasty(), 0..3), value);
    let family = (
        prop_oneof![Just(Kind::Counter), Just(Kind::Gauge)],
        nasty(),
        proptest::collection::vec(sample, 0..5),
    );
    let family = family.prop_map(|(kind, help, samples)| Written {
        kind,
        help,
        samples,
    });
    proptest::collection::vec(family, 0..6)
}

proptest! {
    #[test]
    fn what_was_written_is_read_back_alike_from_both_formats(families in families()) {
        let labels = ["a", "b", "c"];
        let write = |writer: &mut Writer| {
            for (number, written) in families.iter().enumerate() {
                let name = format!("family_{number}");
                let mut family = writer.family(&name, written.kind, &written.help);
                for (values, value) in &written.samples {
                    let pairs: Vec<_> =
                        labels.into_iter().zip(values.iter().map(String::as_str)).collect();
                    family.sample(&pairs, *value);
                }
            }
        };
        let text = parsed(Format::Text, write);
        let open = parsed(Format::OpenMetrics, write);
        prop_assert_eq!(&text, &open);

        let kept = families.iter().enumerate().filter(|(_, written)| !written.samples.is_empty());
        prop_assert_eq!(text.len(), kept.clone().count());
        for (read, (number, written)) in text.iter().zip(kept) {
            prop_assert_eq!(&read.name, &format!("family_{number}"));
            prop_assert_eq!(&read.help, &written.help);
            prop_assert_eq!(read.samples.len(), written.samples.len());
            for (sample, (values, value)) in read.samples.iter().zip(&written.samples) {
                let expected: BTreeMap<_, _> = labels
                    .into_iter()
                    .map(str::to_owned)
                    .zip(values.iter().cloned())
                    .collect();
                prop_assert_eq!(&sample.labels, &expected);
                let number: f64 = sample.value.parse().unwrap();
                prop_assert!(number == *value || (number.is_nan() && value.is_nan()));
            }
        }
    }
}
