#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Numbers are read back exactly or not at all.
#![allow(clippy::float_cmp)]

mod body;
mod negotiate;
mod parser;
mod writer;

use proptest::prelude::*;

use super::*;

/// The whole text of a part that isn't compressed.
fn text(format: Format, write: impl FnOnce(&mut Writer)) -> String {
    let part = Segment::render(Variant::new(format, Encoding::Identity), write).unwrap();
    String::from_utf8(part.into_bytes().to_vec()).unwrap()
}

/// Texts with what may break a line, often.
fn nasty() -> impl Strategy<Value = String> {
    let characters = prop_oneof![
        Just('\\'),
        Just('"'),
        Just('\n'),
        Just('n'),
        Just('{'),
        Just('}'),
        Just(','),
        Just(' '),
        any::<char>(),
    ];
    proptest::collection::vec(characters, 0..12).prop_map(|text| text.into_iter().collect())
}
