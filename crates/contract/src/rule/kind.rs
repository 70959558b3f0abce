//! The types of the rule language.

use super::ValueKind;
use super::compile::Scope;
use crate::model::{Arity, Base, EnumId, ResourceId, Scalar, TypeRef};

/// The type of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of something that has been reported.
    Bad,
    Null,
    Bool,
    Int,
    Float,
    /// An exact decimal with this many digits after the point.
    Decimal(u8),
    Text,
    Enum(EnumId),
    /// A key, of which resource when that is known.
    Key(Option<ResourceId>),
    Timestamp,
    Date,
    Time,
    Duration,
    Json,
    Bytes,
    /// A claim, or a part of a structured argument: found out at run time. Never depends on the record.
    Dynamic,
    List(Box<Kind>),
}

impl Kind {
    /// The type of a field or argument. A to-many relation has none; it never comes here.
    pub fn of(ty: TypeRef) -> Self {
        let one = match ty.base {
            Base::Scalar(scalar) => Self::scalar(scalar),
            Base::Enum(id) => Self::Enum(id),
            Base::Resource(id) => Self::Key(Some(id)),
            Base::Object(_) => Self::Json,
            Base::Input(_) | Base::Abstract(_) => Self::Dynamic,
        };
        match ty.arity {
            Arity::One => one,
            Arity::List { .. } => Self::List(Box::new(one)),
        }
    }

    fn scalar(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Id => Self::Key(None),
            Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email => Self::Text,
            Scalar::Int | Scalar::Long => Self::Int,
            Scalar::Float => Self::Float,
            Scalar::Boolean => Self::Bool,
            Scalar::Decimal { scale } => Self::Decimal(scale),
            Scalar::DateTime => Self::Timestamp,
            Scalar::Date => Self::Date,
            Scalar::Time => Self::Time,
            Scalar::Duration => Self::Duration,
            Scalar::Json => Self::Json,
            Scalar::Bytes => Self::Bytes,
        }
    }

    /// What a value found out at run time has to be in order to meet this type; `None` when it cannot.
    pub fn of_value(&self) -> Option<ValueKind> {
        Some(match self {
            Self::Bool => ValueKind::Bool,
            Self::Int => ValueKind::Int,
            Self::Float => ValueKind::Float,
            Self::Decimal(scale) => ValueKind::Decimal { scale: *scale },
            Self::Text | Self::Enum(_) | Self::Key(_) => ValueKind::Text,
            Self::Timestamp => ValueKind::Timestamp,
            Self::Date => ValueKind::Date,
            Self::Time => ValueKind::Time,
            Self::Duration => ValueKind::Duration,
            Self::Bad | Self::Null | Self::Json | Self::Bytes | Self::Dynamic | Self::List(_) => return None,
        })
    }

    /// Whether `<` is defined for it.
    pub fn has_order(&self) -> bool {
        match self {
            Self::Bad | Self::Int | Self::Float | Self::Decimal(_) | Self::Text | Self::Dynamic => true,
            Self::Timestamp | Self::Date | Self::Time | Self::Duration => true,
            Self::Null
            | Self::Bool
            | Self::Enum(_)
            | Self::Key(_)
            | Self::Json
            | Self::Bytes
            | Self::List(_) => false,
        }
    }

    /// Whether `==` is defined for it, but for comparing with null.
    pub fn has_equality(&self) -> bool {
        !matches!(self, Self::Json | Self::Bytes | Self::List(_))
    }

    /// In the words of an error.
    pub fn describe(&self, scope: &Scope<'_>) -> String {
        match self {
            Self::Bad => "an error".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool => "a bool".to_owned(),
            Self::Int => "an int".to_owned(),
            Self::Float => "a double".to_owned(),
            Self::Decimal(scale) => format!("a decimal with {scale} digits after the point"),
            Self::Text => "text".to_owned(),
            Self::Enum(id) => format!("a value of the enum `{}`", scope.enums[id.index()].name),
            Self::Key(Some(id)) => format!("a key of `{}`", scope.resources[id.index()].name),
            Self::Key(None) => "a key".to_owned(),
            Self::Timestamp => "a timestamp".to_owned(),
            Self::Date => "a date".to_owned(),
            Self::Time => "a time of day".to_owned(),
            Self::Duration => "a duration".to_owned(),
            Self::Json => "JSON".to_owned(),
            Self::Bytes => "bytes".to_owned(),
            Self::Dynamic => "a value known at run time only".to_owned(),
            Self::List(_) => "a list".to_owned(),
        }
    }
}
