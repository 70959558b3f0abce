//! Expressions as text, for people.

use super::value::decimal_text;
use super::{Arithmetic, CallerPart, Expr, FieldPath, Function, Quantifier, State, Value, ValueKind, time};
use crate::model::{FieldId, Resource, ResourceId};
use std::fmt::{self, Display, Formatter, Write};

/// An expression that is printed with the names of fields; see [`Expr::named`].
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    expr: &'a Expr,
    resources: &'a [Resource],
}

impl Expr {
    /// The expression with the names of its fields when it is printed. `{expr}` alone has their numbers
    /// (`f2`), because the tree does not know the contract.
    pub fn named<'a>(&'a self, resources: &'a [Resource]) -> Named<'a> {
        Named { expr: self, resources }
    }
}

impl Display for Named<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Printer { f, resources: self.resources, rows: 0, items: 0 }.expr(self.expr, Level::Any)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.named(&[]).fmt(f)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null | Self::Nobody => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Decimal { units, scale } => f.write_str(&decimal_text(*units, *scale)),
            Self::Duration(micros) => write!(f, "duration({:?})", time::duration_text(*micros)),
            Self::List(items) => {
                f.write_char('[')?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
                }
                f.write_char(']')
            }
            Self::Map(members) => {
                f.write_char('{')?;
                for (at, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{name:?}: {value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_char('}')
            }
        }
    }
}

/// How tightly an expression binds; one that binds less tightly than its surroundings ask for gets
/// parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Any,
    Or,
    And,
    Compare,
    Sum,
    Product,
    Unary,
    Operand,
}

fn level(expr: &Expr) -> Level {
    match expr {
        Expr::If(..) => Level::Any,
        Expr::Or(_) => Level::Or,
        Expr::And(_) => Level::And,
        Expr::Compare(..) | Expr::In(..) => Level::Compare,
        Expr::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, ..) | Expr::Call(Function::Concat, _) => {
            Level::Sum
        }
        Expr::Arithmetic(Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::Remainder, ..) => {
            Level::Product
        }
        Expr::Not(_) => Level::Unary,
        Expr::Value(_)
        | Expr::Caller(_)
        | Expr::Now
        | Expr::Argument(..)
        | Expr::Message(_)
        | Expr::Item(..) => Level::Operand,
        Expr::As(..)
        | Expr::Held(..)
        | Expr::Pattern(_)
        | Expr::Field(_)
        | Expr::List(_)
        | Expr::Call(..) => Level::Operand,
        Expr::Quantified { .. } | Expr::Each { .. } | Expr::Count(_) | Expr::Error => Level::Operand,
    }
}

struct Printer<'a, 'f> {
    f: &'a mut Formatter<'f>,
    /// Empty when the names are not known.
    resources: &'a [Resource],
    /// Macros over rows around.
    rows: u8,
    /// Macros over lists around.
    items: u8,
}

impl Printer<'_, '_> {
    fn expr(&mut self, expr: &Expr, wanted: Level) -> fmt::Result {
        let parentheses = level(expr) < wanted;
        if parentheses {
            self.f.write_char('(')?;
        }
        self.bare(expr)?;
        if parentheses {
            self.f.write_char(')')?;
        }
        Ok(())
    }

    fn bare(&mut self, expr: &Expr) -> fmt::Result {
        match expr {
            Expr::Value(value) => write!(self.f, "{value}"),
            Expr::Caller(part) => self.caller(part),
            Expr::Now => self.f.write_str("now"),
            Expr::Argument(at, path) => {
                write!(self.f, "args[{at}]")?;
                self.steps(path)
            }
            Expr::Message(at) => write!(self.f, "message[{at}]"),
            Expr::Item(level, path) => {
                write!(self.f, "y{}", self.items.saturating_sub(*level))?;
                self.steps(path)
            }
            Expr::As(kind, of) => {
                self.f.write_str("as(")?;
                self.expr(of, Level::Any)?;
                match kind {
                    ValueKind::Decimal { scale } => write!(self.f, ", decimal({scale}))"),
                    kind => write!(self.f, ", {})", format!("{kind:?}").to_lowercase()),
                }
            }
            Expr::Held(held, of) => {
                write!(self.f, "held(")?;
                self.expr(of, Level::Any)?;
                write!(self.f, ", {})", held.word())
            }
            Expr::Pattern(pattern) => write!(self.f, "{:?}", pattern.as_str()),
            Expr::Field(path) => self.path(path),
            Expr::Not(of) => {
                self.f.write_char('!')?;
                self.expr(of, Level::Unary)
            }
            Expr::And(items) => self.separated(items, " && ", Level::Compare),
            Expr::Or(items) => self.separated(items, " || ", Level::And),
            Expr::Compare(operator, a, b) => self.infix(operator.symbol(), a, b, Level::Sum),
            Expr::In(of, list) => self.infix("in", of, list, Level::Sum),
            Expr::Arithmetic(operator, a, b) => {
                let wanted = level(expr);
                self.expr(a, wanted)?;
                write!(self.f, " {} ", operator.symbol())?;
                self.expr(b, if wanted == Level::Sum { Level::Product } else { Level::Unary })
            }
            Expr::List(items) => {
                self.f.write_char('[')?;
                self.separated(items, ", ", Level::Any)?;
                self.f.write_char(']')
            }
            Expr::If(condition, a, b) => {
                self.expr(condition, Level::Or)?;
                self.f.write_str(" ? ")?;
                self.expr(a, Level::Or)?;
                self.f.write_str(" : ")?;
                self.expr(b, Level::Any)
            }
            Expr::Call(function, operands) => self.call(*function, operands),
            Expr::Quantified { quantifier, over, body, .. } => {
                self.path(over)?;
                self.rows += 1;
                write!(self.f, ".{}(x{}, ", name(*quantifier), self.rows)?;
                self.expr(body, Level::Any)?;
                self.rows -= 1;
                self.f.write_char(')')
            }
            Expr::Each { quantifier, list, body } => {
                self.expr(list, Level::Operand)?;
                self.items += 1;
                write!(self.f, ".{}(y{}, ", name(*quantifier), self.items)?;
                self.expr(body, Level::Any)?;
                self.items -= 1;
                self.f.write_char(')')
            }
            Expr::Count(path) => {
                self.f.write_str("size(")?;
                self.path(path)?;
                self.f.write_char(')')
            }
            Expr::Error => self.f.write_str("error"),
        }
    }

    fn infix(&mut self, symbol: &str, a: &Expr, b: &Expr, wanted: Level) -> fmt::Result {
        self.expr(a, wanted)?;
        write!(self.f, " {symbol} ")?;
        self.expr(b, wanted)
    }

    fn separated(&mut self, items: &[Expr], separator: &str, wanted: Level) -> fmt::Result {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.f.write_str(separator)?;
            }
            self.expr(item, wanted)?;
        }
        Ok(())
    }

    fn call(&mut self, function: Function, operands: &[Expr]) -> fmt::Result {
        let (name, method) = match function {
            Function::Concat => return self.concat(operands),
            Function::StartsWith => ("startsWith", true),
            Function::EndsWith => ("endsWith", true),
            Function::Contains => ("contains", true),
            Function::Matches => ("matches", true),
            Function::LowerAscii => ("lowerAscii", true),
            Function::UpperAscii => ("upperAscii", true),
            Function::Size => ("size", false),
            Function::Timestamp => ("timestamp", false),
            Function::Duration => ("duration", false),
            Function::Int => ("int", false),
            Function::Double => ("double", false),
            Function::String => ("string", false),
        };
        let mut rest = operands;
        if let (true, Some((of, arguments))) = (method, operands.split_first()) {
            self.expr(of, Level::Operand)?;
            self.f.write_char('.')?;
            rest = arguments;
        }
        write!(self.f, "{name}(")?;
        self.separated(rest, ", ", Level::Any)?;
        self.f.write_char(')')
    }

    fn concat(&mut self, operands: &[Expr]) -> fmt::Result {
        for (at, operand) in operands.iter().enumerate() {
            self.f.write_str(if at == 0 { "" } else { " + " })?;
            self.expr(operand, if at == 0 { Level::Sum } else { Level::Product })?;
        }
        Ok(())
    }

    fn caller(&mut self, part: &CallerPart) -> fmt::Result {
        match part {
            CallerPart::Id => self.f.write_str("caller.id"),
            CallerPart::Roles => self.f.write_str("caller.roles"),
            CallerPart::Scopes => self.f.write_str("caller.scopes"),
            CallerPart::Claim(path) => {
                self.f.write_str("caller.claims")?;
                self.steps(path)
            }
            CallerPart::HasClaim(path) => {
                self.f.write_str("has(caller.claims")?;
                self.steps(path)?;
                self.f.write_char(')')
            }
        }
    }

    fn steps(&mut self, path: &[String]) -> fmt::Result {
        for step in path {
            let plain = step.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            match plain && step.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
                true => write!(self.f, ".{step}")?,
                false => write!(self.f, "[{step:?}]")?,
            }
        }
        Ok(())
    }

    fn path(&mut self, path: &FieldPath) -> fmt::Result {
        let level = self.rows.saturating_sub(path.scope);
        if level > 0 {
            write!(self.f, "x{level}.")?;
        }
        match path.state {
            State::Asked => {}
            State::Old => self.f.write_str("old.")?,
            State::New => self.f.write_str("new.")?,
        }
        let mut resource = path.resource;
        for hop in &path.hops {
            resource = self.field(resource, *hop)?.unwrap_or(resource);
            self.f.write_char('.')?;
        }
        self.field(resource, path.field).map(|_| ())
    }

    /// Prints a field; the resource it points to.
    fn field(&mut self, resource: ResourceId, field: FieldId) -> Result<Option<ResourceId>, fmt::Error> {
        match self.resources.get(resource.index()) {
            Some(resource) => {
                let field = resource.field(field);
                self.f.write_str(&field.name)?;
                Ok(field.target())
            }
            None => write!(self.f, "f{}", field.0).map(|()| None),
        }
    }
}

fn name(quantifier: Quantifier) -> &'static str {
    match quantifier {
        Quantifier::Exists => "exists",
        Quantifier::All => "all",
        Quantifier::ExistsOne => "exists_one",
    }
}
