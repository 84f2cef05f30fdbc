//! Reads the company summary's answer, forgiving all that can be forgiven: one bad field costs one
//! sample.
//!
//! 8x8's schema says that all numbers are integers and requires none; elsewhere its answers hold numbers
//! as text, fractions and nulls where the schema has integers.

use std::borrow::Cow;
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
    /// Rows, but none with a PBX's name.
    #[error("no row has a PBX's name")]
    NoRows,
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
/// When it isn't a JSON array, has rows and none with a name, or holds too many PBXs or too long names.
pub fn decode(body: &[u8]) -> Result<Answer, DecodeError> {
    match read(body) {
        Err(error @ DecodeError::Malformed { .. }) if body.trim_ascii_start().starts_with(b"[") => {
            read(&mended(body)).map_err(|second| match second {
                DecodeError::Malformed { .. } => error,
                _ => second,
            })
        }
        result => result,
    }
}

fn read(body: &[u8]) -> Result<Answer, DecodeError> {
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
    if reader.rows.is_empty() && reader.elements > 0 {
        return Err(DecodeError::NoRows);
    }
    Ok(reader.finish())
}

/// The body with an empty text in place of all texts and words that JSON doesn't have: bytes that aren't UTF-8, half a
/// surrogate pair, `NaN`, a number beyond all bounds. Then each costs the value or the row where it stands and no more.
fn mended(body: &[u8]) -> Vec<u8> {
    let mut mended = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(first) = rest.first() {
        let is_between = |byte: &u8| b"[]{},: \t\r\n".contains(byte);
        let length = match first {
            b'"' => text_length(rest),
            byte if is_between(byte) => 1,
            _ => rest
                .iter()
                .position(|byte| is_between(byte) || *byte == b'"')
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        let is_good = is_between(first) || serde_json::from_slice::<Value>(token).is_ok();
        mended.extend(if is_good { token } else { b"\"\"" });
        rest = after;
    }
    mended
}

/// The length of the text in quotes at the start.
fn text_length(json: &[u8]) -> usize {
    let mut bytes = json.iter().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at + 1,
            _ => {}
        }
    }
    json.len()
}

/// A JSON value, as far as it matters here. Whatever it is, it can be read.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Value<'a> {
    /// Null, or absent.
    #[default]
    Null,
    /// Finite.
    Number(f64),
    Text(Cow<'a, str>),
    /// Anything else. It is passed over, however large or deep.
    Other,
}

/// A number of 8x8's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// Absent or null.
    None,
    Some(f64),
    /// Something else.
    Rejected,
}

impl Value<'_> {
    /// Whether it is this text.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self, Value::Text(own) if own == text)
    }

    /// The number that it is, also as a text.
    pub(crate) fn number(&self) -> Number {
        let number = match self {
            Value::Null => return Number::None,
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Other => None,
        };
        // A count or a length below zero stands for "none", as -1 does for an average.
        let good = number.filter(|number| number.is_finite() && *number >= 0.0);
        good.map_or(Number::Rejected, |number| Number::Some(number.abs()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor { rows: None })
    }
}

/// Reads any value. With a reader an object is a row of it, without one it is passed over.
struct ValueVisitor<'r> {
    rows: Option<&'r mut Reader>,
}

#[allow(clippy::cast_precision_loss)] // Beyond 2^53 calls or ms a double is near enough, and all that Prometheus has.
impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.to_owned().into()))
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        match self.rows {
            Some(reader) => reader.read_row(map)?,
            None => while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {},
        }
        Ok(Value::Other)
    }
}

/// Collects the rows; the last one of a PBX wins.
#[derive(Default)]
struct Reader {
    rows: BTreeMap<Box<str>, (Values, usize)>,
    /// Bytes of all names, those given twice included.
    names: usize,
    /// Elements of the array.
    elements: usize,
    duplicates: usize,
    /// Hashes, not names: an answer can hold 64 MiB of them.
    unknown: HashSet<u64>,
    hasher: RandomState,
}

impl Reader {
    fn read_row<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        let mut values = Values::default();
        let mut numbers = [Number::None; Field::COUNT];
        let mut pbx_id = Value::Null;
        while let Some(key) = map.next_key()? {
            let Value::Text(key) = key else { continue };
            match Field::from_key(&key) {
                Some(field) => numbers[field.index()] = map.next_value::<Value>()?.number(),
                None if key == "pbxId" => pbx_id = map.next_value()?,
                None => {
                    self.unknown.insert(self.hasher.hash_one(key));
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // An empty label is no label in Prometheus.
        let Value::Text(pbx_id) = pbx_id else {
            return Ok(());
        };
        if pbx_id.is_empty() {
            return Ok(());
        }
        let mut rejected = 0;
        for field in Field::ALL {
            match numbers[field.index()] {
                Number::Some(value) => values.set(field, Some(value)),
                Number::Rejected => rejected += 1,
                Number::None => {}
            }
        }
        self.names += pbx_id.len();
        if self
            .rows
            .insert(pbx_id.into(), (values, rejected))
            .is_some()
        {
            self.duplicates += 1;
        }
        Ok(())
    }

    fn is_too_large(&self) -> bool {
        self.rows.len() > MOST_PBXES || self.names > MOST_NAMES
    }

    fn finish(self) -> Answer {
        let mut drift = Drift {
            unknown_fields: self.unknown.len(),
            rejected_values: self.elements - self.rows.len() - self.duplicates,
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
            self.elements += 1;
            if self.is_too_large() {
                return Err(A::Error::custom("too many PBXs"));
            }
        }
        Ok(())
    }
}

struct RowSeed<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let rows = Some(self.0);
        deserializer
            .deserialize_any(ValueVisitor { rows })
            .map(drop)
    }
}

#[cfg(test)]
mod tests;
