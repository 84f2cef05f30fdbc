use std::io::Read;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use flate2::bufread::GzDecoder;
use http_body::Body as _;
use proptest::prelude::*;

use super::segment::Sink;
use super::*;

/// All bytes of a body, whose announced length is checked at each step.
fn sent(mut body: Body) -> Vec<u8> {
    let announced = body.len();
    let mut all = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    loop {
        let left = announced - all.len() as u64;
        assert_eq!(body.size_hint().exact(), Some(left));
        assert_eq!(body.is_end_stream(), left == 0);
        match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => all.extend(frame.into_data().unwrap()),
            Poll::Ready(None) => break,
            Poll::Pending => panic!("a body waits for nothing"),
        }
    }
    assert_eq!(all.len() as u64, announced);
    all
}

/// Unpacks the first member and sees that nothing follows it.
fn unpacked(bytes: &[u8]) -> String {
    let mut decoder = GzDecoder::new(bytes);
    let mut text = String::new();
    decoder.read_to_string(&mut text).unwrap();
    assert!(decoder.into_inner().is_empty(), "more than one member");
    text
}

fn page(format: Format, encoding: Encoding, parts: &[Vec<String>]) -> Vec<u8> {
    let variant = Variant::new(format, encoding);
    let parts = parts.iter().enumerate().map(|(number, values)| {
        Segment::render(variant, |writer| {
            let name = format!("part_{number}");
            let mut family = writer.family(&name, Kind::Gauge, "h");
            for value in values {
                family.sample(&[("value", value)], 1.0);
            }
        })
        .unwrap()
    });
    sent(Body::new(variant, parts))
}

#[test]
fn a_page_without_parts_is_whole() {
    for (format, expected) in [(Format::Text, ""), (Format::OpenMetrics, "# EOF\n")] {
        for parts in [&[][..], &[vec![]], &[vec![], vec![]]] {
            let plain = page(format, Encoding::Identity, parts);
            assert_eq!(plain, expected.as_bytes());
            assert_eq!(unpacked(&page(format, Encoding::Gzip, parts)), expected);
        }
    }
}

/// A family with so many samples.
fn write_calls(writer: &mut Writer, samples: u32) {
    let mut family = writer.family("calls", Kind::Gauge, "Calls");
    for n in 0..samples {
        family.sample(&[("pbx", &n.to_string())], f64::from(n));
    }
}

#[test]
fn the_stored_part_is_not_copied() {
    for variant in Variant::ALL {
        let part = Segment::render(variant, |writer| write_calls(writer, 100)).unwrap();
        let bytes = part.clone().into_bytes();
        let mut body = Body::new(variant, [part]);
        let mut context = Context::from_waker(Waker::noop());
        let mut pointers = Vec::new();
        while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut context) {
            pointers.push(frame.into_data().unwrap().as_ptr());
        }
        assert!(pointers.contains(&bytes.as_ptr()));
    }
}

#[test]
fn the_plain_text_of_a_compressed_part_never_exists_as_a_whole() {
    let plain = text(Format::Text, |writer| write_calls(writer, 40_000));
    let mut writer = Writer::new(Format::Text, Sink::new(Encoding::Gzip));
    writer.expect(plain.len());
    write_calls(&mut writer, 40_000);
    let buffer = writer.sink.buffer().capacity();
    assert!(buffer * 20 < plain.len(), "{buffer} of {}", plain.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_compressed_page_unpacks_to_the_plain_one(
        parts in proptest::collection::vec(
            proptest::collection::vec(
                prop_oneof![nasty(), "[a-z]{0,400}", "a{0,9000}"], 0..30,
            ),
            0..5,
        ),
    ) {
        for format in [Format::Text, Format::OpenMetrics] {
            let plain = page(format, Encoding::Identity, &parts);
            let packed = page(format, Encoding::Gzip, &parts);
            let unpacked = unpacked(&packed);
            prop_assert_eq!(unpacked.as_bytes(), plain);
        }
    }
}

#[test]
fn a_long_page_that_hardly_compresses_comes_through() {
    // Random letters from a fixed seed: 4 bits of 8 are left at best, so buffers fill again and again.
    let mut state = 1u64;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(u8::try_from(33 + (state >> 33) % 90).unwrap())
    };
    let values: Vec<String> = (0..300)
        .map(|_| (0..1000).map(|_| letter()).collect())
        .collect();
    let parts = [values.clone(), values];
    let plain = page(Format::Text, Encoding::Identity, &parts);
    let packed = page(Format::Text, Encoding::Gzip, &parts);
    assert_eq!(unpacked(&packed).as_bytes(), plain);
}
