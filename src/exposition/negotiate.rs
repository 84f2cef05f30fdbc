//! Which form of the page a client gets: `Accept` and `Accept-Encoding` as RFC 9110 has them.

use super::{Encoding, Format, Variant};

/// Longer headers are treated as if they hadn't been sent. Prometheus' is some 300 bytes.
const MOST_BYTES: usize = 16 * 1024;

/// What a media range, or a coding, and its parameters are worth to a client, in thousandths.
type Quality = u16;

const FULL: Quality = 1000;

/// The form that the lines of `Accept` and those of `Accept-Encoding` ask for.
///
/// Text is for all who don't prefer `OpenMetrics`, and who ask for neither: people with curl, browsers,
/// and clients whose header can't be read. A page that isn't what was asked for serves them better than
/// a refusal.
pub fn negotiate<A, E>(accept: A, accept_encoding: E) -> Variant
where
    A: IntoIterator<Item: AsRef<[u8]>>,
    E: IntoIterator<Item: AsRef<[u8]>>,
{
    Variant {
        format: format(&joined(accept)),
        encoding: encoding(&joined(accept_encoding)),
    }
}

/// Several lines of a header mean the same as one with commas between them.
fn joined<T: AsRef<[u8]>>(lines: impl IntoIterator<Item = T>) -> String {
    let mut all = Vec::new();
    for line in lines {
        let line = line.as_ref();
        if all.len() + line.len() > MOST_BYTES {
            return String::new();
        }
        all.extend_from_slice(line);
        all.push(b',');
    }
    String::from_utf8(all).unwrap_or_default()
}

fn format(accept: &str) -> Format {
    let mut text = Preference::default();
    let mut open = Preference::default();
    for range in entries(accept) {
        let media_type = range.name;
        let versioned = |kind: &str, version: &str| -> Option<u8> {
            if media_type == "*/*" {
                return Some(0);
            }
            let (main, _) = kind.split_once('/')?;
            if media_type
                .strip_suffix("/*")
                .is_some_and(|asked| asked.eq_ignore_ascii_case(main))
            {
                return Some(1);
            }
            if !media_type.eq_ignore_ascii_case(kind) {
                return None;
            }
            match range.parameter("version") {
                None => Some(2),
                Some(asked) => (asked == version).then_some(3),
            }
        };
        text.consider(versioned("text/plain", "0.0.4"), range.quality);
        open.consider(
            versioned("application/openmetrics-text", "1.0.0"),
            range.quality,
        );
    }
    // Of two that are worth the same the one named more exactly is preferred: a client that writes
    // `application/openmetrics-text, */*` didn't name it for nothing.
    let rank = |preference: &Preference| (preference.quality, preference.specificity);
    if open.quality > 0 && rank(&open) > rank(&text) {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

fn encoding(accept_encoding: &str) -> Encoding {
    let mut gzip = Preference::default();
    let mut identity = Preference::default();
    for coding in entries(accept_encoding) {
        let matches = |names: &[&str]| -> Option<u8> {
            let named = |name: &&str| coding.name.eq_ignore_ascii_case(name);
            if names.iter().any(named) {
                Some(1)
            } else {
                (coding.name == "*").then_some(0)
            }
        };
        gzip.consider(matches(&["gzip", "x-gzip"]), coding.quality);
        identity.consider(matches(&["identity"]), coding.quality);
    }
    // Identity is always acceptable unless the client says otherwise, and worth least unless it says so.
    if gzip.quality > 0 && gzip.quality >= identity.quality {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// What the most specific entry that matches says; of several alike, the most favourable.
#[derive(Default)]
struct Preference {
    specificity: Option<u8>,
    quality: Quality,
}

impl Preference {
    fn consider(&mut self, specificity: Option<u8>, quality: Quality) {
        if specificity.is_some() && (specificity, quality) > (self.specificity, self.quality) {
            self.specificity = specificity;
            self.quality = quality;
        }
    }
}

/// An element of the header's list.
struct Entry<'a> {
    name: &'a str,
    parameters: &'a str,
    quality: Quality,
}

impl<'a> Entry<'a> {
    /// `None` for what is no element or has no readable weight.
    fn parse(text: &'a str) -> Option<Entry<'a>> {
        let (name, parameters) = split(text, b';');
        let entry = Entry {
            name: name.trim_ascii(),
            parameters,
            quality: FULL,
        };
        let quality = match entry.parameter("q") {
            None => FULL,
            Some(weight) => quality(weight)?,
        };
        (!entry.name.is_empty()).then_some(Entry { quality, ..entry })
    }

    /// The value of a parameter, without the quotes that it may stand in.
    fn parameter(&self, name: &str) -> Option<&'a str> {
        pieces(self.parameters, b';').find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            let value = value.trim_ascii();
            let unquoted = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'))
                .unwrap_or(value);
            key.trim_ascii()
                .eq_ignore_ascii_case(name)
                .then_some(unquoted)
        })
    }
}

fn entries(header: &str) -> impl Iterator<Item = Entry<'_>> {
    pieces(header, b',').filter_map(Entry::parse)
}

/// The weight in thousandths. More digits than the three that RFC 9110 allows, and none before the point
/// (Java sends `.2`), are read all the same.
fn quality(weight: &str) -> Option<Quality> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths = fraction
        .bytes()
        .chain(*b"000")
        .take(3)
        .fold(0, |sum, digit| sum * 10 + Quality::from(digit - b'0'));
    match whole {
        "1" => (thousandths == 0).then_some(FULL),
        "0" => Some(thousandths),
        "" if !fraction.is_empty() => Some(thousandths),
        _ => None,
    }
}

/// What stands between separators, but for those in quotes.
fn pieces(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = split(rest, separator);
        rest = after;
        Some(piece)
    })
}

/// What stands before and after the first separator outside quotes.
fn split(text: &str, separator: u8) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}
