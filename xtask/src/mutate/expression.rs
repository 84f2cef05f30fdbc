//! The ways to break a `PromQL` expression in one place. Each yields an expression that still
//! parses, so that only a test can tell it from the right one.

use std::time::Duration;

use promql_parser::label::MatchOp;
use promql_parser::parser::token::{
    T_ADD, T_DIV, T_EQLC, T_GTE, T_GTR, T_LOR, T_LSS, T_LTE, T_MAX, T_MIN, T_MUL, T_NEQ, T_SUB,
    T_SUM, TokenId, TokenType,
};
use promql_parser::parser::{
    self, AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, MatrixSelector, Offset,
    SubqueryExpr, VectorSelector,
};

/// What was done to an expression, and what came of it.
type Broken<T> = (String, T);

/// The expression as the parser prints it, and every way to break it.
///
/// # Errors
///
/// The parser's, if it isn't `PromQL`.
pub(super) fn break_each(expr: &str) -> Result<(String, Vec<Broken<String>>), String> {
    let expr = parser::parse(expr)?;
    let broken = variants(&expr).into_iter();
    let broken = broken.map(|(what, expr)| (what, expr.to_string()));
    Ok((expr.to_string(), broken.collect()))
}

fn variants(expr: &Expr) -> Vec<Broken<Expr>> {
    let mut all = match expr {
        Expr::Binary(binary) => binary_variants(binary),
        Expr::Aggregate(aggregate) => aggregate_variants(aggregate),
        Expr::Call(call) => call_variants(call),
        Expr::NumberLiteral(number) => nearby(number.val)
            .map(|val| (format!("{} becomes {val}", number.val), Expr::from(val)))
            .into(),
        Expr::VectorSelector(selector) => selector_variants(selector)
            .into_iter()
            .map(|(what, broken)| (what, Expr::VectorSelector(broken)))
            .collect(),
        Expr::MatrixSelector(selector) => range_variants(selector),
        Expr::Subquery(subquery) => subquery_variants(subquery),
        _ => Vec::new(),
    };
    let mut whole = expr.clone();
    for position in 0..parts(&mut whole).len() {
        for (what, broken) in variants(parts(&mut whole)[position]) {
            let mut whole = expr.clone();
            *parts(&mut whole)[position] = broken;
            all.push((what, whole));
        }
    }
    all
}

fn parts(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Binary(binary) => vec![&mut binary.lhs, &mut binary.rhs],
        Expr::Aggregate(aggregate) => vec![&mut aggregate.expr],
        Expr::Paren(paren) => vec![&mut paren.expr],
        Expr::Subquery(subquery) => vec![&mut subquery.expr],
        Expr::Call(call) => call.args.args.iter_mut().map(AsMut::as_mut).collect(),
        _ => Vec::new(),
    }
}

fn binary_variants(right: &BinaryExpr) -> Vec<Broken<Expr>> {
    let mut all = Vec::new();
    for op in replacements(right.op.id()) {
        let mut broken = right.clone();
        broken.op = TokenType::new(*op);
        all.push((format!("`{right}` has {}", broken.op), Expr::Binary(broken)));
    }
    if right.op.is_set_operator() {
        let what = format!("without `{} {}`", right.op, right.rhs);
        all.push((what, (*right.lhs).clone()));
    }
    if right.op.id() == T_LOR {
        all.push((format!("without `{} or`", right.lhs), (*right.rhs).clone()));
    }
    if let Some(modifier) = &right.modifier {
        for (what, labels) in without_each_label(modifier.matching.as_ref()) {
            let mut broken = right.clone();
            broken.modifier = Some(modifier.clone().with_matching(Some(labels)));
            all.push((format!("{} {what}", right.op), Expr::Binary(broken)));
        }
    }
    all
}

fn replacements(op: TokenId) -> &'static [TokenId] {
    match op {
        T_GTE => &[T_GTR, T_LSS],
        T_GTR => &[T_GTE, T_LTE],
        T_LSS => &[T_LTE, T_GTE],
        T_EQLC => &[T_NEQ],
        T_ADD => &[T_SUB],
        T_SUB => &[T_ADD],
        T_MUL => &[T_DIV],
        T_DIV => &[T_MUL],
        _ => &[],
    }
}

fn aggregate_variants(right: &AggregateExpr) -> Vec<Broken<Expr>> {
    let mut all = Vec::new();
    let other = match right.op.id() {
        T_MAX => Some(T_MIN),
        T_SUM => Some(T_MAX),
        _ => None,
    };
    if let Some(op) = other {
        let mut broken = right.clone();
        broken.op = TokenType::new(op);
        let what = format!("{} becomes {}", right.op, broken.op);
        all.push((what, Expr::Aggregate(broken)));
    }
    for (what, labels) in without_each_label(right.modifier.as_ref()) {
        let mut broken = right.clone();
        broken.modifier = Some(labels);
        all.push((format!("{} {what}", right.op), Expr::Aggregate(broken)));
    }
    all
}

fn without_each_label(modifier: Option<&LabelModifier>) -> Vec<Broken<LabelModifier>> {
    let Some(modifier) = modifier else {
        return Vec::new();
    };
    let labels = &modifier.labels().labels;
    let without = |dropped: &String| {
        let kept = labels.iter().filter(|label| *label != dropped);
        let kept = kept.map(String::as_str).collect();
        let kept = if modifier.is_include() {
            LabelModifier::include(kept)
        } else {
            LabelModifier::exclude(kept)
        };
        (format!("without label {dropped}"), kept)
    };
    labels.iter().map(without).collect()
}

fn call_variants(right: &Call) -> Vec<Broken<Expr>> {
    let name = match right.func.name {
        "max_over_time" => "min_over_time",
        "sum_over_time" => "max_over_time",
        "clamp_max" => "clamp_min",
        _ => return Vec::new(),
    };
    let mut broken = right.clone();
    broken.func.name = name;
    let what = format!("{} becomes {name}", right.func.name);
    vec![(what, Expr::Call(broken))]
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

fn selector_variants(right: &VectorSelector) -> Vec<Broken<VectorSelector>> {
    let mut all = Vec::new();
    for (position, matcher) in right.matchers.matchers.iter().enumerate() {
        let mut broken = right.clone();
        broken.matchers.matchers.remove(position);
        all.push((format!("without {matcher}"), broken));
        let opposite = match matcher.op {
            MatchOp::Equal => MatchOp::NotEqual,
            MatchOp::NotEqual => MatchOp::Equal,
            _ => continue,
        };
        let mut broken = right.clone();
        broken.matchers.matchers[position].op = opposite;
        all.push((format!("the opposite of {matcher}"), broken));
    }
    for (what, offset) in offset_variants(right.offset.as_ref()) {
        let mut broken = right.clone();
        broken.offset = offset;
        all.push((what, broken));
    }
    all
}

fn offset_variants(right: Option<&Offset>) -> Vec<Broken<Option<Offset>>> {
    let Some(Offset::Pos(length)) = right else {
        return Vec::new();
    };
    let length = *length;
    let name = humantime::format_duration(length);
    vec![
        (format!("without offset {name}"), None),
        (
            format!("twice the offset {name}"),
            Some(Offset::Pos(length * 2)),
        ),
    ]
}

fn range_variants(right: &MatrixSelector) -> Vec<Broken<Expr>> {
    let mut all = Vec::new();
    for (what, vs) in selector_variants(&right.vs) {
        let range = right.range;
        all.push((what, Expr::MatrixSelector(MatrixSelector { vs, range })));
    }
    for (what, range) in other_ranges(right.range) {
        let vs = right.vs.clone();
        all.push((what, Expr::MatrixSelector(MatrixSelector { vs, range })));
    }
    all
}

fn subquery_variants(right: &SubqueryExpr) -> Vec<Broken<Expr>> {
    let mut all = Vec::new();
    for (what, offset) in offset_variants(right.offset.as_ref()) {
        let mut broken = right.clone();
        broken.offset = offset;
        all.push((what, Expr::Subquery(broken)));
    }
    for (what, range) in other_ranges(right.range) {
        let mut broken = right.clone();
        broken.range = range;
        all.push((what, Expr::Subquery(broken)));
    }
    all
}

/// A third and the double: finer steps depend on whether a range holds its first instant, which Prometheus 2 and 3
/// see differently.
fn other_ranges(right: Duration) -> [Broken<Duration>; 2] {
    [right / 3, right * 2].map(|range| {
        let [old, new] = [right, range].map(humantime::format_duration);
        (format!("[{old}] becomes [{new}]"), range)
    })
}
