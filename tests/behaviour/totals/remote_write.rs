//! Prometheus' remote write, as far as it is needed to give a real Prometheus a past, staleness and all:
//! a protocol buffer of series, in a snappy block that compresses nothing.

use super::life::Series;
use crate::fixture::{Prometheus, client};

/// The option with which Prometheus takes it.
pub(super) const RECEIVER: &str = "--web.enable-remote-write-receiver";

/// Gives samples to a Prometheus.
pub(super) async fn write(prometheus: &Prometheus, series: &Series) {
    let response = client()
        .post(format!("{}/api/v1/write", prometheus.url()))
        .header("content-encoding", "snappy")
        .header("content-type", "application/x-protobuf")
        .header("x-prometheus-remote-write-version", "0.1.0")
        .body(snappy(&request(series)))
        .send()
        .await
        .unwrap();
    let status = response.status();
    assert!(
        status.is_success(),
        "{status}: {}",
        response.text().await.unwrap()
    );
}

fn request(series: &Series) -> Vec<u8> {
    let mut request = Vec::new();
    for (labels, samples) in series {
        let mut one = Vec::new();
        for (name, value) in labels {
            let mut label = Vec::new();
            bytes(&mut label, 1, name.as_bytes());
            bytes(&mut label, 2, value.as_bytes());
            bytes(&mut one, 1, &label);
        }
        for (at, value) in samples {
            let mut sample = vec![1 << 3 | 1];
            sample.extend_from_slice(&value.to_le_bytes());
            sample.push(2 << 3);
            varint(&mut sample, u64::try_from(*at).unwrap());
            bytes(&mut one, 2, &sample);
        }
        bytes(&mut request, 1, &one);
    }
    request
}

/// A field that holds bytes.
fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap());
}

/// A block of literals alone.
fn snappy(content: &[u8]) -> Vec<u8> {
    /// Says that the literal's length less one follows in two bytes.
    const TWO_BYTES: u8 = 61 << 2;
    let mut out = Vec::new();
    varint(&mut out, content.len() as u64);
    for chunk in content.chunks(1 << 16) {
        out.push(TWO_BYTES);
        let length = u16::try_from(chunk.len() - 1).unwrap();
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out
}
