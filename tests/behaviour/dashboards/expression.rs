//! `PromQL` with Grafana's variables in it.

use std::time::Duration;

use promql_parser::label::MatchOp;
use promql_parser::parser::{self, Expr, VectorSelector};

/// Stands for `$__rate_interval` while an expression is looked at: a length that nobody writes.
const RATE_INTERVAL: &str = "667s";

/// A selector and what stands around it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selector {
    pub(super) metric: String,
    /// Label, operator, value.
    pub(super) matchers: Vec<(String, &'static str, String)>,
    /// The function that gets its range, if it has one.
    pub(super) function: Option<String>,
    /// Its range.
    pub(super) range: Option<Range>,
}

/// A selector's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// `$__rate_interval`.
    RateInterval,
    /// Anything else.
    Other,
}

impl Selector {
    pub(super) fn has(&self, label: &str, operator: &str, value: &str) -> bool {
        let same = |matcher: &&(String, &str, String)| {
            (&*matcher.0, matcher.1, &*matcher.2) == (label, operator, value)
        };
        self.matchers.iter().find(same).is_some()
    }
}

/// The selectors of an expression, or why it can't be parsed.
pub(super) fn selectors(expr: &str) -> Result<Vec<Selector>, String> {
    let text = substitute(expr, |name| match name {
        "__rate_interval" => Some(RATE_INTERVAL.to_owned()),
        "__range" => Some("1d".to_owned()),
        "__range_s" => Some("86400".to_owned()),
        _ => None,
    });
    let mut found = Vec::new();
    visit(&parser::parse(&text)?, None, &mut found);
    Ok(found)
}

fn visit(expr: &Expr, function: Option<&str>, found: &mut Vec<Selector>) {
    match expr {
        Expr::Aggregate(aggregate) => {
            visit(&aggregate.expr, None, found);
            if let Some(parameter) = &aggregate.param {
                visit(parameter, None, found);
            }
        }
        Expr::Unary(unary) => visit(&unary.expr, None, found),
        Expr::Binary(binary) => {
            visit(&binary.lhs, None, found);
            visit(&binary.rhs, None, found);
        }
        Expr::Paren(inside) => visit(&inside.expr, function, found),
        Expr::Subquery(subquery) => visit(&subquery.expr, None, found),
        Expr::Call(call) => {
            for argument in &call.args.args {
                visit(argument, Some(call.func.name), found);
            }
        }
        Expr::VectorSelector(vector) => found.push(selector(vector, None, None)),
        Expr::MatrixSelector(matrix) => {
            let range = if matrix.range == Duration::from_secs(667) {
                Range::RateInterval
            } else {
                Range::Other
            };
            found.push(selector(&matrix.vs, function, Some(range)));
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => {}
        Expr::Extension(_) => panic!("the parser makes none"),
    }
}

fn selector(vector: &VectorSelector, function: Option<&str>, range: Option<Range>) -> Selector {
    assert!(vector.matchers.or_matchers.is_empty(), "{vector}");
    let matchers = vector.matchers.matchers.iter().map(|matcher| {
        let operator = match matcher.op {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Re(_) => "=~",
            MatchOp::NotRe(_) => "!~",
        };
        (matcher.name.clone(), operator, matcher.value.clone())
    });
    Selector {
        metric: vector.name.clone().unwrap_or_default(),
        matchers: matchers.collect(),
        function: function.map(str::to_owned),
        range,
    }
}

/// The text with `$name` and `${name}` replaced where there is a value, as Grafana does it.
pub(super) fn substitute(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let inside = after.strip_prefix('{').unwrap_or(after);
        let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
        let braces = after.len() - inside.len();
        if let Some(value) = value(&inside[..end]) {
            out.push_str(&value);
            rest = &inside[end + braces..];
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[test]
fn variables_are_replaced_as_grafana_does_it() {
    let value = |name: &str| (name == "a_1").then(|| "X".to_owned());
    for (text, expected) in [
        ("[$a_1:1h]", "[X:1h]"),
        ("[${a_1}:1h] $b ${b}", "[X:1h] $b ${b}"),
        (r#"{l=~"$a_1|"}"#, r#"{l=~"X|"}"#),
        ("$", "$"),
        ("", ""),
    ] {
        assert_eq!(substitute(text, value), expected);
    }
}

#[test]
fn selectors_are_found_wherever_they_stand() {
    let expr = r#"sum by (a) (rate(x_total{job=~"$job"}[$__rate_interval])) / (-y > topk(3, max_over_time(z[${__range}:1h])))"#;
    let found = selectors(expr).unwrap();
    let metrics: Vec<_> = found.iter().map(|selector| &*selector.metric).collect();
    assert_eq!(metrics, ["x_total", "y", "z"]);
    assert!(found[0].has("job", "=~", "$job") && !found[0].has("job", "=", "$job"));
    assert_eq!(found[0].function.as_deref(), Some("rate"));
    assert_eq!(found[0].range, Some(Range::RateInterval));
    assert_eq!((&found[1].function, found[2].range), (&None, None));
    assert!(selectors("sum(").is_err());
}
