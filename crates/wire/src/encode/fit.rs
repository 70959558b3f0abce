//! Which cells fit which place: decided once, so that all formats agree.

use crate::scalar::ascii::Ascii;
use crate::scalar::number;
use crate::scalar::span::MICROS_MAX;
use crate::scalar::time;
use crate::{Cell, EnumValue, json};
use contract::Scalar;

/// Integers beyond this are not all doubles.
const DOUBLE_INTEGER_MAX: u64 = 1 << 53;

/// A cell that fits its place, by what formats do differently.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fitted<'a> {
    /// Nothing.
    Null,
    /// `Boolean`.
    Bool(bool),
    /// `Int`.
    Int(i32),
    /// `Long`.
    Long(i64),
    /// `Float`, finite.
    Float(f64),
    /// Any text.
    Text(&'a str),
    /// Text that no format has to escape: `Decimal`, `Date`, `Time`, integer keys.
    Plain(&'a [u8]),
    /// `DateTime`: the RFC 3339 text, and what it means in UTC.
    Instant(&'a str, jiff::civil::DateTime),
    /// `Duration` in microseconds, within what all formats allow.
    Span(i64),
    /// An enum's value.
    Enum(&'a EnumValue),
    /// `JSON`: one whole JSON value.
    Json(&'a str),
    /// `Bytes`.
    Bytes(&'a [u8]),
}

impl Fitted<'_> {
    /// The fewest bytes it takes, where that is not bounded by its kind.
    #[inline]
    pub fn least_bytes(&self) -> usize {
        match self {
            Fitted::Text(text) | Fitted::Json(text) => text.len(),
            Fitted::Bytes(bytes) => bytes.len(),
            Fitted::Null
            | Fitted::Bool(_)
            | Fitted::Int(_)
            | Fitted::Long(_)
            | Fitted::Float(_)
            | Fitted::Plain(_)
            | Fitted::Instant(..)
            | Fitted::Span(_)
            | Fitted::Enum(_) => 0,
        }
    }
}

/// Fits a cell to a scalar; `None` when it does not. `scratch` takes texts made from numbers.
#[inline]
pub(super) fn scalar<'a>(scalar: Scalar, cell: Cell<'a>, scratch: &'a mut Ascii) -> Option<Fitted<'a>> {
    if cell == Cell::Null {
        return Some(Fitted::Null);
    }
    match scalar {
        Scalar::Id => id(cell, scratch),
        Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email => text(cell).map(Fitted::Text),
        Scalar::Int => i32::try_from(integer(cell)?).ok().map(Fitted::Int),
        Scalar::Long => integer(cell).map(Fitted::Long),
        Scalar::Float => double(cell).map(Fitted::Float),
        Scalar::Boolean => boolean(cell).map(Fitted::Bool),
        Scalar::Decimal { scale } => {
            number::write_decimal(scratch, integer(cell)?, scale);
            Some(Fitted::Plain(scratch.as_bytes()))
        }
        Scalar::DateTime => {
            let text = text(cell)?;
            time::instant(text).ok().map(|utc| Fitted::Instant(text, utc))
        }
        Scalar::Date => plain(text(cell).filter(|text| time::date(text).is_ok())),
        Scalar::Time => plain(text(cell).filter(|text| time::is_time(text))),
        Scalar::Duration => integer(cell)
            .filter(|micros| micros.unsigned_abs() <= MICROS_MAX.unsigned_abs())
            .map(Fitted::Span),
        Scalar::Json => json(cell, scratch),
        Scalar::Bytes => match cell {
            Cell::Bytes(bytes) => Some(Fitted::Bytes(bytes)),
            _ => None,
        },
    }
}

/// Fits a cell to an enum.
#[inline]
pub(super) fn enumeration<'a>(values: &'a [EnumValue], cell: Cell<'_>) -> Option<Fitted<'a>> {
    if cell == Cell::Null {
        return Some(Fitted::Null);
    }
    let text = text(cell)?;
    values.iter().find(|value| *value.name == *text).map(Fitted::Enum)
}

#[inline]
fn text(cell: Cell<'_>) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

#[inline]
fn plain(text: Option<&str>) -> Option<Fitted<'_>> {
    text.map(|text| Fitted::Plain(text.as_bytes()))
}

#[inline]
fn integer(cell: Cell<'_>) -> Option<i64> {
    match cell {
        Cell::Int(number) => Some(number),
        _ => None,
    }
}

fn id<'a>(cell: Cell<'a>, scratch: &'a mut Ascii) -> Option<Fitted<'a>> {
    match cell {
        Cell::Text(text) => Some(Fitted::Text(text)),
        Cell::Int(key) => {
            number::write_decimal(scratch, key, 0);
            Some(Fitted::Plain(scratch.as_bytes()))
        }
        _ => None,
    }
}

/// A double; also an integer that is exactly one, because expressions in SQL give integers where they can.
fn double(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Float(number) if number.is_finite() => Some(number),
        Cell::Int(number) if number.unsigned_abs() <= DOUBLE_INTEGER_MAX => Some(number as f64),
        _ => None,
    }
}

fn boolean(cell: Cell<'_>) -> Option<bool> {
    match cell {
        Cell::Bool(value) => Some(value),
        Cell::Int(0) => Some(false),
        Cell::Int(1) => Some(true),
        _ => None,
    }
}

/// JSON text, which is copied into replies and so is checked: SQL in a contract can make anything, also text
/// that would end the value it stands in. The scan costs about as much as escaping a string. Numbers and
/// booleans are here because databases unwrap them.
fn json<'a>(cell: Cell<'a>, scratch: &'a mut Ascii) -> Option<Fitted<'a>> {
    match cell {
        Cell::Text(text) => json::parts::check(text).ok().map(|()| Fitted::Json(text)),
        Cell::Bool(true) => Some(Fitted::Json("true")),
        Cell::Bool(false) => Some(Fitted::Json("false")),
        Cell::Int(number) => {
            number::write_decimal(scratch, number, 0);
            Some(Fitted::Json(scratch.as_str()))
        }
        Cell::Float(number) if number.is_finite() => {
            number::write_double(number, |text| scratch.push(text));
            Some(Fitted::Json(scratch.as_str()))
        }
        Cell::Float(_) | Cell::Null | Cell::Bytes(_) => None,
    }
}
