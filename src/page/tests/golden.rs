use super::*;

/// The page for the answer in 8x8's documentation. The golden files were checked against it by hand.
fn page(format: Format) -> String {
    let shown = [(window("1h"), snapshot(documented()))];
    text(format, |writer| write_company(writer, &shown)) + format.ending()
}

#[test]
fn the_documented_answer_as_text() {
    let golden = include_str!("../testdata/documented.txt");
    assert_eq!(page(Format::Text), golden);
}

#[test]
fn the_documented_answer_as_open_metrics() {
    let golden = include_str!("../testdata/documented.om");
    assert_eq!(page(Format::OpenMetrics), golden);
    parser::parse(Format::OpenMetrics, golden);
}
