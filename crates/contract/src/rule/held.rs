//! Values that expressions make, held to the types that fields declare.

use super::{Compare, Expr, Value};
use crate::model::{
    Base, DECIMAL_DIGITS_MAX, DURATION_MICROS_MAX, Enum, Format, ID_CHARS_MAX, Resource, Scalar, TypeRef,
};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A declared type that not every value of its kind in the rule language is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Held {
    /// Integers of 32 bits.
    Int,
    /// Decimals of at most [`DECIMAL_DIGITS_MAX`] digits, by their units.
    Decimal,
    /// Durations of at most [`DURATION_MICROS_MAX`] either way.
    Duration,
    /// Keys, as texts.
    Id,
    /// UUIDs in lower case.
    Uuid,
    /// Absolute URLs.
    Url,
    /// E-mail addresses.
    Email,
    /// The values of an enum.
    Enum(Arc<[Box<str>]>),
}

impl Held {
    /// What values for a field of this type are held to; `None` where the rule language makes no others.
    pub(super) fn of(ty: TypeRef, enums: &[Enum]) -> Option<Self> {
        match ty.base {
            Base::Scalar(scalar) => match scalar {
                Scalar::Int => Some(Self::Int),
                Scalar::Decimal { .. } => Some(Self::Decimal),
                Scalar::Duration => Some(Self::Duration),
                Scalar::Id => Some(Self::Id),
                Scalar::Uuid => Some(Self::Uuid),
                Scalar::Url => Some(Self::Url),
                Scalar::Email => Some(Self::Email),
                // Integers are of 64 bits, doubles finite, times of the years 1 to 9999 wherever they are made.
                Scalar::Long | Scalar::Float | Scalar::DateTime | Scalar::Date | Scalar::Time => None,
                Scalar::String | Scalar::Boolean | Scalar::Json | Scalar::Bytes => None,
            },
            Base::Enum(id) => {
                let values = &enums[id.index()].values;
                Some(Self::Enum(values.iter().map(|value| value.name.as_str().into()).collect()))
            }
            Base::Resource(_) | Base::Object(_) | Base::Input(_) | Base::Abstract(_) => None,
        }
    }

    /// An expression for a field of this type, held to it. A null of the record stays null; what cannot be of another
    /// type is left as it is.
    pub(super) fn over(&self, expr: Expr, ty: TypeRef, resources: &[Resource]) -> Expr {
        match expr {
            Expr::If(condition, a, b) => {
                let [a, b] = [*a, *b].map(|side| Box::new(self.over(side, ty, resources)));
                Expr::If(condition, a, b)
            }
            Expr::Value(ref value) if self.holds(value) => expr,
            Expr::Field(ref path) => {
                let field = path.end(resources);
                if field.ty.base == ty.base && *self != Self::Id {
                    return expr;
                }
                let held = Expr::Held(self.clone(), Box::new(expr.clone()));
                let null = Box::new(Expr::Value(Value::Null));
                let is_null = Expr::Compare(Compare::Equal, Box::new(expr), null.clone());
                Expr::If(Box::new(is_null), null, Box::new(held))
            }
            expr => Expr::Held(self.clone(), Box::new(expr)),
        }
    }

    /// Whether a constant is of the type. Null is of any.
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Nobody => true,
            Value::Int(number) | Value::Duration(number) | Value::Decimal { units: number, .. } => {
                self.integers().is_some_and(|range| range.contains(number))
            }
            Value::Text(text) => self.accepts(text),
            Value::Bool(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => false,
        }
    }

    /// The integers that are of the type; `None` where it is one of texts.
    pub fn integers(&self) -> Option<RangeInclusive<i64>> {
        let within = |most: i64| Some(-most..=most);
        match self {
            Self::Int => Some(i64::from(i32::MIN)..=i64::from(i32::MAX)),
            Self::Decimal => within(10_i64.pow(DECIMAL_DIGITS_MAX) - 1),
            Self::Duration => within(DURATION_MICROS_MAX),
            Self::Id | Self::Uuid | Self::Url | Self::Email | Self::Enum(_) => None,
        }
    }

    /// Whether a text is of the type.
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Int | Self::Decimal | Self::Duration => false,
            Self::Id => {
                !text.is_empty()
                    && text.chars().nth(ID_CHARS_MAX).is_none()
                    && !text.contains(char::is_control)
            }
            Self::Uuid => Format::Uuid.accepts(text) && !text.contains(|c: char| c.is_ascii_uppercase()),
            Self::Url => Format::Url.accepts(text),
            Self::Email => Format::Email.accepts(text),
            Self::Enum(values) => values.iter().any(|value| **value == *text),
        }
    }

    /// In the words of a rule that is printed.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Int => "Int",
            Self::Decimal => "Decimal",
            Self::Duration => "Duration",
            Self::Id => "ID",
            Self::Uuid => "UUID",
            Self::Url => "URL",
            Self::Email => "Email",
            Self::Enum(_) => "enum",
        }
    }
}
