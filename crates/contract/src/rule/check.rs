//! Types: every operator gets operands that it is defined for.

mod functions;
mod operators;

use super::compile::{Awaited, Errors, Expect, Scope};
use super::evaluate::{Known, Outcome, evaluate};
use super::kind::Kind;
use super::names::Local;
use super::syntax::{Form, Node, Operator, Place};
use super::{Arithmetic, Expr, Facts, Held, Value, ValueKind, time, value};
use crate::model::KeyKind;

/// An expression with its type and its place.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    pub expr: Expr,
    pub kind: Kind,
    pub place: Place,
    /// The text of a number with a point, so that it can become an exact decimal.
    pub digits: Option<String>,
}

impl Typed {
    pub fn new(expr: Expr, kind: Kind, place: Place) -> Self {
        Self { expr, kind, place, digits: None }
    }

    pub fn bad(place: Place) -> Self {
        Self::new(Expr::Error, Kind::Bad, place)
    }

    fn on_record(&self) -> bool {
        self.expr.depends_on_record()
    }

    /// Whether it is, or may be, a list written out that the record has a part in: no database has such a value.
    pub fn is_written_list(&self) -> bool {
        let written = |expr: &Expr| matches!(expr, Expr::List(_)) && expr.depends_on_record();
        matches!(self.kind, Kind::List(_)) && self.expr.any(&written)
    }
}

/// Compiles a tree, collecting what is wrong with it.
pub(super) struct Checker<'c> {
    pub scope: &'c Scope<'c>,
    pub errors: Errors,
    /// The variables of the macros around, innermost last.
    pub locals: Vec<Local<'c>>,
    /// How many macros over rows are around.
    pub rows: u8,
    /// How many macros over lists are around.
    pub items: u8,
    /// The computed fields that were named and are not compiled yet.
    pub awaited: Vec<Awaited>,
}

/// A constant of one type written where another is needed, and why it is none: message and help.
type Unfit = (String, Option<&'static str>);

impl<'c> Checker<'c> {
    pub fn new(scope: &'c Scope<'c>, errors: Errors) -> Self {
        Self { scope, errors, locals: Vec::new(), rows: 0, items: 0, awaited: Vec::new() }
    }

    /// The whole rule, which must be what the scope expects.
    pub fn whole(&mut self, node: &Node<'c>) -> Expr {
        let ty = match self.scope.expect {
            Expect::Bool => return self.condition(node),
            Expect::Type(ty) => ty,
        };
        let expected = Kind::of(ty);
        let found = self.check(node);
        match self.fit(&found, &expected) {
            Some(Ok(expr)) => {
                let expr = match Held::of(ty, self.scope.enums) {
                    Some(held) => held.over(expr, ty, self.scope.resources),
                    None => expr,
                };
                self.constant(Typed { expr, ..found }).expr
            }
            Some(Err((message, help))) => self.fail(found.place, message, help).expr,
            None => {
                let [expected, found_kind] = [&expected, &found.kind].map(|kind| kind.describe(self.scope));
                self.fail(found.place, format!("expected {expected}, found {found_kind}"), None).expr
            }
        }
    }

    fn fail(&mut self, place: Place, message: impl Into<String>, help: Option<&str>) -> Typed {
        let error = self.errors.add(place, message);
        if let Some(help) = help {
            error.help(help);
        }
        Typed::bad(place)
    }

    pub fn written_list(&mut self, place: Place) -> Typed {
        let help = Some("write `value in [a, b]`");
        self.fail(place, "a list with fields of the record in it can only be looked in", help)
    }

    /// An expression that is true or false.
    pub fn condition(&mut self, node: &Node<'c>) -> Expr {
        let found = self.check(node);
        match found.kind {
            Kind::Bool | Kind::Dynamic | Kind::Bad => found.expr,
            kind => {
                let message = format!("expected a condition, found {}", kind.describe(self.scope));
                self.fail(node.place, message, None).expr
            }
        }
    }

    /// An expression that is a value.
    pub fn check(&mut self, node: &Node<'c>) -> Typed {
        let place = node.place;
        let bool = |expr| Typed::new(expr, Kind::Bool, place);
        let constant = |value, kind| Typed::new(Expr::Value(value), kind, place);
        match &node.form {
            Form::Bad => Typed::bad(place),
            Form::Unfinished(of) => {
                self.meaning(of);
                Typed::bad(place)
            }
            Form::Null => constant(Value::Null, Kind::Null),
            Form::Bool(value) => bool(Expr::from(*value)),
            Form::Int(value) => constant(Value::Int(*value), Kind::Int),
            Form::Double(value, digits) => {
                Typed { digits: Some(digits.clone()), ..constant(Value::Float(*value), Kind::Float) }
            }
            Form::Text(text) => constant(Value::Text(text.clone()), Kind::Text),
            Form::List(items) => self.list(items, place),
            Form::Name(_) | Form::Select(..) | Form::Index(..) => {
                let meaning = self.meaning(node);
                self.value(meaning, place)
            }
            Form::Call(word, arguments) => self.call(*word, arguments, place),
            Form::Method(of, word, arguments) => self.method(of, *word, arguments, place),
            Form::Not(of) => bool(Expr::Not(Box::new(self.condition(of)))),
            Form::Negate(of) => self.negative(of, place),
            Form::And(items) => bool(Expr::And(items.iter().map(|item| self.condition(item)).collect())),
            Form::Or(items) => bool(Expr::Or(items.iter().map(|item| self.condition(item)).collect())),
            Form::Binary(Operator::In, of, list) => self.membership(of, list, place),
            Form::Binary(Operator::Compare(operator), a, b) => {
                let (a, b) = (self.check(a), self.check(b));
                let typed = self.comparison(*operator, a, b, place);
                self.constant(typed)
            }
            Form::Binary(Operator::Arithmetic(operator), a, b) => {
                let (a, b) = (self.check(a), self.check(b));
                let typed = self.arithmetic(*operator, a, b, place);
                self.constant(typed)
            }
            Form::If(parts) => self.conditional(parts, place),
        }
    }

    fn negative(&mut self, node: &Node<'c>, place: Place) -> Typed {
        let of = self.check(node);
        let zero = match of.kind {
            Kind::Int | Kind::Bad | Kind::Dynamic => Value::Int(0),
            Kind::Float => Value::Float(0.0),
            Kind::Decimal(scale) => Value::Decimal { units: 0, scale },
            Kind::Duration => Value::Duration(0),
            ref kind => {
                let message = format!("`-` is not defined for {}", kind.describe(self.scope));
                return self.fail(place, message, None);
            }
        };
        let zero = Box::new(Expr::Value(zero));
        let kind = of.kind;
        self.constant(Typed::new(
            Expr::Arithmetic(Arithmetic::Subtract, zero, Box::new(of.expr)),
            kind,
            place,
        ))
    }

    fn conditional(&mut self, parts: &[Node<'c>; 3], place: Place) -> Typed {
        let condition = self.condition(&parts[0]);
        let (a, b) = (self.check(&parts[1]), self.check(&parts[2]));
        let Some((a, b, kind)) = self.meet(&a, &b) else {
            let [a, b] = [&a.kind, &b.kind].map(|kind| kind.describe(self.scope));
            return self.fail(place, format!("one way this is {a}, the other way {b}"), None);
        };
        if kind == Kind::Dynamic && condition.depends_on_record() {
            let help = Some("give them one: `string(…)`, `int(…)`, `double(…)`");
            return self.fail(
                place,
                "what a condition on the record chooses between needs a known type",
                help,
            );
        }
        Typed::new(Expr::If(Box::new(condition), Box::new(a), Box::new(b)), kind, place)
    }

    /// A list written out, with items of one type.
    fn list(&mut self, nodes: &[Node<'c>], place: Place) -> Typed {
        let items: Vec<Typed> = nodes.iter().map(|node| self.check(node)).collect();
        let Some(anchor) = anchor(&items).cloned() else {
            return Typed::new(
                Expr::Value(Value::List(Vec::new())),
                Kind::List(Box::new(Kind::Dynamic)),
                place,
            );
        };
        let mut exprs = Vec::new();
        for item in &items {
            match self.meet(item, &anchor) {
                Some((expr, ..)) => exprs.push(expr),
                None => {
                    let [a, b] = [&item.kind, &anchor.kind].map(|kind| kind.describe(self.scope));
                    self.fail(
                        item.place,
                        format!("the items of a list have one type, found {a} and {b}"),
                        None,
                    );
                }
            }
        }
        self.constant(Typed::new(Expr::List(exprs), Kind::List(Box::new(anchor.kind)), place))
    }

    /// The expression as `target`, when it is that or can become it without loss; `None` when the types are
    /// unlike.
    fn fit(&self, typed: &Typed, target: &Kind) -> Option<Result<Expr, Unfit>> {
        let same = || Some(Ok(typed.expr.clone()));
        let to = |kind: ValueKind| Some(Ok(Expr::As(kind, Box::new(typed.expr.clone()))));
        match (&typed.kind, target) {
            (Kind::Bad, _) | (_, Kind::Bad) | (Kind::Null, _) => same(),
            (a, b) if a == b => same(),
            (Kind::Dynamic, _) => target.of_value().and_then(to),
            (Kind::Key(a), Kind::Key(b)) if a.is_none() || b.is_none() => same(),
            (Kind::Int | Kind::Float, _) if matches!(typed.expr, Expr::Value(_)) => {
                self.number(typed, target)
            }
            (Kind::Int | Kind::Decimal(_), Kind::Decimal(scale)) if !typed.on_record() => {
                to(ValueKind::Decimal { scale: *scale })
            }
            (Kind::Text, _) => match &typed.expr {
                Expr::Value(Value::Text(text)) => self.text(text, target),
                _ => None,
            },
            _ => None,
        }
    }

    /// A constant number where another kind of number is needed.
    fn number(&self, typed: &Typed, target: &Kind) -> Option<Result<Expr, Unfit>> {
        let digits = match (&typed.expr, &typed.digits) {
            (_, Some(digits)) => digits.clone(),
            (Expr::Value(Value::Int(value)), None) => value.to_string(),
            _ => return None,
        };
        match (&typed.kind, target) {
            (Kind::Int, Kind::Float) => {
                super::lex::finite(&digits).map(|value| Ok(Expr::Value(Value::Float(value))))
            }
            (_, Kind::Decimal(scale)) => Some(match value::units(&digits, *scale) {
                Some(units) => Ok(Expr::Value(Value::Decimal { units, scale: *scale })),
                None => Err((
                    format!("`{digits}` does not fit a decimal with {scale} digits after the point"),
                    None,
                )),
            }),
            _ => None,
        }
    }

    /// A constant text where something that is written as text is needed.
    fn text(&self, text: &str, target: &Kind) -> Option<Result<Expr, Unfit>> {
        let stored = |stored: Option<String>, what: &str, help: &'static str| {
            let value = stored.map(|text| Expr::Value(Value::Text(text)));
            Some(value.ok_or_else(|| (format!("{text:?} is not {what}"), Some(help))))
        };
        match target {
            Kind::Enum(id) => Some(self.enum_value(text, *id)),
            Kind::Date => stored(time::date(text), "a date", "write it as `2026-11-22`"),
            Kind::Time => stored(time::time(text), "a time of day", "write it as `18:32:34`"),
            Kind::Timestamp => Some(Err((
                "expected a timestamp, found text".to_owned(),
                Some("write `timestamp(\"2026-11-22T18:32:34Z\")`"),
            ))),
            Kind::Duration => {
                Some(Err(("expected a duration, found text".to_owned(), Some("write `duration(\"1h30m\")`"))))
            }
            Kind::Key(Some(id)) if self.scope.resources[id.index()].key_kind == KeyKind::Integer => stored(
                text.parse::<i64>().ok().map(|key| key.to_string()),
                "a key: these are integers",
                "write it as `'42'`",
            ),
            Kind::Key(_) => Some(Ok(Expr::Value(Value::Text(text.to_owned())))),
            _ => None,
        }
    }

    fn enum_value(&self, text: &str, id: crate::model::EnumId) -> Result<Expr, Unfit> {
        let found = &self.scope.enums[id.index()];
        if found.values.iter().any(|value| value.name == text) {
            return Ok(Expr::Value(Value::Text(text.to_owned())));
        }
        Err((format!("the enum `{}` has no value {text:?}", found.name), None))
    }

    /// Two expressions at one type; `None` when their types are unlike. What else is wrong is reported.
    fn meet(&mut self, a: &Typed, b: &Typed) -> Option<(Expr, Expr, Kind)> {
        let fitted = match self.fit(b, &a.kind) {
            Some(expr) => {
                expr.map(|expr| (a.expr.clone(), expr, a.kind.clone())).map_err(|unfit| (b, &a.kind, unfit))
            }
            None => match self.fit(a, &b.kind)? {
                Ok(expr) => Ok((expr, b.expr.clone(), b.kind.clone())),
                Err(unfit) => Err((a, &b.kind, unfit)),
            },
        };
        match fitted {
            Ok((_, _, Kind::Null)) => Some((a.expr.clone(), b.expr.clone(), b.kind.clone())),
            Ok(met) => Some(met),
            Err((wrong, target, (message, help))) => {
                self.unfit(wrong, target, message, help);
                Some((Expr::Error, Expr::Error, Kind::Bad))
            }
        }
    }

    fn unfit(&mut self, wrong: &Typed, target: &Kind, message: String, help: Option<&str>) {
        self.fail(wrong.place, message, help);
        let (Kind::Enum(id), Expr::Value(Value::Text(text))) = (target, &wrong.expr) else { return };
        let values = &self.scope.enums[id.index()].values;
        self.errors.suggest_last(text, values.iter().map(|value| value.name.as_str()));
    }

    /// The expression, calculated when it is made of constants only.
    fn constant(&mut self, typed: Typed) -> Typed {
        let changing = |expr: &Expr| {
            matches!(
                expr,
                Expr::Caller(_) | Expr::Now | Expr::Argument(..) | Expr::Message(_) | Expr::Item(..)
            ) || matches!(expr, Expr::Field(_) | Expr::Count(_) | Expr::Quantified { .. } | Expr::Error)
        };
        if typed.expr.any(&changing) || typed.kind == Kind::Bad || matches!(typed.expr, Expr::Value(_)) {
            return typed;
        }
        let nothing = Value::Null;
        let facts = Facts {
            caller_id: None,
            roles: &[],
            scopes: &[],
            claims: &nothing,
            now: "",
            arguments: &[],
            message: None,
        };
        match evaluate(&typed.expr, Known { facts: &facts, item: None }) {
            Outcome::Known(datum) => Typed { expr: Expr::Value(datum.into()), ..typed },
            Outcome::Error | Outcome::Open => {
                let (message, help) = functions::always_wrong(&typed.expr);
                self.fail(typed.place, message, help)
            }
        }
    }
}

/// The item whose type the others are brought to: one that is neither a constant nor found out at run time.
fn anchor(items: &[Typed]) -> Option<&Typed> {
    let certain = |item: &&Typed| !matches!(item.expr, Expr::Value(_)) && item.kind != Kind::Dynamic;
    let known = |item: &&Typed| item.kind != Kind::Null;
    items.iter().find(certain).or_else(|| items.iter().find(known)).or(items.first())
}
