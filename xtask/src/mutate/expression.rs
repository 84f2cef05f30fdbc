//! The ways to break a `PromQL` expression in one place. Each yields an expression that still
//! parses, so that only a test can tell it from the right one.

use std::time::Duration;

use promql_parser::label::{MatchOp, Matchers};
use promql_parser::parser::token::{
    T_ADD, T_DIV, T_EQLC, T_GTE, T_GTR, T_LOR, T_LSS, T_LTE, T_MAX, T_MIN, T_MUL, T_NEQ, T_SUB,
    T_SUM, TokenId, TokenType,
};
use promql_parser::parser::{self, AggregateExpr, BinaryExpr, Call, Expr, LabelModifier};

/// A broken expression and what was done to it.
pub(crate) struct Broken<T> {
    pub(crate) what: String,
    pub(crate) result: T,
}

impl<T> Broken<T> {
    fn new(what: impl Into<String>, result: T) -> Self {
        Broken {
            what: what.into(),
            result,
        }
    }

    fn map<U>(self, build: impl FnOnce(T) -> U) -> Broken<U> {
        Broken {
            what: self.what,
            result: build(self.result),
        }
    }
}

/// The expression as the parser prints it, and every way to break it.
///
/// # Errors
///
/// The parser's, if it isn't `PromQL`.
pub(crate) fn break_each(expr: &str) -> Result<(String, Vec<Broken<String>>), String> {
    let expr = parser::parse(expr)?;
    let broken = variants(&expr)
        .into_iter()
        .map(|broken| broken.map(|expr| expr.to_string()))
        .collect();
    Ok((expr.to_string(), broken))
}

fn variants(expr: &Expr) -> Vec<Broken<Expr>> {
    match expr {
        Expr::Binary(binary) => binary_variants(binary),
        Expr::Aggregate(aggregate) => aggregate_variants(aggregate),
        Expr::Paren(paren) => inside(&paren.expr, |inner| {
            let mut changed = paren.clone();
            changed.expr = Box::new(inner);
            Expr::Paren(changed)
        }),
        Expr::Call(call) => call_variants(call),
        Expr::NumberLiteral(number) => nearby(number.val)
            .into_iter()
            .map(|val| Broken::new(format!("{} becomes {val}", number.val), Expr::from(val)))
            .collect(),
        Expr::VectorSelector(selector) => matcher_variants(&selector.matchers)
            .into_iter()
            .map(|broken| {
                broken.map(|matchers| {
                    let mut changed = selector.clone();
                    changed.matchers = matchers;
                    Expr::VectorSelector(changed)
                })
            })
            .collect(),
        Expr::MatrixSelector(selector) => {
            let mut all: Vec<_> = matcher_variants(&selector.vs.matchers)
                .into_iter()
                .map(|broken| {
                    broken.map(|matchers| {
                        let mut changed = selector.clone();
                        changed.vs.matchers = matchers;
                        Expr::MatrixSelector(changed)
                    })
                })
                .collect();
            for range in around(selector.range) {
                let mut changed = selector.clone();
                changed.range = range;
                all.push(Broken::new(
                    format!(
                        "[{}] becomes [{}]",
                        humantime::format_duration(selector.range),
                        humantime::format_duration(range)
                    ),
                    Expr::MatrixSelector(changed),
                ));
            }
            all
        }
        _ => Vec::new(),
    }
}

fn binary_variants(binary: &BinaryExpr) -> Vec<Broken<Expr>> {
    let mut all = inside(&binary.lhs, |inner| {
        let mut changed = binary.clone();
        changed.lhs = Box::new(inner);
        Expr::Binary(changed)
    });
    all.extend(inside(&binary.rhs, |inner| {
        let mut changed = binary.clone();
        changed.rhs = Box::new(inner);
        Expr::Binary(changed)
    }));
    for op in replacements(binary.op.id()) {
        let mut changed = binary.clone();
        changed.op = TokenType::new(*op);
        all.push(Broken::new(
            format!("`{binary}` has {}", changed.op),
            Expr::Binary(changed),
        ));
    }
    if binary.op.is_set_operator() {
        all.push(Broken::new(
            format!("without `{} {}`", binary.op, binary.rhs),
            (*binary.lhs).clone(),
        ));
        if binary.op.id() == T_LOR {
            all.push(Broken::new(
                format!("without `{} or`", binary.lhs),
                (*binary.rhs).clone(),
            ));
        }
    }
    if let Some(modifier) = &binary.modifier {
        for broken in without_each_label(modifier.matching.as_ref()) {
            let mut changed = binary.clone();
            changed.modifier = Some(modifier.clone().with_matching(Some(broken.result)));
            all.push(Broken::new(
                format!("{} {}", binary.op, broken.what),
                Expr::Binary(changed),
            ));
        }
    }
    all
}

fn aggregate_variants(aggregate: &AggregateExpr) -> Vec<Broken<Expr>> {
    let mut all = inside(&aggregate.expr, |inner| {
        let mut changed = aggregate.clone();
        changed.expr = Box::new(inner);
        Expr::Aggregate(changed)
    });
    let swapped = match aggregate.op.id() {
        T_MAX => Some(T_MIN),
        T_SUM => Some(T_MAX),
        _ => None,
    };
    if let Some(op) = swapped {
        let mut changed = aggregate.clone();
        changed.op = TokenType::new(op);
        all.push(Broken::new(
            format!("{} becomes {}", aggregate.op, changed.op),
            Expr::Aggregate(changed),
        ));
    }
    for broken in without_each_label(aggregate.modifier.as_ref()) {
        let mut changed = aggregate.clone();
        changed.modifier = Some(broken.result);
        all.push(Broken::new(
            format!("{} {}", aggregate.op, broken.what),
            Expr::Aggregate(changed),
        ));
    }
    all
}

fn call_variants(call: &Call) -> Vec<Broken<Expr>> {
    let mut all = Vec::new();
    for (position, argument) in call.args.args.iter().enumerate() {
        all.extend(inside(argument, |inner| {
            let mut changed = call.clone();
            *changed.args.args[position] = inner;
            Expr::Call(changed)
        }));
    }
    let swapped = match call.func.name {
        "max_over_time" => Some("min_over_time"),
        "last_over_time" => Some("max_over_time"),
        _ => None,
    };
    if let Some(name) = swapped {
        let mut changed = call.clone();
        changed.func.name = name;
        all.push(Broken::new(
            format!("{} becomes {name}", call.func.name),
            Expr::Call(changed),
        ));
    }
    all
}

/// The variants of a part, each put back into its place.
fn inside(part: &Expr, build: impl Fn(Expr) -> Expr) -> Vec<Broken<Expr>> {
    variants(part)
        .into_iter()
        .map(|broken| broken.map(&build))
        .collect()
}

fn replacements(op: TokenId) -> &'static [TokenId] {
    match op {
        T_GTE => &[T_GTR, T_LSS],
        T_GTR => &[T_GTE, T_LTE],
        T_LSS => &[T_LTE, T_GTE],
        T_EQLC => &[T_NEQ],
        T_SUB => &[T_ADD],
        T_DIV => &[T_MUL],
        _ => &[],
    }
}

/// A tenth up and down; small whole numbers by one, since a tenth of them is nothing.
fn nearby(number: f64) -> [f64; 2] {
    let step = if number.abs() < 100.0 && number.fract() == 0.0 {
        1.0
    } else {
        number.abs() / 10.0
    };
    [number - step, number + step]
}

/// A third and the double: finer steps depend on whether a range holds its first instant, which
/// Prometheus 2 and 3 see differently.
fn around(range: Duration) -> [Duration; 2] {
    [range / 3, range * 2]
}

fn without_each_label(modifier: Option<&LabelModifier>) -> Vec<Broken<LabelModifier>> {
    let Some(modifier) = modifier else {
        return Vec::new();
    };
    let labels = &modifier.labels().labels;
    labels
        .iter()
        .map(|dropped| {
            let kept = labels
                .iter()
                .filter(|label| *label != dropped)
                .map(String::as_str)
                .collect();
            let kept = if modifier.is_include() {
                LabelModifier::include(kept)
            } else {
                LabelModifier::exclude(kept)
            };
            Broken::new(format!("without label {dropped}"), kept)
        })
        .collect()
}

fn matcher_variants(matchers: &Matchers) -> Vec<Broken<Matchers>> {
    let mut all = Vec::new();
    for (position, matcher) in matchers.matchers.iter().enumerate() {
        let mut dropped = matchers.clone();
        dropped.matchers.remove(position);
        all.push(Broken::new(format!("without {matcher}"), dropped));
        let opposite = match matcher.op {
            MatchOp::Equal => MatchOp::NotEqual,
            MatchOp::NotEqual => MatchOp::Equal,
            _ => continue,
        };
        let mut negated = matchers.clone();
        negated.matchers[position].op = opposite;
        all.push(Broken::new(format!("the opposite of {matcher}"), negated));
    }
    all
}
