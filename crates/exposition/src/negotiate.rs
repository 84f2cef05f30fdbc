//! Which form of the page a client gets: `Accept` and `Accept-Encoding` as RFC 9110 has them.

use super::{Encoding, Format, Variant};

/// Longer headers are treated as if they hadn't been sent. Prometheus' is some 300 bytes.
const MOST_BYTES: usize = 16 * 1024;

/// What a media range, or a coding, and its parameters are worth to a client, from 0 to 1.
type Quality = f64;

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
        text.consider(range.media_type("text/plain", "0.0.4"), range.quality);
        open.consider(
            range.media_type("application/openmetrics-text", "1.0.0"),
            range.quality,
        );
    }
    // Of two that are worth the same the one named more exactly is preferred: a client that writes
    // `application/openmetrics-text, */*` didn't name it for nothing.
    let rank = |preference: &Preference| (preference.quality, preference.specificity);
    if open.quality > 0.0 && rank(&open) > rank(&text) {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

fn encoding(accept_encoding: &str) -> Encoding {
    let mut gzip = Preference::default();
    let mut identity = Preference::default();
    for coding in entries(accept_encoding) {
        gzip.consider(coding.coding(&["gzip", "x-gzip"]), coding.quality);
        identity.consider(coding.coding(&["identity"]), coding.quality);
    }
    // Identity is always acceptable unless the client says otherwise, and worth least unless it says so.
    if gzip.quality > 0.0 && gzip.quality >= identity.quality {
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
    version: Option<&'a str>,
    quality: Quality,
}

impl<'a> Entry<'a> {
    /// `None` for what is no element or has no readable weight. Parameters other than `version` and `q`,
    /// such as Prometheus' `escaping`, don't matter: nothing on a page depends on them.
    fn parse(text: &'a str) -> Option<Entry<'a>> {
        let mut pieces = pieces(text, b';');
        let mut entry = Entry {
            name: pieces.next()?.trim_ascii(),
            version: None,
            quality: 1.0,
        };
        for parameter in pieces {
            let Some((key, value)) = parameter.split_once('=') else {
                continue;
            };
            let (key, value) = (key.trim_ascii(), unquoted(value.trim_ascii()));
            if key.eq_ignore_ascii_case("q") {
                entry.quality = quality(value)?;
            } else if key.eq_ignore_ascii_case("version") {
                entry.version = Some(value);
            }
        }
        (!entry.name.is_empty()).then_some(entry)
    }

    /// How exactly this media range names the type, if it covers it. One with another version doesn't.
    fn media_type(&self, kind: &str, version: &str) -> Option<u8> {
        let (main, _) = kind.split_once('/')?;
        let covered = self.name.strip_suffix("/*");
        if self.name.eq_ignore_ascii_case(kind) {
            match self.version {
                Some(asked) => (asked == version).then_some(3),
                None => Some(2),
            }
        } else if covered.is_some_and(|covered| covered.eq_ignore_ascii_case(main)) {
            Some(1)
        } else {
            (self.name == "*/*").then_some(0)
        }
    }

    /// How exactly this entry names the coding, if it covers it.
    fn coding(&self, names: &[&str]) -> Option<u8> {
        if names
            .iter()
            .any(|name| self.name.eq_ignore_ascii_case(name))
        {
            Some(1)
        } else {
            (self.name == "*").then_some(0)
        }
    }
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value)
}

fn entries(header: &str) -> impl Iterator<Item = Entry<'_>> {
    pieces(header, b',').filter_map(Entry::parse)
}

/// More digits than the three that RFC 9110 allows, and none before the point (Java sends `.2`), are read all the same.
fn quality(weight: &str) -> Option<Quality> {
    let quality = weight.parse().ok()?;
    (0.0..=1.0).contains(&quality).then_some(quality)
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
