//! What an expression comes to when only the facts of a call are known. Nothing is built here: see `reduce`
//! for what is left when the record matters.

use super::functions::{convert, convert_items, on_one, on_texts};
use super::value::{Datum, arithmetic, compare};
use super::{CallerPart, Compare, Expr, Facts, Function, Held, Quantifier, Value};
use std::borrow::Cow;

/// Items of a list that a macro looks at at the most; with more it is an error. A caller may send long lists.
pub const ITEMS_MAX: usize = 1000;

/// What is known of an expression.
#[derive(Debug, Clone)]
pub(super) enum Outcome<'a> {
    /// Its value.
    Known(Datum<'a>),
    /// That it is an error.
    Error,
    /// Nothing: it depends on the record.
    Open,
}

/// What an expression is evaluated with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub facts: &'a Facts<'a>,
    /// The item of the innermost [`Expr::Each`].
    pub item: Option<&'a Item<'a>>,
}

/// The item that an [`Expr::Each`] is at.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub datum: Datum<'a>,
    pub outer: Option<&'a Item<'a>>,
}

impl<'a> From<Option<Datum<'a>>> for Outcome<'a> {
    fn from(datum: Option<Datum<'a>>) -> Self {
        datum.map_or(Self::Error, Self::Known)
    }
}

impl From<Option<bool>> for Outcome<'_> {
    fn from(value: Option<bool>) -> Self {
        Self::from(value.map(Datum::Bool))
    }
}

impl<'a> Outcome<'a> {
    fn known(value: impl Into<Datum<'a>>) -> Self {
        Self::Known(value.into())
    }

    /// As a condition.
    pub fn truth(&self) -> Truth {
        match self {
            Self::Known(Datum::Bool(true)) => Truth::True,
            Self::Known(Datum::Bool(false)) => Truth::False,
            Self::Known(_) | Self::Error => Truth::Error,
            Self::Open => Truth::Open,
        }
    }
}

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Error,
    Open,
}

impl Truth {
    fn outcome<'a>(self) -> Outcome<'a> {
        match self {
            Self::True => Outcome::Known(Datum::Bool(true)),
            Self::False => Outcome::Known(Datum::Bool(false)),
            Self::Error => Outcome::Error,
            Self::Open => Outcome::Open,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            same @ (Self::Error | Self::Open) => same,
        }
    }
}

/// Evaluates as far as it goes without a record.
pub(super) fn evaluate<'a>(expr: &'a Expr, known: Known<'a>) -> Outcome<'a> {
    match expr {
        Expr::Value(value) => Outcome::Known(Datum::from(value)),
        Expr::Caller(part) => caller(part, known.facts),
        Expr::Now => Outcome::Known(Datum::Text(Cow::Borrowed(known.facts.now))),
        Expr::Argument(at, path) => {
            Outcome::from(known.facts.arguments.get(usize::from(*at)).and_then(|v| inside(v.into(), path)))
        }
        Expr::Message(at) => {
            Outcome::from(known.facts.message.and_then(|m| m.get(usize::from(*at))).map(Datum::from))
        }
        Expr::Item(level, path) => item(known.item, *level).and_then(|datum| inside(datum, path)).into(),
        Expr::As(kind, of) => strict(evaluate(of, known), |datum| convert(datum, *kind)),
        Expr::Held(held, of) => match evaluate(of, known) {
            Outcome::Known(datum) => held_to(held, datum).into(),
            outcome @ (Outcome::Error | Outcome::Open) => outcome,
        },
        Expr::Pattern(pattern) => Outcome::Known(Datum::Text(Cow::Borrowed(pattern.as_str()))),
        Expr::Field(_) | Expr::Count(_) => Outcome::Open,
        Expr::Not(of) => evaluate(of, known).truth().not().outcome(),
        Expr::And(items) => {
            junction(items.iter().map(|item| evaluate(item, known).truth()), Truth::False).outcome()
        }
        Expr::Or(items) => {
            junction(items.iter().map(|item| evaluate(item, known).truth()), Truth::True).outcome()
        }
        Expr::Compare(operator, a, b) => {
            comparison(*operator, beside(evaluate(a, known), b), beside(evaluate(b, known), a))
        }
        Expr::In(of, list) => membership(of, list, known),
        Expr::List(items) => collect(items, known),
        Expr::If(condition, a, b) => match evaluate(condition, known).truth() {
            Truth::True => evaluate(a, known),
            Truth::False => evaluate(b, known),
            Truth::Error => Outcome::Error,
            Truth::Open => Outcome::Open,
        },
        Expr::Arithmetic(operator, a, b) => match (evaluate(a, known), evaluate(b, known)) {
            (Outcome::Error | Outcome::Known(Datum::Null | Datum::Nobody), _)
            | (_, Outcome::Error | Outcome::Known(Datum::Null | Datum::Nobody)) => Outcome::Error,
            (Outcome::Known(a), Outcome::Known(b)) => arithmetic(*operator, &a, &b).into(),
            (Outcome::Open, _) | (_, Outcome::Open) => Outcome::Open,
        },
        Expr::Call(function, operands) => call(*function, operands, known),
        Expr::Quantified { quantifier, body, .. } => quantified(*quantifier, evaluate(body, known).truth()),
        Expr::Each { quantifier, list, body } => each(*quantifier, list, body, known).outcome(),
        Expr::Error => Outcome::Error,
    }
}

/// A value at the type that a field declares. Null is of any.
fn held_to<'a>(held: &Held, datum: Datum<'a>) -> Option<Datum<'a>> {
    let fits = match &datum {
        Datum::Null | Datum::Nobody => true,
        Datum::Int(number) | Datum::Duration(number) | Datum::Decimal { units: number, .. } => {
            held.integers().is_some_and(|range| range.contains(number))
        }
        Datum::Text(text) => held.accepts(text),
        Datum::Bool(_) | Datum::Float(_) | Datum::Texts(_) | Datum::List(_) | Datum::Map(_) => false,
    };
    fits.then_some(datum)
}

fn caller<'a>(part: &'a CallerPart, facts: &'a Facts<'a>) -> Outcome<'a> {
    match part {
        CallerPart::Id => {
            Outcome::Known(facts.caller_id.map_or(Datum::Nobody, |id| Datum::Text(Cow::Borrowed(id))))
        }
        CallerPart::Roles => Outcome::Known(Datum::Texts(facts.roles)),
        CallerPart::Scopes => Outcome::Known(Datum::Texts(facts.scopes)),
        CallerPart::Claim(path) => claim(facts.claims, path).map(Datum::from).into(),
        CallerPart::HasClaim(path) => Outcome::Known(Datum::Bool(claim(facts.claims, path).is_some())),
    }
}

fn claim<'a>(claims: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(claims, |value, step| match value {
        Value::Map(members) => members.iter().find(|(name, _)| name == step).map(|(_, value)| value),
        _ => None,
    })
}

/// A part of an argument: what is not there is null, as is every step into null.
fn inside<'a>(datum: Datum<'a>, path: &[String]) -> Option<Datum<'a>> {
    path.iter().try_fold(datum, |datum, step| match datum {
        Datum::Null | Datum::Nobody => Some(Datum::Null),
        Datum::Map(members) => {
            Some(members.iter().find(|(name, _)| name == step).map_or(Datum::Null, |(_, value)| value.into()))
        }
        _ => None,
    })
}

fn item<'a>(innermost: Option<&'a Item<'a>>, level: u8) -> Option<Datum<'a>> {
    let mut item = innermost;
    for _ in 0..level {
        item = item?.outer;
    }
    item.map(|item| item.datum.clone())
}

fn strict<'a>(outcome: Outcome<'a>, change: impl FnOnce(Datum<'a>) -> Option<Datum<'a>>) -> Outcome<'a> {
    match outcome {
        Outcome::Known(datum) => change(datum).into(),
        Outcome::Error | Outcome::Open => Outcome::Error,
    }
}

/// `absorbing` decides whatever the others are; else one that is open leaves it open, else an error is an
/// error.
fn junction(items: impl Iterator<Item = Truth>, absorbing: Truth) -> Truth {
    let mut all = absorbing.not();
    for truth in items {
        match truth {
            Truth::Open => all = Truth::Open,
            Truth::Error if all != Truth::Open => all = Truth::Error,
            _ if truth == absorbing => return absorbing,
            Truth::Error | Truth::True | Truth::False => {}
        }
    }
    all
}

/// Beside the literal `null`, nobody is null.
fn beside<'a>(outcome: Outcome<'a>, other: &Expr) -> Outcome<'a> {
    match (outcome, other) {
        (Outcome::Known(Datum::Nobody), Expr::Value(Value::Null)) => Outcome::Known(Datum::Null),
        (outcome, _) => outcome,
    }
}

fn comparison<'a>(operator: Compare, a: Outcome<'a>, b: Outcome<'a>) -> Outcome<'a> {
    let ordered = !matches!(operator, Compare::Equal | Compare::NotEqual);
    match (a, b) {
        (Outcome::Error, _) | (_, Outcome::Error) => Outcome::Error,
        (Outcome::Known(a), Outcome::Known(b)) => compare(operator, &a, &b).into(),
        (Outcome::Known(Datum::Null | Datum::Nobody), Outcome::Open)
        | (Outcome::Open, Outcome::Known(Datum::Null | Datum::Nobody))
            if ordered =>
        {
            Outcome::Error
        }
        // Whatever the record has. A calculation of its that fails is asked about beside it, see `Expr::normal`.
        (Outcome::Known(Datum::Nobody), Outcome::Open) | (Outcome::Open, Outcome::Known(Datum::Nobody)) => {
            Outcome::known(operator == Compare::NotEqual)
        }
        (Outcome::Open, _) | (_, Outcome::Open) => Outcome::Open,
    }
}

/// A list that is looked in. One of the call is brought to the type of what is looked for, item by item.
pub(super) fn evaluate_list<'a>(list: &'a Expr, known: Known<'a>) -> Outcome<'a> {
    match list {
        Expr::As(kind, of) => strict(evaluate(of, known), |datum| convert_items(datum, *kind)),
        list => evaluate(list, known),
    }
}

fn membership<'a>(operand: &'a Expr, list: &'a Expr, known: Known<'a>) -> Outcome<'a> {
    let of = evaluate(operand, known);
    if let Expr::List(items) = list {
        return among(&of, items.iter().map(|item| evaluate(item, known)));
    }
    match evaluate_list(list, known) {
        Outcome::Known(list) => match list.items() {
            // A field is never an error, so nothing is to be found out about it.
            Some(0) if matches!(operand, Expr::Field(_)) => Outcome::known(false),
            Some(count) => among(&of, (0..count).map(|at| Outcome::Known(list.item(at)))),
            None => Outcome::Error,
        },
        Outcome::Error => Outcome::Error,
        Outcome::Open if matches!(of, Outcome::Error) => Outcome::Error,
        Outcome::Open => Outcome::Open,
    }
}

/// Whether `of` equals one of the items. An item that is an error, or does not compare, is an error unless
/// another one is equal; the list itself is made before it is searched, so an item that is an error always
/// is.
fn among<'i>(of: &Outcome<'_>, items: impl Iterator<Item = Outcome<'i>>) -> Outcome<'static> {
    let Outcome::Known(of) = of else {
        let error =
            matches!(of, Outcome::Error) || items.into_iter().any(|item| matches!(item, Outcome::Error));
        return if error { Outcome::Error } else { Outcome::Open };
    };
    let (mut found, mut unlike, mut open) = (false, false, false);
    for item in items {
        match item {
            Outcome::Error => return Outcome::Error,
            Outcome::Open => open = true,
            Outcome::Known(item) => match compare(Compare::Equal, of, &item) {
                Some(equal) => found |= equal,
                None => unlike = true,
            },
        }
    }
    match (open, found, unlike) {
        (true, ..) => Outcome::Open,
        (false, true, _) => Outcome::known(true),
        (false, false, true) => Outcome::Error,
        (false, false, false) => Outcome::known(false),
    }
}

impl From<bool> for Datum<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

fn collect<'a>(items: &'a [Expr], known: Known<'a>) -> Outcome<'a> {
    let mut values = Vec::with_capacity(items.len());
    let mut open = false;
    for item in items {
        match evaluate(item, known) {
            Outcome::Known(datum) => values.push(Value::from(datum)),
            Outcome::Error => return Outcome::Error,
            Outcome::Open => open = true,
        }
    }
    if open { Outcome::Open } else { Outcome::Known(Datum::List(Cow::Owned(values))) }
}

fn quantified<'a>(quantifier: Quantifier, body: Truth) -> Outcome<'a> {
    match (quantifier, body) {
        (Quantifier::Exists | Quantifier::ExistsOne, Truth::False) => Outcome::known(false),
        (Quantifier::All, Truth::True) => Outcome::known(true),
        // There may be no rows: then `all` holds and the others do not, whatever the condition is.
        (Quantifier::Exists | Quantifier::ExistsOne, Truth::True | Truth::Error | Truth::Open) => {
            Outcome::Open
        }
        (Quantifier::All, Truth::False | Truth::Error | Truth::Open) => Outcome::Open,
    }
}

fn each(quantifier: Quantifier, list: &Expr, body: &Expr, known: Known<'_>) -> Truth {
    let list = match evaluate(list, known) {
        Outcome::Known(list) => list,
        Outcome::Error | Outcome::Open => return Truth::Error,
    };
    let Some(count) = list.items().filter(|count| *count <= ITEMS_MAX) else { return Truth::Error };
    let truths = (0..count).map(|at| {
        let item = Item { datum: list.item(at), outer: known.item };
        evaluate(body, Known { facts: known.facts, item: Some(&item) }).truth()
    });
    match quantifier {
        Quantifier::Exists => junction(truths, Truth::True),
        Quantifier::All => junction(truths, Truth::False),
        Quantifier::ExistsOne => exactly_one(truths),
    }
}

/// Not absorbing: an error anywhere is an error.
fn exactly_one(truths: impl Iterator<Item = Truth>) -> Truth {
    let (mut found, mut open) = (0usize, false);
    for truth in truths {
        match truth {
            Truth::True => found += 1,
            Truth::False => {}
            Truth::Error => return Truth::Error,
            Truth::Open => open = true,
        }
    }
    match (open, found) {
        (true, _) => Truth::Open,
        (false, 1) => Truth::True,
        (false, _) => Truth::False,
    }
}

fn call<'a>(function: Function, operands: &'a [Expr], known: Known<'a>) -> Outcome<'a> {
    let mut outcomes = operands.iter().map(|operand| evaluate(operand, known));
    let (first, second) = (outcomes.next().unwrap_or(Outcome::Error), outcomes.next());
    match (first, second) {
        (Outcome::Error, _) | (_, Some(Outcome::Error)) => Outcome::Error,
        (Outcome::Known(of), None) => on_one(function, of).into(),
        (Outcome::Known(Datum::Text(a)), Some(Outcome::Known(Datum::Text(b)))) => {
            match (function, operands) {
                (Function::Matches, [_, Expr::Pattern(pattern)]) => Outcome::known(pattern.0.is_match(&a)),
                _ => on_texts(function, &a, &b).into(),
            }
        }
        // The record has the other operand, and this one can only be text.
        (Outcome::Open, None | Some(Outcome::Open | Outcome::Known(Datum::Text(_)))) => Outcome::Open,
        (Outcome::Known(Datum::Text(_)), Some(Outcome::Open)) => Outcome::Open,
        (Outcome::Known(_) | Outcome::Open, Some(_)) => Outcome::Error,
    }
}
