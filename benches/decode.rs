//! What reading an answer costs, over 10, 100, 1,000 and 10,000 PBXs, and what of that is the JSON parser's.
//!
//! `cargo bench --bench decode`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eightxeight::decode::decode;
use eightxeight::fields::Field;

/// An answer as 8x8 writes it, with numbers of one to eight digits.
fn answer(pbxes: usize) -> String {
    let mut text = String::from("[");
    let mut state = 1_u32;
    for number in 0..pbxes {
        let separator = if number == 0 { "" } else { "," };
        write!(text, r#"{separator}{{"pbxId":"pbx-{number:05}""#).unwrap();
        for field in Field::ALL {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = (state >> 5) % 10_u32.pow(1 + (state >> 29));
            write!(text, r#","{field}":{value}"#).unwrap();
        }
        text.push('}');
    }
    text + "]"
}

fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for size in [10, 100, 1_000, 10_000] {
        let body = answer(size);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| decode(body.as_bytes()).unwrap());
        });
    }
    group.finish();
    let body = answer(1_000);
    let mut group = criterion.benchmark_group("only parse the JSON");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function(BenchmarkId::from_parameter(1_000), |bencher| {
        bencher.iter(|| serde_json::from_str::<serde::de::IgnoredAny>(&body).unwrap());
    });
    group.finish();
}

criterion_group!(benches, decoding);
criterion_main!(benches);
