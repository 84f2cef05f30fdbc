//! Reads the company summary's answer, forgiving all that can be forgiven: one bad field costs one
//! sample.
//!
//! 8x8's schema says that all numbers are integers and requires none; elsewhere its answers hold numbers
//! as text, fractions and nulls where the schema has integers.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::answer::{Answer, Drift, MOST_PBXES, Row, Values};
use crate::consistency;
use crate::fields::Field;

/// Why an answer can't be used at all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// No JSON array. Says where, never what: the answer may hold anything.
    #[error("no JSON array of PBXs (at line {line}, column {column})")]
    Malformed {
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// More PBXs than [`MOST_PBXES`], or names so long that a page would be too large.
    #[error("more than {MOST_PBXES} PBXs, or names of more than {MOST_NAMES} bytes")]
    TooMany,
}

/// All names together. A page repeats each in all of its PBX's samples, so that an answer of 64 MiB could
/// make a page of gigabytes.
const MOST_NAMES: usize = 4 * 1024 * 1024;

/// Reads an answer.
///
/// # Errors
///
/// When it isn't a JSON array, or holds too many PBXs or too long names.
pub fn decode(body: &[u8]) -> Result<Answer, DecodeError> {
    let mut reader = Reader::default();
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = json.deserialize_seq(&mut reader).and_then(|()| json.end());
    if reader.is_too_large() {
        return Err(DecodeError::TooMany);
    }
    read.map_err(|error| DecodeError::Malformed {
        line: error.line(),
        column: error.column(),
    })?;
    Ok(reader.finish())
}

/// A number of 8x8's, read from a number, a text that is one, or null.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Number {
    /// Absent or null.
    #[default]
    None,
    /// A finite number.
    Some(f64),
    /// Something else.
    Rejected,
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

#[allow(clippy::cast_precision_loss)] // Beyond 2^53 calls or ms a double is near enough, and all that Prometheus has.
impl<'de> Visitor<'de> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
        Ok(Number::Some(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
        Ok(Number::Some(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
        Ok(if value.is_finite() {
            Number::Some(value)
        } else {
            Number::Rejected
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        text.trim()
            .parse()
            .map_or(Ok(Number::Rejected), |value| self.visit_f64(value))
    }

    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number::None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
        Ok(Number::Rejected)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Number, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Number::Rejected)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Number::Rejected)
    }
}

/// Collects the rows; the last one of a PBX wins.
#[derive(Default)]
struct Reader {
    rows: BTreeMap<Box<str>, (Values, usize)>,
    /// Bytes of all names, those given twice included.
    names: usize,
    refused_rows: usize,
    duplicates: usize,
    /// Hashes, not names: an answer can hold 64 MiB of them.
    unknown: HashSet<u64>,
    hasher: RandomState,
}

impl Reader {
    fn is_too_large(&self) -> bool {
        self.rows.len() > MOST_PBXES || self.names > MOST_NAMES
    }

    fn finish(self) -> Answer {
        let mut drift = Drift {
            unknown_fields: self.unknown.len(),
            rejected_values: self.refused_rows,
            duplicate_pbxes: self.duplicates,
            ..Drift::default()
        };
        let rows = self.rows.into_iter().map(|(pbx_id, (values, rejected))| {
            drift.rejected_values += rejected;
            drift.missing_fields += Field::COUNT - values.present() - rejected;
            drift.inconsistencies += consistency::violations(&values);
            Row { pbx_id, values }
        });
        let rows = rows.collect();
        Answer { rows, drift }
    }
}

impl<'de> Visitor<'de> for &mut Reader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of PBXs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(RowSeed(self))?.is_some() {
            if self.is_too_large() {
                return Err(A::Error::custom("too many PBXs"));
            }
        }
        Ok(())
    }
}

struct RowSeed<'a>(&'a mut Reader);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! refuse {
    ($($visit:ident($type:ty)),*) => {
        $(fn $visit<E>(self, _: $type) -> Result<(), E> { self.refuse() })*
    };
}

/// Whatever isn't an object is no row: it is counted and passed over.
impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a PBX")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut values = Values::default();
        let mut states = [Number::None; Field::COUNT];
        let mut pbx_id = None;
        while let Some(key) = map.next_key_seed(KeySeed(&reader.hasher))? {
            match key {
                Key::PbxId => pbx_id = map.next_value::<PbxId>()?.0,
                Key::Field(field) => states[field.index()] = map.next_value()?,
                Key::Unknown(hash) => {
                    reader.unknown.insert(hash);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Some(pbx_id) = pbx_id else {
            reader.refused_rows += 1;
            return Ok(());
        };
        let mut rejected = 0;
        for field in Field::ALL {
            match states[field.index()] {
                Number::Some(value) => values.set(field, Some(value)),
                Number::Rejected => rejected += 1,
                Number::None => {}
            }
        }
        reader.names += pbx_id.len();
        if reader.rows.insert(pbx_id, (values, rejected)).is_some() {
            reader.duplicates += 1;
        }
        Ok(())
    }

    refuse!(
        visit_u64(u64),
        visit_i64(i64),
        visit_f64(f64),
        visit_str(&str),
        visit_bool(bool)
    );

    fn visit_unit<E>(self) -> Result<(), E> {
        self.refuse()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.refuse()
    }
}

impl RowSeed<'_> {
    #[allow(clippy::unnecessary_wraps)] // It stands for the visitor's methods, which return this.
    fn refuse<E>(self) -> Result<(), E> {
        self.0.refused_rows += 1;
        Ok(())
    }
}

enum Key {
    PbxId,
    Field(Field),
    Unknown(u64),
}

struct KeySeed<'a>(&'a RandomState);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(match Field::from_key(key) {
            Some(field) => Key::Field(field),
            None if key == "pbxId" => Key::PbxId,
            None => Key::Unknown(self.0.hash_one(key)),
        })
    }
}

/// A PBX's name, unless it is no text, empty, or not even a scalar. Not derived: an untagged enum would
/// first copy the value, however large or deep, into a tree.
struct PbxId(Option<Box<str>>);

impl<'de> Deserialize<'de> for PbxId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PbxIdVisitor)
    }
}

struct PbxIdVisitor;

impl<'de> Visitor<'de> for PbxIdVisitor {
    type Value = PbxId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a PBX's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<PbxId, E> {
        // An empty label is no label in Prometheus.
        Ok(PbxId((!name.is_empty()).then(|| name.into())))
    }

    fn visit_u64<E>(self, _: u64) -> Result<PbxId, E> {
        Ok(PbxId(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<PbxId, E> {
        Ok(PbxId(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<PbxId, E> {
        Ok(PbxId(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<PbxId, E> {
        Ok(PbxId(None))
    }

    fn visit_unit<E>(self) -> Result<PbxId, E> {
        Ok(PbxId(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<PbxId, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(PbxId(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PbxId, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(PbxId(None))
    }
}

#[cfg(test)]
mod tests;
