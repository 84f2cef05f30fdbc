//! Negotiation, held against a slow reading of RFC 9110.

use exposition::{Encoding, Format, Variant, negotiate};

/// Longer headers count as none.
const MOST_BYTES: usize = 16 * 1024;

/// `Accept`, a line end, `Accept-Encoding`.
pub(crate) fn accept(input: &[u8]) {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let accept = lines.next().unwrap_or_default();
    let coding = lines.next();
    let variant = negotiate([accept], coding);
    assert_eq!(variant.format, format(accept), "{}", accept.escape_ascii());
    let coding = coding.unwrap_or_default();
    assert_eq!(
        variant.encoding,
        encoding(coding),
        "{}",
        coding.escape_ascii()
    );
    if accept.len().max(coding.len()) < MOST_BYTES / 2 {
        unmoved(accept, coding, variant);
    }
}

/// What doesn't matter changes nothing: other types, capitals, the order, and how many lines it stands on.
fn unmoved(accept: &[u8], coding: &[u8], variant: Variant) {
    let others = [
        b"image/png;q=0.9, text/html;version=0.0.4,".as_slice(),
        accept,
    ]
    .concat();
    let other_codings = [b"br, zstd;q=0.1,".as_slice(), coding].concat();
    assert_eq!(negotiate([others], Some(other_codings)), variant, "others");
    let capitals = [accept, coding].map(<[u8]>::to_ascii_uppercase);
    let [accept_in_capitals, coding_in_capitals] = &capitals;
    assert_eq!(
        negotiate([accept_in_capitals], Some(coding_in_capitals)),
        variant,
        "capitals"
    );
    let [accepts, codings] = [accept, coding].map(|header| elements(header, b','));
    assert_eq!(negotiate(&accepts, &codings), variant, "lines");
    // An open quote reaches to the end of the header, so what stands behind it can't be moved.
    if [accept, coding].into_iter().all(is_closed) {
        let [accepts, codings] = [accepts, codings].map(|elements| elements.into_iter().rev());
        assert_eq!(negotiate(accepts, codings), variant, "order");
    }
}

fn format(accept: &[u8]) -> Format {
    let names = ["*/*", "text/*", "text/plain"];
    let text = best(accept, |range| worth_of_type(range, names, "0.0.4"));
    let names = ["*/*", "application/*", "application/openmetrics-text"];
    let open = best(accept, |range| worth_of_type(range, names, "1.0.0"));
    let (open, text) = (open.unwrap_or_default(), text.unwrap_or_default());
    // By weight, then by how exactly it is named; text when both are alike.
    if open.1 > 0 && (open.1, open.0) > (text.1, text.0) {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

fn encoding(accept_encoding: &[u8]) -> Encoding {
    let gzip = best(accept_encoding, |coding| match &*coding.name {
        "gzip" | "x-gzip" => Some(2),
        "*" => Some(1),
        _ => None,
    });
    let identity = best(accept_encoding, |coding| match &*coding.name {
        "identity" => Some(2),
        "*" => Some(1),
        _ => None,
    });
    let weight = |found: Option<(u8, u64)>| found.map_or(0, |(_, weight)| weight);
    if weight(gzip) > 0 && weight(gzip) >= weight(identity) {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// How exactly an element names a type: 1 for any, 4 for the type and its version.
fn worth_of_type(range: &Element, names: [&str; 3], version: &str) -> Option<u8> {
    let worth = (1..).zip(names).find(|(_, name)| range.name == **name)?.0;
    match &range.version {
        Some(asked) if worth == 3 => (asked == version).then_some(4),
        _ => Some(worth),
    }
}

/// The most exact of the elements that `worth` knows, and of those the one that weighs most.
fn best(header: &[u8], worth: impl Fn(&Element) -> Option<u8>) -> Option<(u8, u64)> {
    let known = std::str::from_utf8(header).is_ok() && header.len() <= MOST_BYTES;
    let elements = elements(if known { header } else { b"" }, b',');
    let read = elements.iter().filter_map(|element| Element::read(element));
    read.filter_map(|element| Some((worth(&element)?, element.weight)))
        .max()
}

struct Element {
    name: String,
    version: Option<String>,
    weight: u64,
}

impl Element {
    fn read(bytes: &[u8]) -> Option<Element> {
        let pieces = elements(bytes, b';');
        let texts: Vec<_> = pieces
            .iter()
            .map(|piece| String::from_utf8_lossy(piece))
            .collect();
        let trim = |text: &str| {
            text.trim_matches(|c: char| " \t\r\n\u{c}".contains(c))
                .to_owned()
        };
        let mut element = Element {
            name: trim(&texts[0]).to_ascii_lowercase(),
            version: None,
            weight: 1.0_f64.to_bits(),
        };
        for parameter in &texts[1..] {
            let Some((key, value)) = parameter.split_once('=') else {
                continue;
            };
            let value = trim(value);
            let within = value
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            let value = within.unwrap_or(&value).to_owned();
            match &*trim(key).to_ascii_lowercase() {
                "q" => element.weight = weight(&value)?,
                "version" => element.version = Some(value),
                _ => {}
            }
        }
        (!element.name.is_empty()).then_some(element)
    }
}

/// A number from 0 to 1, as bits that are in the order of the numbers.
fn weight(text: &str) -> Option<u64> {
    let weight: f64 = text.parse().ok()?;
    let in_range = (0.0..=1.0).contains(&weight);
    in_range.then(|| weight.abs().to_bits())
}

/// For each byte whether it is within quotes; a backslash there takes the next one's meaning away.
fn quoted(bytes: &[u8]) -> Vec<bool> {
    let mut within = false;
    let mut all = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        all.push(within);
        if bytes[at] == b'\\' && within {
            if at + 1 < bytes.len() {
                all.push(true);
            }
            at += 1;
        } else if bytes[at] == b'"' {
            within = !within;
        }
        at += 1;
    }
    all
}

fn is_closed(bytes: &[u8]) -> bool {
    // A separator added at the end is outside all quotes.
    quoted(&[bytes, b","].concat()).last() == Some(&false)
}

/// What stands between separators outside quotes; at least one.
fn elements(bytes: &[u8], separator: u8) -> Vec<Vec<u8>> {
    let quoted = quoted(bytes);
    let mut all = vec![Vec::new()];
    for (byte, quoted) in bytes.iter().zip(quoted) {
        if *byte == separator && !quoted {
            all.push(Vec::new());
        } else if let Some(last) = all.last_mut() {
            last.push(*byte);
        }
    }
    all
}
