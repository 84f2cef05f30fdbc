//! Every query is one that Prometheus takes, with labels that there are.

use std::collections::BTreeMap;

use super::document::Document;
use crate::fixture::{Prometheus, client};

#[tokio::test]
async fn prometheus_evaluates_every_query() {
    let prometheus = Prometheus::over(None, &[]).await;
    let client = client();
    let mut asked = 0;
    for document in Document::all() {
        let blocks = document.blocks.iter().map(|block| (&block.at, block));
        let blocks = blocks.filter(|(_, block)| block.language == "promql");
        let blocks = blocks.map(|(at, block)| (at, &block.text));
        // In prose, `…` stands for something that isn't said again.
        let is_query = |code: &&String| {
            code.contains("eightxeight_") && code.contains(['{', '(']) && !code.contains('…')
        };
        let codes = document.codes.iter().filter(is_query);
        for (at, query) in blocks.chain(codes.map(|code| (&document.name, code))) {
            let request = client.get(format!("{}/api/v1/query", prometheus.url()));
            let answer = request.query(&[("query", query)]).send().await.unwrap();
            let good = answer.status() == 200;
            assert!(good, "{at}: {query}: {}", answer.text().await.unwrap());
            asked += 1;
        }
    }
    assert!(asked > 20, "{asked} queries");
}

/// Labels that the exporter, its rules and Prometheus give.
const LABELS: [&str; 9] = [
    "account", "drift", "endpoint", "instance", "job", "pbx_id", "reason", "type", "window",
];

#[test]
fn labels_exist() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for document in Document::all() {
        for block in document
            .blocks
            .iter()
            .filter(|one| one.language == "promql")
        {
            let expression = promql_parser::parser::parse(&block.text)
                .unwrap_or_else(|error| panic!("{}: {error}", block.at));
            for name in labels(&format!("{expression}")) {
                seen.insert(name, block.at.clone());
            }
        }
    }
    for (name, at) in &seen {
        assert!(LABELS.contains(&&**name), "{at}: there is no label {name}");
    }
    assert!(seen.contains_key("window") && seen.contains_key("account"));
}

/// The labels in a query: those of matchers, and those in the lists of `by`, `on` and their like.
fn labels(query: &str) -> Vec<String> {
    let mut found = Vec::new();
    for inside in query.split('{').skip(1) {
        let inside = inside.split('}').next().unwrap();
        let names = inside
            .split(',')
            .filter_map(|part| part.split(['=', '!']).next());
        found.extend(names.map(|name| name.trim().to_owned()));
    }
    for word in ["by (", "on (", "ignoring (", "without ("] {
        for list in query.split(word).skip(1) {
            let list = list.split(')').next().unwrap();
            found.extend(list.split(',').map(|name| name.trim().to_owned()));
        }
    }
    found.retain(|name| !name.is_empty());
    found
}
