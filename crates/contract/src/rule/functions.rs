//! Functions and conversions of values. `None` is an error.

use super::value::{Datum, compare, decimal_text, units};
use super::{Compare, Function, Value, ValueKind, time};
use std::borrow::Cow;

/// A list of the call with its items at the type they have to have; of a map, the names, which are texts.
pub(super) fn convert_items(datum: Datum<'_>, kind: ValueKind) -> Option<Datum<'_>> {
    match (kind, &datum) {
        (_, Datum::Null | Datum::Nobody) | (ValueKind::Text, Datum::Map(_) | Datum::Texts(_)) => Some(datum),
        (_, Datum::List(items)) => {
            if items.iter().all(|item| fits(item, kind)) {
                return Some(datum);
            }
            let items = items.iter().map(|item| convert(item.into(), kind).map(Value::from));
            items.collect::<Option<_>>().map(|items| Datum::List(Cow::Owned(items)))
        }
        _ => None,
    }
}

/// A value of the call at the type it has to have; `None` when it has another.
pub(super) fn convert(datum: Datum<'_>, kind: ValueKind) -> Option<Datum<'_>> {
    match (kind, &datum) {
        (_, Datum::Null | Datum::Nobody) => Some(datum),
        (ValueKind::Bool, Datum::Bool(_))
        | (ValueKind::Int, Datum::Int(_))
        | (ValueKind::Float, Datum::Float(_)) => Some(datum),
        (ValueKind::Number, Datum::Int(_) | Datum::Float(_)) => Some(datum),
        (ValueKind::Text, Datum::Text(_)) | (ValueKind::Duration, Datum::Duration(_)) => Some(datum),
        (ValueKind::Float, Datum::Int(value)) => {
            let float = *value as f64;
            (compare(Compare::Equal, &datum, &Datum::Float(float)) == Some(true))
                .then_some(Datum::Float(float))
        }
        (ValueKind::Decimal { scale }, _) => {
            Some(Datum::Decimal { units: units(&number_text(&datum)?, scale)?, scale })
        }
        (ValueKind::Timestamp, Datum::Text(text)) => {
            time::timestamp(text).map(|t| Datum::Text(Cow::Owned(t)))
        }
        (ValueKind::Date, Datum::Text(text)) => time::date(text).map(|t| Datum::Text(Cow::Owned(t))),
        (ValueKind::Time, Datum::Text(text)) => time::time(text).map(|t| Datum::Text(Cow::Owned(t))),
        _ => None,
    }
}

/// Whether an item of a list is of the type already, so that the list need not be copied.
fn fits(item: &Value, kind: ValueKind) -> bool {
    match (kind, item) {
        (_, Value::Null | Value::Nobody) => true,
        (ValueKind::Text, Value::Text(_))
        | (ValueKind::Int, Value::Int(_))
        | (ValueKind::Float, Value::Float(_)) => true,
        (ValueKind::Number, Value::Int(_) | Value::Float(_)) | (ValueKind::Bool, Value::Bool(_)) => true,
        (ValueKind::Decimal { scale }, Value::Decimal { scale: same, .. }) => scale == *same,
        _ => false,
    }
}

fn number_text(datum: &Datum<'_>) -> Option<String> {
    match datum {
        Datum::Int(value) => Some(value.to_string()),
        Datum::Float(value) => Some(value.to_string()),
        Datum::Decimal { units, scale } => Some(decimal_text(*units, *scale)),
        _ => None,
    }
}

pub(super) fn on_texts<'a>(function: Function, a: &str, b: &str) -> Option<Datum<'a>> {
    match function {
        Function::StartsWith => Some(Datum::Bool(a.starts_with(b))),
        Function::EndsWith => Some(Datum::Bool(a.ends_with(b))),
        Function::Contains => Some(Datum::Bool(a.contains(b))),
        Function::Concat => Some(Datum::Text(Cow::Owned(format!("{a}{b}")))),
        Function::Matches | Function::Size | Function::LowerAscii | Function::UpperAscii => None,
        Function::Timestamp | Function::Duration | Function::Int | Function::Double | Function::String => {
            None
        }
    }
}

pub(super) fn on_one(function: Function, of: Datum<'_>) -> Option<Datum<'_>> {
    match (function, &of) {
        (Function::Size, Datum::Text(text)) => i64::try_from(text.chars().count()).ok().map(Datum::Int),
        (Function::Size, _) => i64::try_from(of.items()?).ok().map(Datum::Int),
        (Function::LowerAscii, Datum::Text(text)) => Some(Datum::Text(Cow::Owned(text.to_ascii_lowercase()))),
        (Function::UpperAscii, Datum::Text(text)) => Some(Datum::Text(Cow::Owned(text.to_ascii_uppercase()))),
        (Function::Timestamp, Datum::Text(text)) => time::timestamp(text).map(|t| Datum::Text(Cow::Owned(t))),
        (Function::Timestamp, Datum::Int(seconds)) => {
            time::timestamp_of_seconds(*seconds).map(|t| Datum::Text(Cow::Owned(t)))
        }
        (Function::Duration, Datum::Text(text)) => time::duration(text).map(Datum::Duration),
        (Function::Int, _) => to_int(&of).map(Datum::Int),
        (Function::Double, _) => to_double(&of).map(Datum::Float),
        (Function::String, _) => to_text(of).map(Datum::Text),
        _ => None,
    }
}

fn to_int(of: &Datum<'_>) -> Option<i64> {
    match of {
        Datum::Int(value) => Some(*value),
        Datum::Float(value) if (-9.2e18..9.2e18).contains(value) => Some(value.trunc() as i64),
        Datum::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn to_double(of: &Datum<'_>) -> Option<f64> {
    match of {
        Datum::Float(value) => Some(*value),
        Datum::Int(value) => Some(*value as f64),
        Datum::Decimal { units, scale } => decimal_text(*units, *scale).parse().ok(),
        Datum::Text(text) => super::lex::finite(text),
        _ => None,
    }
}

fn to_text(of: Datum<'_>) -> Option<Cow<'_, str>> {
    match of {
        Datum::Text(text) => Some(text),
        Datum::Bool(value) => Some(Cow::Owned(value.to_string())),
        Datum::Int(_) | Datum::Float(_) | Datum::Decimal { .. } => number_text(&of).map(Cow::Owned),
        Datum::Duration(micros) => Some(Cow::Owned(time::duration_text(micros))),
        Datum::Null | Datum::Nobody | Datum::Texts(_) | Datum::List(_) | Datum::Map(_) => None,
    }
}
