//! Writes samples in both formats.
//!
//! The formats differ in four things only: `OpenMetrics` leaves `_total` off a counter's family, has
//! `# UNIT`, escapes quotes in help texts, and ends with `# EOF`, which is the [`Body`](super::Body)'s
//! business. Samples are the same to the byte.

use std::collections::HashSet;

use super::Format;
use super::segment::Sink;

/// What the samples of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number that only grows while the process lives. Its samples end in `_total`.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// Observations counted in buckets.
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// The units that `# UNIT` names; it is empty for all else, such as a windowed count of calls.
const UNITS: [&str; 3] = ["seconds", "ratio", "bytes"];

/// Writes families into a segment.
#[derive(Debug)]
pub struct Writer {
    format: Format,
    pub(crate) sink: Sink,
    /// A page with one family twice is refused as a whole by `OpenMetrics` parsers.
    written: HashSet<Box<str>>,
}

impl Writer {
    pub(crate) fn new(format: Format, sink: Sink) -> Writer {
        Writer {
            format,
            sink,
            written: HashSet::new(),
        }
    }

    /// Reserves room for about so many bytes of text.
    pub fn expect(&mut self, bytes: usize) {
        self.sink.expect(bytes);
    }

    /// Begins a family. Nothing is written before its first sample, and nothing at all when this writer
    /// had a family of that name. A counter may be named with `_total` or without.
    pub fn family<'w>(&'w mut self, name: &'w str, kind: Kind, help: &'w str) -> Family<'w> {
        let name = match kind {
            Kind::Counter => name.strip_suffix("_total").unwrap_or(name),
            Kind::Gauge | Kind::Histogram => name,
        };
        Family {
            is_new: None,
            name,
            kind,
            help,
            writer: self,
        }
    }
}

/// A family that is being written.
#[derive(Debug)]
pub struct Family<'w> {
    writer: &'w mut Writer,
    /// Whether it is the first of its name; unknown before its first sample.
    is_new: Option<bool>,
    /// Without `_total`.
    name: &'w str,
    kind: Kind,
    help: &'w str,
}

impl Family<'_> {
    /// Writes a counter's or a gauge's sample. Label names are taken as they are; values may hold
    /// anything.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        self.sample_with(value, None, |line| escape_labels(line, labels, None));
    }

    /// Writes a sample whose labels are escaped already.
    pub fn escaped_sample(&mut self, labels: &[u8], value: f64) {
        self.sample_with(value, None, |line| line.extend_from_slice(labels));
    }

    /// Writes a sample of the past, its labels escaped already and its time a Unix time. A page that is
    /// scraped holds none: its samples are of the moment.
    pub fn escaped_sample_at(&mut self, labels: &[u8], value: f64, second: i64) {
        self.sample_with(value, Some(second), |line| line.extend_from_slice(labels));
    }

    /// Writes a histogram's samples: for each bucket its upper bound and how many observations are at
    /// most that, bounds ascending. The last one, without a bound, is written from `count`.
    pub fn histogram(
        &mut self,
        labels: &[(&str, &str)],
        buckets: impl IntoIterator<Item = (f64, u64)>,
        sum: f64,
        count: u64,
    ) {
        if !self.begin() {
            return;
        }
        let (name, line) = (self.name, self.writer.sink.buffer());
        let begin = |line: &mut Vec<u8>, suffix: &str, bound| {
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(suffix.as_bytes());
            escape_labels(line, labels, bound);
        };
        let finite = buckets.into_iter().filter(|(bound, _)| bound.is_finite());
        for (bound, cumulative) in finite.chain([(f64::INFINITY, count)]) {
            begin(line, "_bucket", Some(bound));
            end_with_count(line, cumulative);
        }
        begin(line, "_sum", None);
        push_value(line, sum);
        line.push(b'\n');
        begin(line, "_count", None);
        end_with_count(line, count);
        self.writer.sink.settle();
    }

    fn sample_with(&mut self, value: f64, second: Option<i64>, labels: impl FnOnce(&mut Vec<u8>)) {
        if !self.begin() {
            return;
        }
        let format = self.writer.format;
        let line = self.writer.sink.buffer();
        line.extend_from_slice(self.name.as_bytes());
        if self.kind == Kind::Counter {
            line.extend_from_slice(b"_total");
        }
        labels(line);
        push_value(line, value);
        if let Some(second) = second {
            line.push(b' ');
            // The text format counts milliseconds, OpenMetrics seconds.
            let time = match format {
                Format::Text => second.saturating_mul(1000),
                Format::OpenMetrics => second,
            };
            line.extend_from_slice(itoa::Buffer::new().format(time).as_bytes());
        }
        line.push(b'\n');
        self.writer.sink.settle();
    }

    /// Writes the family's head if that hasn't been done. False when its samples mustn't be written.
    fn begin(&mut self) -> bool {
        if let Some(is_new) = self.is_new {
            return is_new;
        }
        let is_new = self.writer.written.insert(self.name.into());
        self.is_new = Some(is_new);
        if is_new {
            self.head();
        }
        is_new
    }

    fn head(&mut self) {
        let format = self.writer.format;
        let suffix = match (format, self.kind) {
            (Format::Text, Kind::Counter) => "_total",
            _ => "",
        };
        let unit = UNITS.into_iter().find(|unit| {
            self.name
                .strip_suffix(unit)
                .is_some_and(|rest| rest.ends_with('_'))
        });
        let out = self.writer.sink.buffer();
        let begin = |out: &mut Vec<u8>, keyword: &str| {
            for part in [keyword, " ", self.name, suffix, " "] {
                out.extend_from_slice(part.as_bytes());
            }
        };
        begin(out, "# HELP");
        escape(out, self.help, format == Format::OpenMetrics);
        begin(out, "\n# TYPE");
        out.extend_from_slice(self.kind.name().as_bytes());
        out.push(b'\n');
        if format == Format::OpenMetrics {
            // An empty one, too: without it Prometheus 3.5 takes the unit of the family before for this one's.
            begin(out, "# UNIT");
            out.extend_from_slice(unit.unwrap_or_default().as_bytes());
            out.push(b'\n');
        }
    }
}

/// Writes a label set, with `le` last when there is a bound, and nothing when it is empty.
pub fn escape_labels(out: &mut Vec<u8>, labels: &[(&str, &str)], bound: Option<f64>) {
    if labels.is_empty() && bound.is_none() {
        return;
    }
    let mut separator = b'{';
    for (name, value) in labels {
        out.push(separator);
        separator = b',';
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        escape(out, value, true);
        out.push(b'"');
    }
    if let Some(bound) = bound {
        out.push(separator);
        out.extend_from_slice(b"le=\"");
        // With its `.0` in both formats, or a bucket would be another series in each.
        out.extend_from_slice(float(&mut zmij::Buffer::new(), bound).as_bytes());
        out.push(b'"');
    }
    out.push(b'}');
}

/// Writes a text so that it stays on its line and, where it stands in quotes, between them.
fn escape(out: &mut Vec<u8>, text: &str, quotes: bool) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'\\' => br"\\",
            b'\n' => br"\n",
            b'"' if quotes => br#"\""#,
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[plain..at]);
        out.extend_from_slice(escaped);
        plain = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
}

fn end_with_count(out: &mut Vec<u8>, count: u64) {
    out.push(b' ');
    out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
    out.push(b'\n');
}

/// Most values are counts, and a count is written without a point.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "a value that isn't whole, or too large, doesn't survive the way to an integer and back"
)]
fn push_value(out: &mut Vec<u8>, value: f64) {
    out.push(b' ');
    let whole = value as i64;
    if whole as f64 == value {
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    } else {
        out.extend_from_slice(float(&mut zmij::Buffer::new(), value).as_bytes());
    }
}

/// The shortest text that reads back as the same number.
fn float(buffer: &mut zmij::Buffer, value: f64) -> &str {
    if value.is_nan() {
        "NaN"
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }
    } else {
        buffer.format_finite(value)
    }
}
