//! What a page costs: to render, to compress, to string together for a scrape, and to negotiate.
//!
//! `cargo bench --bench exposition`. Each group grows over 10, 100, 1,000 and 10,000 PBXs, two windows; what is
//! rendered or compressed should grow with them, a scrape of an unchanged page should not.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eightxeight::answer::{Answer, Drift, Row, Snapshot, Values};
use eightxeight::fields::{Field, Unit};
use eightxeight::window::{Period, Window};
use eightxeight_exporter::page::{Page, write_company};
use exposition::{Body, Encoding, Format, Kind, Segment, Variant, Writer, negotiate};
use jiff::Timestamp;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const PLAIN: Variant = Variant::new(Format::OpenMetrics, Encoding::Identity);
const GZIP: Variant = Variant::new(Format::OpenMetrics, Encoding::Gzip);

/// What the page of so many PBXs is made of: an hour and a day of calls.
fn shown(pbxes: usize) -> Vec<(Window, Arc<Snapshot>)> {
    let windows = [("1h", 60.0), ("today", 600.0)];
    let shown = windows.map(|(label, calls)| (label.parse().unwrap(), snapshot(pbxes, calls)));
    shown.into()
}

/// Numbers of a call centre's size, different for each PBX: equal ones would compress too well.
fn snapshot(pbxes: usize, calls: f64) -> Arc<Snapshot> {
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    let rows = (0..pbxes).map(|number| {
        let mut values = Values::default();
        for field in Field::ALL {
            let value = match field.spec().unit {
                Unit::Calls => calls * random(),
                Unit::Percent => 100.0 * random(),
                Unit::Milliseconds => calls * 200_000.0 * random(),
            };
            values.set(field, Some(value.trunc()));
        }
        Row {
            pbx_id: format!("pbx-{number:05}").into(),
            values,
        }
    });
    Arc::new(Snapshot {
        period: Period {
            start: Timestamp::UNIX_EPOCH,
            end: Timestamp::UNIX_EPOCH,
        },
        received: Timestamp::UNIX_EPOCH,
        answer: Answer {
            rows: rows.collect(),
            drift: Drift::default(),
        },
    })
}

/// As long as the exporter's own metrics are.
fn live(writer: &mut Writer) {
    for number in 0..30 {
        let name = format!("eightxeight_live_{number}");
        let mut family = writer.family(&name, Kind::Gauge, "What the exporter says of itself");
        for reason in ["timeout", "connect", "tls"] {
            family.sample(&[("endpoint", "compsum"), ("reason", reason)], 17.5);
        }
    }
}

fn length(variant: Variant, write: impl FnOnce(&mut Writer)) -> u64 {
    Body::new(variant, [Segment::render(variant, write).unwrap()]).len()
}

fn render(criterion: &mut Criterion) {
    for (name, variant) in [("render", PLAIN), ("render and compress", GZIP)] {
        let mut group = criterion.benchmark_group(name);
        for size in SIZES {
            let shown = shown(size);
            // The throughput is that of plain text in both, so that they can be compared.
            group.throughput(Throughput::Bytes(length(PLAIN, |writer| {
                write_company(writer, &shown);
            })));
            group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
                bencher.iter(|| Segment::render(variant, |writer| write_company(writer, &shown)));
            });
        }
        group.finish();
    }
    criterion.bench_function("render and compress the live part", |bencher| {
        bencher.iter(|| Segment::render(GZIP, live));
    });
}

/// What a scrape of an unchanged page costs but for sending it.
fn splice(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, variant) in [("splice", PLAIN), ("splice compressed", GZIP)] {
        let mut group = criterion.benchmark_group(name);
        let live = Segment::render(variant, live).unwrap();
        for size in SIZES {
            let page = Arc::new(Page::new(shown(size)));
            group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
                bencher.to_async(&runtime).iter(async || {
                    let stored = page.segment(variant).await.unwrap();
                    Body::new(variant, [stored, live.clone()])
                });
            });
        }
        group.finish();
    }
}

fn negotiation(criterion: &mut Criterion) {
    let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
        application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    criterion.bench_function("negotiate", |bencher| {
        bencher.iter(|| negotiate(black_box(Some(prometheus)), black_box(Some("gzip"))));
    });
}

criterion_group!(benches, render, splice, negotiation);
criterion_main!(benches);
