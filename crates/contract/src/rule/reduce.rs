//! What is left of a rule for the database once the facts of a call are known.

use super::evaluate::{Item, Known, Outcome, Truth, evaluate, evaluate_list};
use super::{Compare, Expr, Facts, Quantifier, Reduced, Value};

/// Items of a list that a condition on the record is written out for at the most; with more it is an error.
pub const WRITTEN_OUT_MAX: usize = 100;

impl Expr {
    /// Partial evaluation of a condition. What is left has only fields, quantifiers, counts and values, the
    /// functions, operators and conditionals between them, and an error only inside a conditional or
    /// `exists_one`.
    ///
    /// In the result an error counts as false: both refuse. That is exact for an expression in the form that
    /// [`compile`](super::compile()) makes ([`Expr::normal`]), where nothing negates a condition that may be
    /// an error.
    ///
    /// A rule that the facts decide allocates nothing, but for texts it joins and times it shifts. For any
    /// other rule the allocations are those of the result. Time is proportional to the size of the rule times
    /// its depth.
    pub fn reduce(&self, facts: &Facts<'_>) -> Reduced {
        let known = Known { facts, item: None };
        match decide(self, known) {
            Some(true) => Reduced::Always,
            Some(false) => Reduced::Never,
            None => match settle(rest(self, known)) {
                Expr::Value(Value::Bool(true)) => Reduced::Always,
                Expr::Value(_) => Reduced::Never,
                expr => Reduced::Depends(expr),
            },
        }
    }

    /// Partial evaluation of any expression, a computed field's for example. Nothing is assumed about errors:
    /// one that the facts decide is [`Expr::Error`].
    #[must_use]
    pub fn fold(&self, facts: &Facts<'_>) -> Self {
        build(self, Known { facts, item: None })
    }
}

/// Whether a condition is true, an error being as good as false; `None` when that depends on the record.
fn decide(expr: &Expr, known: Known<'_>) -> Option<bool> {
    let (items, absorbing) = match expr {
        Expr::And(items) => (items, false),
        Expr::Or(items) => (items, true),
        expr => {
            return match evaluate(expr, known).truth() {
                Truth::True => Some(true),
                Truth::False | Truth::Error => Some(false),
                Truth::Open => None,
            };
        }
    };
    let mut all = Some(!absorbing);
    for item in items {
        match decide(item, known) {
            Some(value) if value == absorbing => return Some(absorbing),
            Some(_) => {}
            None => all = None,
        }
    }
    all
}

fn build(expr: &Expr, known: Known<'_>) -> Expr {
    match evaluate(expr, known) {
        Outcome::Known(datum) => Expr::Value(datum.into()),
        Outcome::Error => Expr::Error,
        Outcome::Open => rest(expr, known),
    }
}

/// A list that is looked in.
fn build_list(list: &Expr, known: Known<'_>) -> Expr {
    match evaluate_list(list, known) {
        Outcome::Known(datum) => Expr::Value(datum.into()),
        Outcome::Error => Expr::Error,
        Outcome::Open => rest(list, known),
    }
}

/// An expression that depends on the record, with the facts put in.
fn rest(expr: &Expr, known: Known<'_>) -> Expr {
    match expr {
        Expr::Not(of) => match &**of {
            Expr::In(of, list) => outside(build(of, known), build_list(list, known)),
            of => negate(build(of, known)),
        },
        Expr::And(items) => conjunction(items.iter().map(|item| build(item, known))),
        Expr::Or(items) => disjunction(items.iter().map(|item| build(item, known))),
        Expr::In(of, list) => member(build(of, known), build_list(list, known)),
        Expr::If(condition, a, b) => match build(condition, known) {
            Expr::Value(Value::Bool(true)) => build(a, known),
            Expr::Value(Value::Bool(false)) => build(b, known),
            condition => Expr::If(Box::new(condition), Box::new(build(a, known)), Box::new(build(b, known))),
        },
        Expr::Each { quantifier, list, body } => written_out(*quantifier, list, body, known),
        _ => expr.map(&mut |part| build(part, known)),
    }
}

/// All hold. Nested ones are taken up, what holds anyway is left out.
pub(super) fn conjunction(items: impl Iterator<Item = Expr>) -> Expr {
    let mut all = Vec::new();
    for item in items {
        match item {
            Expr::Value(Value::Bool(true)) => {}
            Expr::Value(Value::Bool(false)) => return Expr::from(false),
            Expr::And(inner) => all.extend(inner),
            item => all.push(item),
        }
    }
    match all.len() {
        0 => Expr::from(true),
        1 => all.swap_remove(0),
        _ => Expr::And(all),
    }
}

/// Some holds. Nested ones are taken up, what does not hold anyway is left out.
pub(super) fn disjunction(items: impl Iterator<Item = Expr>) -> Expr {
    let mut some = Vec::new();
    for item in items {
        match item {
            Expr::Value(Value::Bool(false)) => {}
            Expr::Value(Value::Bool(true)) => return Expr::from(true),
            Expr::Or(inner) => some.extend(inner),
            item => some.push(item),
        }
    }
    match some.len() {
        0 => Expr::from(false),
        1 => some.swap_remove(0),
        _ => Expr::Or(some),
    }
}

/// The opposite, without a negation of one of these: a list that had a null in it has become a disjunction.
fn negate(expr: Expr) -> Expr {
    match expr {
        Expr::Value(Value::Bool(value)) => Expr::from(!value),
        Expr::Not(of) => *of,
        Expr::And(items) => disjunction(items.into_iter().map(negate)),
        Expr::Or(items) => conjunction(items.into_iter().map(negate)),
        Expr::Compare(operator, a, b) => Expr::Compare(operator.inverse(), a, b),
        Expr::Error => Expr::Error,
        expr => Expr::Not(Box::new(expr)),
    }
}

/// Membership in a list of values, in which null is not left: a database does not find null in a list. What
/// is not a field is calculated, and then it is an error or not null.
fn member(of: Expr, list: Expr) -> Expr {
    if of == Expr::Value(Value::Nobody) {
        return Expr::from(false);
    }
    let Expr::Value(list) = list else { return Expr::In(Box::new(of), Box::new(list)) };
    let items: Vec<Value> = match list {
        Value::List(items) => items,
        // Of a map, the keys.
        Value::Map(members) => members.into_iter().map(|(name, _)| Value::Text(name)).collect(),
        _ => return Expr::Error,
    };
    let field = matches!(of, Expr::Field(_));
    let null = (field && items.contains(&Value::Null)).then(|| equal(of.clone(), Value::Null));
    let mut items: Vec<Value> = items.into_iter().filter(is_something).collect();
    let found = match (items.len(), field) {
        (0, _) => Expr::from(false),
        (1, true) => equal(of, items.swap_remove(0)),
        _ => Expr::In(Box::new(of), Box::new(Expr::Value(Value::List(items)))),
    };
    disjunction(null.into_iter().chain([found]))
}

/// No membership. What is calculated is outside of an empty list unless it is an error.
fn outside(of: Expr, list: Expr) -> Expr {
    match (of, member_count(&list)) {
        // Nobody is in no list; that the list is there still matters.
        (Expr::Value(Value::Nobody), _) => {
            Expr::Compare(Compare::NotEqual, Box::new(list), Box::new(Expr::Value(Value::Null)))
        }
        (of @ Expr::Field(_), _) | (of, Some(1..) | None) => negate(member(of, list)),
        (of, Some(0)) => Expr::Compare(Compare::NotEqual, Box::new(of), Box::new(Expr::Value(Value::Null))),
    }
}

/// How many items of a list are not null, when that is known.
fn member_count(list: &Expr) -> Option<usize> {
    match list {
        Expr::Value(Value::List(items)) => Some(items.iter().filter(|item| is_something(item)).count()),
        Expr::Value(Value::Map(members)) => Some(members.len()),
        _ => None,
    }
}

/// Whether a value can be found in a list.
fn is_something(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Nobody)
}

fn equal(of: Expr, value: Value) -> Expr {
    Expr::Compare(Compare::Equal, Box::new(of), Box::new(Expr::Value(value)))
}

fn written_out(quantifier: Quantifier, list: &Expr, body: &Expr, known: Known<'_>) -> Expr {
    let Outcome::Known(list) = evaluate(list, known) else { return Expr::Error };
    let count = list.items().unwrap_or(0);
    if count > WRITTEN_OUT_MAX {
        return Expr::Error;
    }
    let bodies = (0..count).map(|at| {
        let item = Item { datum: list.item(at), outer: known.item };
        build(body, Known { facts: known.facts, item: Some(&item) })
    });
    match quantifier {
        Quantifier::Exists => disjunction(bodies),
        Quantifier::All => conjunction(bodies),
        // Compiling refuses it: the condition would be written out once for each pair of items.
        Quantifier::ExistsOne => Expr::Error,
    }
}

/// A condition of which only matters whether it is true, without the errors in it.
fn settle(expr: Expr) -> Expr {
    match expr {
        Expr::And(items) => conjunction(items.into_iter().map(settle)),
        Expr::Or(items) => disjunction(items.into_iter().map(settle)),
        Expr::Quantified {
            quantifier: quantifier @ (Quantifier::Exists | Quantifier::All),
            over,
            target,
            body,
        } => match (quantifier, settle(*body)) {
            (Quantifier::Exists, Expr::Value(Value::Bool(false))) => Expr::from(false),
            (Quantifier::All, Expr::Value(Value::Bool(true))) => Expr::from(true),
            (_, body) => Expr::Quantified { quantifier, over, target, body: Box::new(body) },
        },
        Expr::Error => Expr::from(false),
        Expr::Value(value) => Expr::from(value == Value::Bool(true)),
        expr => expr,
    }
}
