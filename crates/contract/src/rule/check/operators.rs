//! Comparisons, membership and arithmetic.

use super::super::kind::Kind;
use super::super::names::Meaning;
use super::super::syntax::{Form, Node, Place};
use super::super::{Arithmetic, Compare, Expr, Function, ValueKind};
use super::{Checker, Typed, anchor};
use crate::model::KeyKind;

impl<'c> Checker<'c> {
    pub(super) fn comparison(&mut self, operator: Compare, a: Typed, b: Typed, place: Place) -> Typed {
        let symbol = operator.symbol();
        let Some((left, right)) = self.comparable(&a, &b) else {
            let [a, b] = [&a.kind, &b.kind].map(|kind| kind.describe(self.scope));
            return self.fail(place, format!("`{symbol}` cannot compare {a} with {b}"), None);
        };
        let equality = matches!(operator, Compare::Equal | Compare::NotEqual);
        let kinds = [&a.kind, &b.kind];
        let refused = if equality {
            let null = kinds.contains(&&Kind::Null);
            kinds.into_iter().find(|kind| !null && !kind.has_equality())
        } else {
            kinds.into_iter().find(|kind| !kind.has_order())
        };
        if [&a, &b].into_iter().any(Typed::is_written_list) {
            return self.written_list(place);
        }
        if let Some(kind) = refused {
            let help = if equality { Some("it can only be compared with null") } else { None };
            let message = format!("`{symbol}` is not defined for {}", kind.describe(self.scope));
            return self.fail(place, message, help);
        }
        Typed::new(Expr::Compare(operator, Box::new(left), Box::new(right)), Kind::Bool, place)
    }

    /// Two expressions as they can be compared; `None` when they cannot.
    fn comparable(&mut self, a: &Typed, b: &Typed) -> Option<(Expr, Expr)> {
        let number = |typed: &Typed| Expr::As(ValueKind::Number, Box::new(typed.expr.clone()));
        let constant = |typed: &Typed| matches!(typed.expr, Expr::Value(_));
        let alike = match (&a.kind, &b.kind) {
            (Kind::Dynamic, Kind::Int | Kind::Float) => return Some((number(a), b.expr.clone())),
            (Kind::Int | Kind::Float, Kind::Dynamic) => return Some((a.expr.clone(), number(b))),
            // A constant integer becomes a double; any other is compared with one exactly.
            (Kind::Int, Kind::Float) => !constant(a),
            (Kind::Float, Kind::Int) => !constant(b),
            (Kind::Decimal(_), Kind::Decimal(_)) => !a.on_record() && !b.on_record(),
            (Kind::Text, Kind::Enum(_)) => !constant(a),
            (Kind::Enum(_), Kind::Text) => !constant(b),
            (Kind::Text, Kind::Key(_)) => self.text_meets_key(a, &b.kind),
            (Kind::Key(_), Kind::Text) => self.text_meets_key(b, &a.kind),
            _ => false,
        };
        if alike {
            return Some((a.expr.clone(), b.expr.clone()));
        }
        self.meet(a, b).map(|(a, b, _)| (a, b))
    }

    /// Keys that are integers are kept as integers, so a text column never equals one.
    fn text_meets_key(&self, text: &Typed, key: &Kind) -> bool {
        let integers =
            |id: &crate::model::ResourceId| self.scope.resources[id.index()].key_kind == KeyKind::Integer;
        let constant = matches!(text.expr, Expr::Value(_));
        !constant && (!text.on_record() || !matches!(key, Kind::Key(Some(id)) if integers(id)))
    }

    pub(super) fn membership(&mut self, node: &Node<'c>, list: &Node<'c>, place: Place) -> Typed {
        let of = self.check(node);
        let within = match &list.form {
            Form::List(items) => return self.among(of, items, place),
            Form::Name(_) | Form::Select(..) | Form::Index(..) => {
                let meaning = self.meaning(list);
                if let Meaning::Rows(row, field, _) = &meaning {
                    let help = self.rows_help(row, *field, node);
                    return self.fail(list.place, "`in` needs a list of values, found rows", Some(&help));
                }
                self.value(meaning, list.place)
            }
            _ => self.check(list),
        };
        let item = match &within.kind {
            Kind::List(kind) => (**kind).clone(),
            Kind::Dynamic | Kind::Bad => within.kind.clone(),
            kind => {
                let message = format!("`in` needs a list, found {}", kind.describe(self.scope));
                return self.fail(list.place, message, None);
            }
        };
        let items = Typed { kind: item, ..within };
        let found = self.comparison(Compare::Equal, of, items, place);
        match found.expr {
            Expr::Compare(_, of, list) => self.constant(Typed::new(Expr::In(of, list), Kind::Bool, place)),
            _ => Typed::bad(place),
        }
    }

    fn rows_help(
        &self,
        row: &super::super::names::Row,
        field: crate::model::FieldId,
        of: &Node<'c>,
    ) -> String {
        let path = self.path(row, field);
        let resource = path.hops.iter().fold(path.resource, |resource, hop| {
            self.scope.resources[resource.index()].field(*hop).target().unwrap_or(resource)
        });
        let relation = &self.scope.resources[resource.index()].field(field).name;
        match of.form {
            Form::Name(name) => format!("write `{relation}.exists(x, x == {name})`"),
            _ => format!("write `{relation}.exists(x, x == …)`"),
        }
    }

    /// `of in [a, b]`
    fn among(&mut self, of: Typed, nodes: &[Node<'c>], place: Place) -> Typed {
        let mut all = vec![of];
        all.extend(nodes.iter().map(|node| self.check(node)));
        let anchor = anchor(&all).expect("there is at least the operand").clone();
        let mut exprs = Vec::new();
        for typed in all {
            let pair = self.comparison(Compare::Equal, typed, anchor.clone(), place);
            match pair.expr {
                Expr::Compare(_, expr, _) => exprs.push(*expr),
                _ => return Typed::bad(place),
            }
        }
        let of = exprs.remove(0);
        self.constant(Typed::new(Expr::In(Box::new(of), Box::new(Expr::List(exprs))), Kind::Bool, place))
    }

    pub(super) fn arithmetic(&mut self, operator: Arithmetic, a: Typed, b: Typed, place: Place) -> Typed {
        if let Some(typed) = self.time_arithmetic(operator, &a, &b, place) {
            return typed;
        }
        let made = |a: Expr, b: Expr, kind| {
            Typed::new(Expr::Arithmetic(operator, Box::new(a), Box::new(b)), kind, place)
        };
        let int = |typed: &Typed| Expr::As(ValueKind::Int, Box::new(typed.expr.clone()));
        match (operator, &a.kind, &b.kind) {
            (Arithmetic::Multiply, Kind::Decimal(_), Kind::Int) => return made(a.expr, b.expr, a.kind),
            (Arithmetic::Multiply, Kind::Int, Kind::Decimal(_)) => return made(a.expr, b.expr, b.kind),
            (Arithmetic::Multiply, Kind::Decimal(_), Kind::Dynamic) => {
                return made(a.expr.clone(), int(&b), a.kind);
            }
            (Arithmetic::Multiply, Kind::Dynamic, Kind::Decimal(_)) => return made(int(&a), b.expr, b.kind),
            _ => {}
        }
        let met = self.meet(&a, &b);
        match met {
            Some((_, _, Kind::Bad)) => Typed::bad(place),
            Some((left, right, Kind::Text))
                if operator == Arithmetic::Add && ![&a.kind, &b.kind].contains(&&Kind::Null) =>
            {
                Typed::new(Expr::Call(Function::Concat, vec![left, right]), Kind::Text, place)
            }
            Some((left, right, kind))
                if defined(operator, &kind) && ![&a.kind, &b.kind].contains(&&Kind::Null) =>
            {
                made(left, right, kind)
            }
            _ => {
                let [left, right] = [&a.kind, &b.kind].map(|kind| kind.describe(self.scope));
                self.fail(
                    place,
                    format!("`{}` is not defined for {left} and {right}", operator.symbol()),
                    None,
                )
            }
        }
    }

    /// Timestamps with durations. `None` when it is about something else.
    fn time_arithmetic(&mut self, operator: Arithmetic, a: &Typed, b: &Typed, place: Place) -> Option<Typed> {
        let (kind, help) = match (operator, &a.kind, &b.kind) {
            (Arithmetic::Add, Kind::Timestamp, Kind::Duration)
            | (Arithmetic::Add, Kind::Duration, Kind::Timestamp) => {
                (Kind::Timestamp, "take the duration from the other side: `created > now - duration(\"1h\")`")
            }
            (Arithmetic::Subtract, Kind::Timestamp, Kind::Duration) => {
                (Kind::Timestamp, "add the duration to the other side: `created < now + duration(\"1h\")`")
            }
            (Arithmetic::Subtract, Kind::Timestamp, Kind::Timestamp) => {
                (Kind::Duration, "compare timestamps: `created > now - duration(\"1h\")`")
            }
            _ => return None,
        };
        if a.on_record() || b.on_record() {
            return Some(self.fail(
                place,
                "the record's times are compared, not calculated with",
                Some(help),
            ));
        }
        let expr = Expr::Arithmetic(operator, Box::new(a.expr.clone()), Box::new(b.expr.clone()));
        Some(Typed::new(expr, kind, place))
    }
}

/// Whether an operator is defined for two operands of this type.
fn defined(operator: Arithmetic, kind: &Kind) -> bool {
    match operator {
        Arithmetic::Add | Arithmetic::Subtract => {
            matches!(kind, Kind::Int | Kind::Float | Kind::Decimal(_) | Kind::Duration | Kind::Dynamic)
        }
        Arithmetic::Multiply | Arithmetic::Divide => matches!(kind, Kind::Int | Kind::Float | Kind::Dynamic),
        Arithmetic::Remainder => matches!(kind, Kind::Int | Kind::Dynamic),
    }
}
