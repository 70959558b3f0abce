//! A rule after partial evaluation becomes a predicate over the row.
//!
//! Compiled rules are in the form whose plain reading in SQL is true exactly where the rule is (`Expr::normal`): `==`
//! takes null as a value, everything else is null where an operand is, and an error is null. So this is a plain
//! reading, and the only thing decided here is how a constant is kept.

use crate::select::Params;
use contract::rule::{Arithmetic, Expr, Facts, FieldPath, Function, Reduced, State, Value as RuleValue};
use contract::{Compare, Contract, FieldId, KeyKind, ResourceId};
use store::{Column, Operand, Predicate, TextTest};
use wire::Value;

/// Equals no integer key, and no database takes it for a number.
const NO_KEY: &str = "no key";

/// What plain names mean once a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plain {
    /// The row as it is now.
    AsItIs,
    /// The row as it was.
    AsItWas,
}

/// Translates with the parameters of one plan.
pub(crate) struct Translate<'a> {
    pub contract: &'a Contract,
    pub params: &'a mut Params,
}

impl Translate<'_> {
    /// A reduced rule.
    pub fn reduced(&mut self, reduced: &Reduced) -> Predicate {
        match reduced {
            Reduced::Always => Predicate::True,
            Reduced::Never => Predicate::False,
            Reduced::Depends(expr) => self.predicate(expr),
        }
    }

    /// A computed field's value.
    pub fn computed(&mut self, expr: &Expr, facts: &Facts<'_>) -> Operand {
        self.operand(&expr.fold(facts)).unwrap_or(Operand::Null)
    }

    /// An expression that is true, false or unknown.
    pub fn predicate(&mut self, expr: &Expr) -> Predicate {
        match expr {
            Expr::Value(RuleValue::Bool(true)) => Predicate::True,
            Expr::Value(RuleValue::Bool(false)) => Predicate::False,
            Expr::Not(inner) => not(self.predicate(inner)),
            Expr::And(parts) => all(parts.iter().map(|e| self.predicate(e)).collect()),
            Expr::Or(parts) => any(parts.iter().map(|e| self.predicate(e)).collect()),
            Expr::Compare(operator, left, right) => self.compare(*operator, left, right),
            Expr::In(item, list) => self.membership(item, list),
            Expr::If(condition, then, otherwise) => self.conditional(condition, then, otherwise),
            Expr::Field(path) => self.truth(path),
            Expr::Call(function, arguments) => self.test(*function, arguments),
            Expr::Quantified { quantifier, over, target: _, body } => {
                let filter = Box::new(self.predicate(body));
                Predicate::Related { quantifier: *quantifier, over: column(over), filter }
            }
            Expr::Value(_) | Expr::List(_) | Expr::Arithmetic(..) | Expr::Count(_) | Expr::Error => {
                Predicate::Unknown
            }
            // Folded away by partial evaluation; if one is left it is not known, so it is not true.
            Expr::Caller(_) | Expr::Now | Expr::Argument(..) | Expr::Message(_) | Expr::Item(..) => {
                Predicate::Unknown
            }
            // A value that is no condition: what is held is never a boolean.
            Expr::As(..) | Expr::Held(..) | Expr::Pattern(_) | Expr::Each { .. } => Predicate::Unknown,
        }
    }

    /// A field of the row, as it is or as it was before the change.
    fn field(&mut self, path: &FieldPath) -> Operand {
        match path.state {
            State::Asked | State::New => Operand::Column(column(path)),
            State::Old => {
                // What is kept is found from the row itself, whatever macros are around.
                let of = Operand::Column(Column { scope: 0, ..column(path) });
                Operand::Param(self.params.keep(of))
            }
        }
    }

    /// What a rule for updates asks when the change is made, of the row as it is or as it was.
    pub fn after_change(&mut self, expr: &Expr, plain: Plain) -> Predicate {
        match expr {
            Expr::And(parts) => all(parts.iter().map(|e| self.after_change(e, plain)).collect()),
            Expr::Or(parts) => any(parts.iter().map(|e| self.after_change(e, plain)).collect()),
            atom if plain == Plain::AsItIs || atom.names_states() => self.predicate(atom),
            atom => match self.predicate(atom) {
                decided @ (Predicate::True | Predicate::False | Predicate::Unknown) => decided,
                held => {
                    let held = self.params.keep(Operand::Test(Box::new(held)));
                    Predicate::SqlCompare(Compare::Equal, Operand::Param(held), Operand::Bool(true))
                }
            },
        }
    }

    /// A boolean field: null is unknown.
    fn truth(&mut self, path: &FieldPath) -> Predicate {
        Predicate::SqlCompare(Compare::Equal, self.field(path), Operand::Bool(true))
    }

    fn conditional(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Predicate {
        let condition = self.predicate(condition);
        let opposite = not(condition.clone());
        let (then, otherwise) = (self.predicate(then), self.predicate(otherwise));
        any(vec![all(vec![condition, then]), all(vec![opposite, otherwise])])
    }

    fn compare(&mut self, operator: Compare, left: &Expr, right: &Expr) -> Predicate {
        let equality = matches!(operator, Compare::Equal | Compare::NotEqual);
        if let (Expr::Value(RuleValue::Null), other) | (other, Expr::Value(RuleValue::Null)) = (left, right) {
            return if equality { self.compare_null(operator, other) } else { Predicate::Unknown };
        }
        let (Some(a), Some(b)) = (self.compared(left, right), self.compared(right, left)) else {
            return Predicate::Unknown;
        };
        if equality { Predicate::Compare(operator, a, b) } else { Predicate::SqlCompare(operator, a, b) }
    }

    fn compare_null(&mut self, operator: Compare, other: &Expr) -> Predicate {
        let is_null = match other {
            Expr::Value(RuleValue::Null) => Predicate::True,
            Expr::Value(_) => Predicate::False,
            Expr::Field(path) if self.is_required(path) => Predicate::False,
            _ => match self.operand(other) {
                None => return Predicate::Unknown,
                Some(operand) => Predicate::IsNull(operand),
            },
        };
        if operator == Compare::Equal { is_null } else { not(is_null) }
    }

    /// Whether a path always ends in a value: every record on the way is there, and the field is never null.
    fn is_required(&self, path: &FieldPath) -> bool {
        let mut at = path.resource;
        for hop in &path.hops {
            let field = self.contract.resource(at).field(*hop);
            let Some(target) = field.target().filter(|_| field.ty.required) else { return false };
            if self.contract.resource(target).soft_delete {
                return false;
            }
            at = target;
        }
        self.contract.resource(at).field(path.field).ty.required
    }

    /// A side of a comparison. A key that is kept as an integer is a text beside another field: it is compared with an
    /// integer only where that is a key of the same resource.
    fn compared(&mut self, side: &Expr, other: &Expr) -> Option<Operand> {
        let operand = self.operand_like(side, other)?;
        let is_constant = matches!(other, Expr::Value(_));
        Some(match self.is_integer(side) && !is_constant && !self.is_integer(other) {
            true => Operand::KeyText(Box::new(operand)),
            false => operand,
        })
    }

    fn membership(&mut self, item: &Expr, list: &Expr) -> Predicate {
        let Some(operand) = self.operand(item) else {
            return Predicate::Unknown;
        };
        match list {
            Expr::Field(path) => {
                let of = match self.is_integer(item) {
                    true => Operand::KeyText(Box::new(operand)),
                    false => operand,
                };
                Predicate::InColumn { of, list: self.field(path), column: column(path) }
            }
            Expr::Value(RuleValue::List(values)) => {
                let values: Vec<Value> =
                    values.iter().map(|v| self.constant(v, Some(item)).unwrap_or(Value::Null)).collect();
                self.among(operand, values)
            }
            Expr::List(items) => {
                let operands: Option<Vec<Operand>> =
                    items.iter().map(|e| self.operand_like(e, item)).collect();
                operands.map_or(Predicate::Unknown, |operands| Predicate::InOperands(operand, operands))
            }
            // Not lists, or folded away by partial evaluation (`Expr::normal` asks for each list that a condition on the
            // record chooses by itself).
            Expr::Value(_) | Expr::Error | Expr::If(..) | Expr::Count(_) | Expr::Held(..) => {
                Predicate::Unknown
            }
            Expr::Caller(_) | Expr::Now | Expr::Argument(..) | Expr::Message(_) | Expr::Item(..) => {
                Predicate::Unknown
            }
            Expr::As(..) | Expr::Pattern(_) | Expr::Each { .. } | Expr::Quantified { .. } => {
                Predicate::Unknown
            }
            Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Compare(..) | Expr::In(..) => {
                Predicate::Unknown
            }
            Expr::Arithmetic(..) | Expr::Call(..) => Predicate::Unknown,
        }
    }

    /// Among values of the call. Doubles are not read from text once more.
    fn among(&mut self, operand: Operand, values: Vec<Value>) -> Predicate {
        if values.iter().any(|value| matches!(value, Value::Float(_))) {
            let values = values.into_iter().map(|value| Operand::Param(self.params.push(value)));
            return Predicate::InOperands(operand, values.collect());
        }
        Predicate::InList(operand, self.params.push(Value::Text(Value::List(values).json_text())))
    }

    fn test(&mut self, function: Function, arguments: &[Expr]) -> Predicate {
        let test = match function {
            Function::StartsWith => TextTest::StartsWith,
            Function::EndsWith => TextTest::EndsWith,
            Function::Contains => TextTest::Contains,
            Function::Matches => TextTest::Matches,
            Function::Size | Function::LowerAscii | Function::UpperAscii | Function::Concat => {
                return Predicate::Unknown;
            }
            Function::Timestamp | Function::Duration => return Predicate::Unknown,
            Function::Int | Function::Double | Function::String => return Predicate::Unknown,
        };
        match arguments {
            [text, part] => match (self.operand(text), self.operand(part)) {
                (Some(text), Some(part)) => Predicate::Text(test, text, part),
                _ => Predicate::Unknown,
            },
            _ => Predicate::Unknown,
        }
    }

    /// A scalar; `None` for an error.
    fn operand(&mut self, expr: &Expr) -> Option<Operand> {
        self.operand_like(expr, expr)
    }

    /// A scalar in the stored form of what it is compared with.
    fn operand_like(&mut self, expr: &Expr, like: &Expr) -> Option<Operand> {
        match expr {
            Expr::Value(RuleValue::Null | RuleValue::Nobody) => Some(Operand::Null),
            Expr::Value(RuleValue::Bool(b)) => Some(Operand::Bool(*b)),
            Expr::Value(value) => {
                let constant = self.constant(value, Some(like))?;
                Some(Operand::Param(self.params.push(constant)))
            }
            Expr::Field(path) => Some(self.field(path)),
            Expr::Count(path) => Some(Operand::Count(column(path))),
            Expr::Arithmetic(operator, left, right) => self.arithmetic(*operator, left, right),
            Expr::Call(Function::Size, arguments) => self.function(Operand::Size, arguments),
            Expr::Call(Function::LowerAscii, arguments) => self.function(Operand::Lower, arguments),
            Expr::Call(Function::UpperAscii, arguments) => self.function(Operand::Upper, arguments),
            Expr::If(condition, then, otherwise) => {
                let condition = self.predicate(condition);
                // A side that is an error is null; the other one may be taken.
                let mut side = |of: &Expr| self.operand_like(of, like).unwrap_or(Operand::Null);
                let (then, otherwise) = (side(then), side(otherwise));
                Some(Operand::If(Box::new(condition), Box::new(then), Box::new(otherwise)))
            }
            Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Compare(..) | Expr::In(..) => {
                self.as_boolean(expr)
            }
            Expr::Quantified { .. } => self.as_boolean(expr),
            Expr::Call(Function::Concat, arguments) => match arguments.as_slice() {
                [a, b] => Some(Operand::Concat(Box::new(self.operand(a)?), Box::new(self.operand(b)?))),
                _ => None,
            },
            Expr::Call(
                Function::StartsWith | Function::EndsWith | Function::Contains | Function::Matches,
                _,
            ) => self.as_boolean(expr),
            Expr::Held(held, of) => Some(Operand::Held(held.clone(), Box::new(self.operand(of)?))),
            Expr::Pattern(pattern) => {
                Some(Operand::Param(self.params.push(Value::Text(pattern.as_str().to_owned()))))
            }
            // Conversions, lists and what partial evaluation folds away: if one is left, its value is not known.
            Expr::Call(
                Function::Timestamp
                | Function::Duration
                | Function::Int
                | Function::Double
                | Function::String,
                _,
            ) => None,
            Expr::List(_)
            | Expr::Error
            | Expr::Caller(_)
            | Expr::Now
            | Expr::Argument(..)
            | Expr::Message(_) => None,
            Expr::Item(..) | Expr::As(..) | Expr::Each { .. } => None,
        }
    }

    fn as_boolean(&mut self, expr: &Expr) -> Option<Operand> {
        Some(Operand::Test(Box::new(self.predicate(expr))))
    }

    fn function(&mut self, make: fn(Box<Operand>) -> Operand, arguments: &[Expr]) -> Option<Operand> {
        match arguments {
            [only] => Some(make(Box::new(self.operand(only)?))),
            _ => None,
        }
    }

    fn arithmetic(&mut self, operator: Arithmetic, left: &Expr, right: &Expr) -> Option<Operand> {
        let (a, b) = (self.operand_like(left, right)?, self.operand_like(right, left)?);
        Some(Operand::Arithmetic(operator, Box::new(a), Box::new(b)))
    }

    /// The resource that the last hop of a path leads to.
    fn resource_at(&self, path: &FieldPath) -> Option<ResourceId> {
        path.hops.iter().try_fold(path.resource, |at, hop| self.contract.resource(at).field(*hop).target())
    }

    /// A constant in stored form: keys of integer resources are integers there, texts in rules.
    fn constant(&self, value: &RuleValue, like: Option<&Expr>) -> Option<Value> {
        Some(match value {
            RuleValue::Null | RuleValue::Nobody => Value::Null,
            RuleValue::Bool(b) => Value::Bool(*b),
            RuleValue::Int(i) => Value::Int(*i),
            RuleValue::Float(f) => Value::Float(*f),
            RuleValue::Decimal { units, .. } => Value::Int(*units),
            RuleValue::Duration(micros) => Value::Int(*micros),
            RuleValue::Text(text) => match like.is_some_and(|like| self.is_integer(like)) {
                true => integer_key(text),
                false => Value::Text(text.clone()),
            },
            RuleValue::List(_) | RuleValue::Map(_) => return None,
        })
    }

    /// Whether an expression is a key that is kept as an integer.
    fn is_integer(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Field(path) => self.is_integer_key(path),
            _ => false,
        }
    }

    fn is_integer_key(&self, path: &FieldPath) -> bool {
        let is_integer = |id: ResourceId| self.contract.resource(id).key_kind == KeyKind::Integer;
        self.resource_at(path).is_some_and(|at| {
            let resource = self.contract.resource(at);
            let points_to: Option<ResourceId> = resource.field(path.field).target();
            points_to.map_or(path.field == resource.key && is_integer(at), is_integer)
        })
    }
}

/// All hold; what is known already is folded, so that a rule that cannot hold is seen before it is asked.
fn all(mut parts: Vec<Predicate>) -> Predicate {
    if parts.contains(&Predicate::False) {
        return Predicate::False;
    }
    parts.retain(|part| *part != Predicate::True);
    match parts.len() {
        0 => Predicate::True,
        1 => parts.remove(0),
        _ => Predicate::And(parts),
    }
}

/// Some holds; folded likewise.
fn any(mut parts: Vec<Predicate>) -> Predicate {
    if parts.contains(&Predicate::True) {
        return Predicate::True;
    }
    parts.retain(|part| *part != Predicate::False);
    match parts.len() {
        0 => Predicate::False,
        1 => parts.remove(0),
        _ => Predicate::Or(parts),
    }
}

fn not(inner: Predicate) -> Predicate {
    match inner {
        Predicate::True => Predicate::False,
        Predicate::False => Predicate::True,
        other => Predicate::Not(Box::new(other)),
    }
}

/// A key as text is the one way of writing an integer that the server writes: who is called `01`, `+1` or `1.0` is not
/// who is called `1`. Any other text is no key of the resource, and equals none: the database must not be given it,
/// because it would take `1.0` for 1 beside an integer column.
fn integer_key(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(key) if key.to_string() == text => Value::Int(key),
        Ok(_) | Err(_) => Value::Text(NO_KEY.to_owned()),
    }
}

fn column(path: &FieldPath) -> Column {
    let hops: Vec<FieldId> = path.hops.clone();
    Column { scope: path.scope, resource: path.resource, hops, field: path.field }
}
