//! The field table: every number of 8x8's company summary, its name in English, its unit and what it means.
//!
//! Decoder, writer, simulator, documentation and dashboard tests walk this table, so a new field of
//! the answer is one new line here and nothing else.
//!
//! Source: 8x8's documentation page "Company Summary" of the Work Analytics API. It says that
//! durations are milliseconds; that the `percent…` fields run from 0 to 100 is read off their name.

use std::fmt;

/// The unit in which 8x8 sends a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of calls.
    Calls,
    /// A share from 0 to 100.
    Percent,
    /// A duration.
    Milliseconds,
}

impl Unit {
    /// By how much 8x8's number is divided to give the base unit.
    ///
    /// Divided, not multiplied by the inverse: 12281452 ms is 12281.452 s only that way.
    #[must_use]
    pub fn divisor(self) -> f64 {
        match self {
            Unit::Calls => 1.0,
            Unit::Percent => 100.0,
            Unit::Milliseconds => 1000.0,
        }
    }

    /// The base unit: `calls`, `ratio` or `seconds`.
    #[must_use]
    pub fn base(self) -> &'static str {
        match self {
            Unit::Calls => "calls",
            Unit::Percent => "ratio",
            Unit::Milliseconds => "seconds",
        }
    }
}

/// One line of the table.
#[derive(Debug)]
pub struct Spec {
    /// The field's name in 8x8's answer.
    pub key: &'static str,
    /// Its name in English and in base units, such as `ring_time_seconds`.
    pub name: &'static str,
    /// The unit in which 8x8 sends it.
    pub unit: Unit,
    /// What it counts, in one sentence without a full stop.
    pub meaning: &'static str,
}

macro_rules! fields {
    ($($variant:ident $key:literal => $name:literal, $unit:ident, $meaning:literal;)*) => {
        /// A number of 8x8's company summary.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Field {
            $(#[doc = concat!("`", $key, "`: ", $meaning, ".")] $variant,)*
        }

        impl Field {
            /// All fields, in the order of 8x8's documentation.
            pub const ALL: [Field; [$($key),*].len()] = [$(Field::$variant),*];

            /// The field that 8x8 calls `key`.
            #[must_use]
            pub fn from_key(key: &str) -> Option<Field> {
                match key {
                    $($key => Some(Field::$variant),)*
                    _ => None,
                }
            }
        }

        static SPECS: [Spec; Field::ALL.len()] = [$(Spec {
            key: $key,
            name: $name,
            unit: Unit::$unit,
            meaning: $meaning,
        }),*];
    };
}

#[rustfmt::skip]
fields! {
    InboundTotal "inboundTotal" => "inbound_calls", Calls, "Inbound calls";
    OutboundTotal "outboundTotal" => "outbound_calls", Calls, "Outbound calls";
    ExternalInboundTotal "externalInboundTotal" => "external_inbound_calls", Calls, "Inbound calls from outside the company";
    ExternalInboundAnswered "externalInboundAnswered" => "external_inbound_calls_answered", Calls, "Inbound calls from outside that were answered";
    ExternalInboundAbandoned "externalInboundAbandoned" => "external_inbound_calls_abandoned", Calls, "Inbound calls from outside that the caller abandoned";
    PercentExternalInboundAnswered "percentExternalInboundAnswered" => "external_inbound_calls_answered_ratio", Percent, "Share of inbound calls from outside that were answered, 0 to 1";
    ExternalInboundMissed "externalInboundMissed" => "external_inbound_calls_missed", Calls, "Inbound calls from outside that were missed";
    ExternalOutboundTotal "externalOutboundTotal" => "external_outbound_calls", Calls, "Outbound calls to outside the company";
    ExternalOutboundAnswered "externalOutboundAnswered" => "external_outbound_calls_answered", Calls, "Outbound calls to outside that were answered";
    PercentExternalOutboundAnswered "percentExternalOutboundAnswered" => "external_outbound_calls_answered_ratio", Percent, "Share of outbound calls to outside that were answered, 0 to 1";
    ExternalOutboundAbandoned "externalOutboundAbandoned" => "external_outbound_calls_abandoned", Calls, "Outbound calls to outside that were abandoned";
    ExternalOutboundMissed "externalOutboundMissed" => "external_outbound_calls_missed", Calls, "Outbound calls to outside that were missed";
    InternalInboundTotal "internalInboundTotal" => "internal_inbound_calls", Calls, "Inbound calls from inside the company";
    InternalInboundAnswered "internalInboundAnswered" => "internal_inbound_calls_answered", Calls, "Inbound calls from inside that were answered";
    InternalInboundAbandoned "internalInboundAbandoned" => "internal_inbound_calls_abandoned", Calls, "Inbound calls from inside that the caller abandoned";
    InternalInboundMissed "internalInboundMissed" => "internal_inbound_calls_missed", Calls, "Inbound calls from inside that were missed";
    InternalOutboundTotal "internalOutboundTotal" => "internal_outbound_calls", Calls, "Outbound calls to inside the company";
    InternalOutboundAnswered "internalOutboundAnswered" => "internal_outbound_calls_answered", Calls, "Outbound calls to inside that were answered";
    InternalOutboundAbandoned "internalOutboundAbandoned" => "internal_outbound_calls_abandoned", Calls, "Outbound calls to inside that were abandoned";
    InboundAnswered "inboundAnswered" => "inbound_calls_answered", Calls, "Inbound calls that were answered";
    InboundAbandoned "inboundAbandoned" => "inbound_calls_abandoned", Calls, "Inbound calls that the caller abandoned; also counted as missed";
    InboundMissed "inboundMissed" => "inbound_calls_missed", Calls, "Inbound calls that were not answered, abandoned ones included";
    OutboundAnswered "outboundAnswered" => "outbound_calls_answered", Calls, "Outbound calls that were answered";
    OutboundAbandoned "outboundAbandoned" => "outbound_calls_abandoned", Calls, "Outbound calls that were not answered";
    TotalAnswered "totalAnswered" => "calls_answered", Calls, "Answered calls: inbound, outbound and extension to extension";
    TotalAbandoned "totalAbandoned" => "calls_abandoned", Calls, "Abandoned calls: inbound, outbound and extension to extension";
    TotalMissed "totalMissed" => "calls_missed", Calls, "Missed calls: inbound missed, outbound abandoned and extension to extension missed";
    TotalRingTime "totalRingTime" => "ring_time_seconds", Milliseconds, "Time spent ringing, summed over calls";
    TotalTalkTime "totalTalkTime" => "talk_time_seconds", Milliseconds, "Time spent talking, summed over calls";
    TotalCall "totalCall" => "calls", Calls, "Calls: inbound, outbound and extension to extension";
    TotalAbandonedTime "totalAbandonedTime" => "abandoned_time_seconds", Milliseconds, "Time before callers abandoned, summed over calls";
    TotalCallTime "totalCallTime" => "call_time_seconds", Milliseconds, "Whole length of calls, summed over calls";
    AvgRingTime "avgRingTime" => "average_ring_time_seconds", Milliseconds, "Mean time spent ringing";
    AvgTalkTime "avgTalkTime" => "average_talk_time_seconds", Milliseconds, "Mean time spent talking, per answered call";
    AvgCallTime "avgCallTime" => "average_call_time_seconds", Milliseconds, "Mean length of a call";
    AvgAbandonedTime "avgAbandonedTime" => "average_abandoned_time_seconds", Milliseconds, "Mean time before the caller abandoned";
    TotalVm "totalVm" => "voicemail_calls", Calls, "Calls that went to voicemail";
    TotalExtToExtAbandoned "totalExtToExtAbandoned" => "extension_to_extension_calls_abandoned", Calls, "Extension to extension calls that were abandoned";
    TotalExtToExtAnswered "totalExtToExtAnswered" => "extension_to_extension_calls_answered", Calls, "Extension to extension calls that were answered";
    TotalExtToExt "totalExtToExt" => "extension_to_extension_calls", Calls, "Extension to extension calls";
    TotalExtToExtMissed "totalExtToExtMissed" => "extension_to_extension_calls_missed", Calls, "Extension to extension calls that were missed";
}

impl Field {
    /// How many fields there are.
    pub const COUNT: usize = Field::ALL.len();

    /// The field's position in [`Field::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The field's line of the table.
    #[must_use]
    pub fn spec(self) -> &'static Spec {
        &SPECS[self.index()]
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_is_unique_and_ends_as_its_unit_demands() {
        let mut names = HashSet::new();
        for field in Field::ALL {
            let spec = field.spec();
            assert_eq!(Field::from_key(spec.key), Some(field));
            assert_eq!(Field::ALL[field.index()], field);
            assert!(names.insert(spec.name), "{} twice", spec.name);
            assert_eq!(
                spec.name.ends_with("_seconds"),
                spec.unit == Unit::Milliseconds
            );
            assert_eq!(spec.name.ends_with("_ratio"), spec.unit == Unit::Percent);
            for suffix in ["_total", "_count", "_sum", "_bucket"] {
                assert!(!spec.name.ends_with(suffix), "{}", spec.name);
            }
        }
    }

    #[test]
    fn a_variant_is_named_like_its_key() {
        for field in Field::ALL {
            let variant = format!("{field:?}");
            assert!(field.spec().key.eq_ignore_ascii_case(&variant), "{variant}");
        }
    }
}
