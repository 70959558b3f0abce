//! Two interpreters that share nothing with the product: CEL's meaning of an expression, with the facts at
//! hand, and what a database makes of what is left of it.

use super::world::{Row, World};
use contract::rule::sample::{POST, Sample};
use contract::rule::{CallerPart, Facts, Held, Value, ValueKind};
use contract::{Arithmetic, Compare, Expr, FieldPath, Function, Quantifier, ResourceId};

/// An error is `None`.
type Result = Option<Value>;

pub struct Interpreter<'a> {
    pub sample: &'a Sample,
    pub world: &'a World,
    pub facts: &'a Facts<'a>,
    /// The records in scope with their resources, outermost first.
    pub rows: Vec<(ResourceId, &'a Row)>,
    /// The items of the macros over lists, outermost first.
    pub items: Vec<Value>,
}

impl<'a> Interpreter<'a> {
    pub fn new(sample: &'a Sample, world: &'a World, facts: &'a Facts<'a>) -> Self {
        Self { sample, world, facts, rows: vec![(POST, world.judged())], items: Vec::new() }
    }

    fn reached(&self, path: &FieldPath) -> Option<(ResourceId, &'a Row)> {
        let (resource, row) = self.rows[self.rows.len() - 1 - usize::from(path.scope)];
        assert_eq!(resource, path.resource, "the path begins at the record in scope");
        self.world.follow(self.sample, resource, row, &path.hops)
    }

    fn field(&self, path: &FieldPath) -> Value {
        self.reached(path).map_or(Value::Null, |(_, row)| row[path.field.index()].clone())
    }

    fn related(&self, path: &FieldPath) -> Vec<&'a Row> {
        self.reached(path)
            .map_or(Vec::new(), |(resource, row)| self.world.related(self.sample, resource, row, path.field))
    }

    fn on_rows<T>(
        &mut self,
        over: &FieldPath,
        target: ResourceId,
        mut test: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let mut results = Vec::new();
        for row in self.related(over) {
            self.rows.push((target, row));
            results.push(test(self));
            self.rows.pop();
        }
        results
    }

    /// CEL: null is a value, errors are absorbed by `&&`, `||` and the macros.
    pub fn cel(&mut self, expr: &Expr) -> Result {
        match expr {
            Expr::Value(value) => Some(value.clone()),
            Expr::Caller(CallerPart::Id) => {
                Some(self.facts.caller_id.map_or(Value::Nobody, |id| Value::Text(id.to_owned())))
            }
            Expr::Caller(CallerPart::Roles) => {
                Some(Value::List(self.facts.roles.iter().cloned().map(Value::Text).collect()))
            }
            Expr::Caller(CallerPart::Claim(path)) => match (self.facts.claims, path.as_slice()) {
                (Value::Map(members), [name]) => {
                    members.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
                }
                _ => panic!("not made"),
            },
            Expr::Argument(at, _) => self.facts.arguments.get(usize::from(*at)).cloned(),
            Expr::Item(level, _) => Some(self.items[self.items.len() - 1 - usize::from(*level)].clone()),
            Expr::As(kind, of) => self.cel(of).and_then(|value| converted(value, *kind)),
            Expr::Field(path) => Some(self.field(path)),
            Expr::Count(path) => Some(Value::Int(self.related(path).len() as i64)),
            Expr::Not(of) => truth(self.cel(of)).map(|value| Value::Bool(!value)),
            Expr::And(items) => all(items.iter().map(|item| truth(self.cel(item))).collect()),
            Expr::Or(items) => some(items.iter().map(|item| truth(self.cel(item))).collect()),
            Expr::Compare(operator, a, b) => {
                let literal = [a, b].into_iter().any(|side| **side == Expr::Value(Value::Null));
                let (a, b) = (self.cel(a)?, self.cel(b)?);
                let as_null = |v: Value| if literal && v == Value::Nobody { Value::Null } else { v };
                let (a, b) = (as_null(a), as_null(b));
                let null = [&a, &b].into_iter().any(|side| matches!(side, Value::Null | Value::Nobody));
                match operator {
                    Compare::Equal => Some(Value::Bool(same(&a, &b))),
                    Compare::NotEqual => Some(Value::Bool(!same(&a, &b))),
                    _ if null => None,
                    _ => Some(Value::Bool(ordered(*operator, &a, &b))),
                }
            }
            Expr::In(of, list) => {
                let of = self.cel(of)?;
                let list = match &**list {
                    Expr::As(kind, list) => self.cel(list).and_then(|list| converted_items(list, *kind))?,
                    list => self.cel(list)?,
                };
                let Value::List(items) = list else { return None };
                Some(Value::Bool(items.iter().any(|item| same(item, &of))))
            }
            Expr::List(items) => {
                items.iter().map(|item| self.cel(item)).collect::<Option<_>>().map(Value::List)
            }
            Expr::If(condition, a, b) => {
                if truth(self.cel(condition))? {
                    self.cel(a)
                } else {
                    self.cel(b)
                }
            }
            Expr::Arithmetic(operator, a, b) => calculated(*operator, self.cel(a)?, self.cel(b)?),
            Expr::Call(function, operands) => {
                let operands =
                    operands.iter().map(|operand| self.cel(operand)).collect::<Option<Vec<_>>>()?;
                called(*function, &operands)
            }
            Expr::Quantified { quantifier, over, target, body } => {
                let results = self.on_rows(over, *target, |this| truth(this.cel(body)));
                quantified(*quantifier, results)
            }
            // Made only over what is never null.
            Expr::Held(held, of) => self.cel(of).filter(|value| is_of(held, value)),
            Expr::Each { quantifier, list, body } => {
                let Value::List(items) = self.cel(list)? else { return None };
                let mut results = Vec::new();
                for item in items {
                    self.items.push(item);
                    results.push(truth(self.cel(body)));
                    self.items.pop();
                }
                quantified(*quantifier, results)
            }
            Expr::Error => None,
            Expr::Caller(_) | Expr::Now | Expr::Message(_) | Expr::Pattern(_) => panic!("not made"),
        }
    }

    /// SQL: null and error are one NULL, `==` is `IS`, macros are `EXISTS` and counts. Facts are gone.
    pub fn sql(&mut self, expr: &Expr) -> Value {
        let known = |value: Value| if value == Value::Null { None } else { Some(value) };
        match expr {
            Expr::Value(Value::Nobody) => Value::Null,
            Expr::Value(value) => value.clone(),
            Expr::Error => Value::Null,
            Expr::Field(path) => self.field(path),
            Expr::Count(path) => Value::Int(self.related(path).len() as i64),
            Expr::Not(of) => match self.sql(of) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Null,
            },
            Expr::And(items) => {
                all(items.iter().map(|item| truth(known(self.sql(item)))).collect()).unwrap_or(Value::Null)
            }
            Expr::Or(items) => {
                some(items.iter().map(|item| truth(known(self.sql(item)))).collect()).unwrap_or(Value::Null)
            }
            Expr::Compare(operator, a, b) => {
                let (a, b) = (self.sql(a), self.sql(b));
                match operator {
                    Compare::Equal => Value::Bool(a == b),
                    Compare::NotEqual => Value::Bool(a != b),
                    _ if a == Value::Null || b == Value::Null => Value::Null,
                    _ => Value::Bool(ordered(*operator, &a, &b)),
                }
            }
            Expr::In(of, list) => {
                let of = self.sql(of);
                let items = match &**list {
                    Expr::Value(Value::List(items)) => items,
                    Expr::Field(path) => match self.field(path) {
                        Value::List(items) => return Value::Bool(items.contains(&of)),
                        _ => return Value::Null,
                    },
                    _ => panic!("a list of values is left: {list}"),
                };
                assert!(
                    !items.iter().any(|i| matches!(i, Value::Null | Value::Nobody)),
                    "null is not left in a list"
                );
                if of == Value::Null && !items.is_empty() {
                    Value::Null
                } else {
                    Value::Bool(items.contains(&of))
                }
            }
            Expr::If(condition, a, b) => match self.sql(condition) {
                Value::Bool(true) => self.sql(a),
                _ => self.sql(b),
            },
            Expr::Arithmetic(operator, a, b) => {
                calculated(*operator, self.sql(a), self.sql(b)).unwrap_or(Value::Null)
            }
            Expr::Call(function, operands) => {
                let operands: Vec<Value> = operands.iter().map(|operand| self.sql(operand)).collect();
                called(*function, &operands).unwrap_or(Value::Null)
            }
            Expr::Held(held, of) => {
                let value = self.sql(of);
                if is_of(held, &value) { value } else { Value::Null }
            }
            Expr::Quantified { quantifier, over, target, body } => {
                let results = self.on_rows(over, *target, |this| this.sql(body) == Value::Bool(true));
                let count = results.iter().filter(|result| **result).count();
                Value::Bool(match quantifier {
                    Quantifier::Exists => count > 0,
                    Quantifier::All => count == results.len(),
                    Quantifier::ExistsOne => count == 1,
                })
            }
            Expr::Caller(_) | Expr::Now | Expr::Argument(..) | Expr::Message(_) | Expr::Item(..) => {
                panic!("left: {expr}")
            }
            Expr::As(..) | Expr::Pattern(_) | Expr::List(_) | Expr::Each { .. } => panic!("left: {expr}"),
        }
    }
}

fn is_of(held: &Held, value: &Value) -> bool {
    match value {
        Value::Int(number) | Value::Decimal { units: number, .. } => {
            held.integers().is_some_and(|range| range.contains(number))
        }
        _ => false,
    }
}

fn truth(value: Result) -> Option<bool> {
    match value {
        Some(Value::Bool(value)) => Some(value),
        _ => None,
    }
}

fn all(items: Vec<Option<bool>>) -> Result {
    if items.contains(&Some(false)) {
        return Some(Value::Bool(false));
    }
    (!items.contains(&None)).then_some(Value::Bool(true))
}

fn some(items: Vec<Option<bool>>) -> Result {
    if items.contains(&Some(true)) {
        return Some(Value::Bool(true));
    }
    (!items.contains(&None)).then_some(Value::Bool(false))
}

fn quantified(quantifier: Quantifier, results: Vec<Option<bool>>) -> Result {
    match quantifier {
        Quantifier::Exists => some(results),
        Quantifier::All => all(results),
        Quantifier::ExistsOne if results.contains(&None) => None,
        Quantifier::ExistsOne => Some(Value::Bool(results.iter().filter(|r| **r == Some(true)).count() == 1)),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    *a != Value::Nobody && a == b
}

fn ordered(operator: Compare, a: &Value, b: &Value) -> bool {
    let ordering = match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Decimal { units: a, scale: 2 }, Value::Decimal { units: b, scale: 2 }) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        other => panic!("not made: {other:?}"),
    };
    match operator {
        Compare::Less => ordering.is_lt(),
        Compare::LessOrEqual => ordering.is_le(),
        Compare::Greater => ordering.is_gt(),
        Compare::GreaterOrEqual => ordering.is_ge(),
        Compare::Equal | Compare::NotEqual => panic!("not an order"),
    }
}

fn converted_items(list: Value, kind: ValueKind) -> Result {
    match list {
        Value::List(items) => {
            items.into_iter().map(|item| converted(item, kind)).collect::<Option<_>>().map(Value::List)
        }
        _ => None,
    }
}

fn converted(value: Value, kind: ValueKind) -> Result {
    match (kind, value) {
        (_, value @ (Value::Null | Value::Nobody)) => Some(value),
        (ValueKind::Bool, value @ Value::Bool(_)) => Some(value),
        (ValueKind::Int, value @ Value::Int(_)) => Some(value),
        (ValueKind::Text, value @ Value::Text(_)) => Some(value),
        (ValueKind::Decimal { scale: 2 }, Value::Int(value)) => {
            Some(Value::Decimal { units: value.checked_mul(100)?, scale: 2 })
        }
        _ => None,
    }
}

fn calculated(operator: Arithmetic, a: Value, b: Value) -> Result {
    let wide = |a: i64, b: i64| {
        let (a, b) = (i128::from(a), i128::from(b));
        let result = match operator {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a.checked_div(b)?,
            Arithmetic::Remainder if a == i128::from(i64::MIN) && b == -1 => return None,
            Arithmetic::Remainder => a.checked_rem(b)?,
        };
        i64::try_from(result).ok()
    };
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => wide(a, b).map(Value::Int),
        (Value::Decimal { units: a, scale }, Value::Decimal { units: b, .. } | Value::Int(b)) => {
            wide(a, b).map(|units| Value::Decimal { units, scale })
        }
        (Value::Null | Value::Nobody, _) | (_, Value::Null | Value::Nobody) => None,
        other => panic!("not made: {other:?}"),
    }
}

fn called(function: Function, operands: &[Value]) -> Result {
    let texts: Vec<&str> = operands
        .iter()
        .map(|operand| match operand {
            Value::Text(text) => Some(text.as_str()),
            Value::Null | Value::Nobody => None,
            other => panic!("not made: {other:?}"),
        })
        .collect::<Option<_>>()?;
    Some(match (function, texts.as_slice()) {
        (Function::StartsWith, [a, b]) => Value::Bool(a.starts_with(b)),
        (Function::EndsWith, [a, b]) => Value::Bool(a.ends_with(b)),
        (Function::Contains, [a, b]) => Value::Bool(a.contains(b)),
        (Function::Concat, [a, b]) => Value::Text([*a, *b].concat()),
        (Function::Size, [a]) => Value::Int(a.chars().count() as i64),
        (Function::LowerAscii, [a]) => Value::Text(a.to_ascii_lowercase()),
        other => panic!("not made: {other:?}"),
    })
}
