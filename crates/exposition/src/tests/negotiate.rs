use proptest::prelude::*;

use super::*;

const PROMETHEUS_3_14: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
    application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
    text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const PROMETHEUS_2_42: &str = "application/openmetrics-text;version=1.0.0,\
    application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_2_42_TEXT: &str = "text/plain;version=0.0.4;q=1,*/*;q=0.1";
const FIREFOX: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn format(accept: &str) -> Format {
    negotiate(Some(accept), None::<&str>).format
}

fn encoding(accept_encoding: &str) -> Encoding {
    negotiate(None::<&str>, Some(accept_encoding)).encoding
}

#[test]
fn open_metrics_is_for_those_who_prefer_it() {
    for accept in [
        PROMETHEUS_3_14,
        PROMETHEUS_2_42,
        "application/openmetrics-text",
        "application/openmetrics-text; version=1.0.0",
        "APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.1",
        "application/openmetrics-text;escaping=\"a,b;c\\\"\";q=1, text/plain;q=0.9",
        "application/*",
        "text/plain;q=0.5, application/openmetrics-text;q=0.6",
        "text/plain;q=0, */*",
        "*/*, application/openmetrics-text",
        "application/openmetrics-text;q=0.001",
        "text/plain;version=1.0.0, application/openmetrics-text;q=0.1",
        "application/openmetrics-text;version=0.0.1;q=0, application/openmetrics-text;version=1.0.0",
    ] {
        assert_eq!(format(accept), Format::OpenMetrics, "{accept}");
    }
}

#[test]
fn text_is_for_everybody_else() {
    for accept in [
        "",
        "*/*",
        FIREFOX,
        PROMETHEUS_2_42_TEXT,
        "text/plain",
        "text/*, application/*",
        "text/plain, application/openmetrics-text",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;version=2.0.0, */*;q=0.1",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=0.000, */*",
        "application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text;q=0.5",
        "application/openmetrics-text;q=0, application/*",
        "application/openmetrics-text;q=high",
        "application/openmetrics-text;q=",
        "application/openmetrics-text;q=1.1",
        "application/openmetrics-text;q=-1",
        "application/openmetrics-text;q=0.3, text/plain;q=0.300",
        "application/openmetrics-text/1",
        "application/json",
        "text/plain;q=0.5;x=\"\\\",application/openmetrics-text;y=\\\"\"",
        "text/plain;q=0",
        "*/*;q=0",
        "openmetrics",
        ",,;;==\"\"/\\",
        "text/html, image/gif, *; q=.2, */*; q=.2",
    ] {
        assert_eq!(format(accept), Format::Text, "{accept}");
    }
}

#[test]
fn gzip_is_for_those_who_accept_it() {
    for accepted in [
        "gzip",
        "GZIP",
        "x-gzip",
        "gzip, deflate, br, zstd",
        "br;q=1.0, gzip;q=0.8, *;q=0.1",
        "*",
        "identity;q=0.5, gzip",
        "identity;q=0.5, *;q=0.6",
        "identity, gzip",
        "identity;q=0, gzip;q=0.001",
        "gzip;q=1.000",
    ] {
        assert_eq!(encoding(accepted), Encoding::Gzip, "{accepted}");
    }
    for refused in [
        "",
        "identity",
        "deflate, br",
        "gzip;q=0",
        "gzip;q=0, *",
        "gzip; q=0.000, *;q=1",
        "*;q=0",
        "identity, gzip;q=0.5",
        "gzip;q=x",
        "gzipped",
    ] {
        assert_eq!(encoding(refused), Encoding::Identity, "{refused}");
    }
}

#[test]
fn several_lines_count_as_one() {
    let accept = ["text/plain;q=0.1", "application/openmetrics-text;q=0.2"];
    let variant = negotiate(accept, ["br", "gzip"]);
    assert_eq!(variant, Variant::new(Format::OpenMetrics, Encoding::Gzip));
}

#[test]
fn a_header_that_is_too_long_or_no_text_counts_as_none() {
    for piece in [
        "gzip,",
        ";",
        "\"",
        "\\\"",
        ",\"",
        "a=b;",
        "q=0.5,",
        "*/*;q=0.5,",
    ] {
        let long = piece.repeat(100_000 / piece.len());
        let accept = format!("application/openmetrics-text,{long}");
        let variant = negotiate(Some(accept), Some(format!("gzip,{long}")));
        assert_eq!(variant, Variant::new(Format::Text, Encoding::Identity));
    }
    let lines = std::iter::repeat_n("application/openmetrics-text", 10_000);
    assert_eq!(negotiate(lines, None::<&str>).format, Format::Text);
    let accept = Some(b"application/openmetrics-text,\xff");
    assert_eq!(negotiate(accept, None::<&str>).format, Format::Text);
}

proptest! {
    #[test]
    fn nothing_panics(
        accept in proptest::collection::vec(any::<u8>(), 0..300),
        pieces in proptest::collection::vec("[*/;,=\"\\\\q.0-9 ]{0,8}|text/plain|gzip|version|é", 0..40),
    ) {
        negotiate(Some(&accept), Some(&accept));
        negotiate(Some(pieces.concat()), Some(pieces.concat()));
    }

    #[test]
    fn the_higher_weight_wins(open in 0u16..=1000, text in 0u16..=1000) {
        let weight = |q: u16| format!("{}.{:03}", q / 1000, q % 1000);
        let accept = format!(
            "text/plain;q={},application/openmetrics-text;q={}", weight(text), weight(open)
        );
        prop_assert_eq!(format(&accept) == Format::OpenMetrics, open > text);
    }
}
