//! Prometheus' text format and `OpenMetrics`: pages that are rendered once and sent often.
//!
//! ```text
//! Accept headers --negotiate--> Variant
//!                  Writer --> Segment --.
//!                  Writer --> Segment ---+--> Body
//! ```
//!
//! A page is made of [`Segment`]s, each rendered by the one [`Writer`] and, where asked for, compressed on its own. What
//! changes seldom is a segment that the caller keeps; what changes with each scrape is a small one that [`Live`] renders
//! once a second. A [`Body`] strings them together into one gzip member without touching their bytes, so a scrape of an
//! unchanged page renders, compresses and copies nothing.

mod body;
mod gzip;
mod live;
mod negotiate;
mod segment;
mod writer;

#[cfg(test)]
mod tests;

pub use body::Body;
pub use live::Live;
pub use negotiate::negotiate;
pub use segment::{RenderError, Segment, stream};
pub use writer::{Family, Kind, Writer, escape_labels};

/// The format of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Prometheus' text format, version 0.0.4.
    Text,
    /// `OpenMetrics` 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The value of `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// What follows the last sample.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Format::Text => "",
            Format::OpenMetrics => "# EOF\n",
        }
    }
}

/// How a page is compressed for transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Uncompressed.
    Identity,
    /// One gzip member.
    Gzip,
}

impl Encoding {
    /// The value of `Content-Encoding`, absent for an uncompressed page.
    #[must_use]
    pub fn content_encoding(self) -> Option<&'static str> {
        match self {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
        }
    }
}

/// One of the four forms in which a page can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Its format.
    pub format: Format,
    /// Its encoding.
    pub encoding: Encoding,
}

impl Variant {
    /// All variants, in the order of [`Variant::index`].
    pub const ALL: [Variant; 4] = [
        Variant::new(Format::Text, Encoding::Identity),
        Variant::new(Format::Text, Encoding::Gzip),
        Variant::new(Format::OpenMetrics, Encoding::Identity),
        Variant::new(Format::OpenMetrics, Encoding::Gzip),
    ];

    /// The variant with this format and encoding.
    #[must_use]
    pub const fn new(format: Format, encoding: Encoding) -> Variant {
        Variant { format, encoding }
    }

    /// Its position in [`Variant::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        2 * self.format as usize + self.encoding as usize
    }
}

/// The README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
