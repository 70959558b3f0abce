//! Untrusted values to the stored form of a scalar.
//!
//! | scalar | stored as | from JSON-like values | from query strings and paths |
//! |---|---|---|---|
//! | `ID` | text of 1 to 255 characters, no control characters | text, integers | as it is |
//! | `String` | text without U+0000 | text | as it is |
//! | `Int`, `Long` | integer of 32 and 64 bits | numbers; `Long` also text | as JSON writes numbers |
//! | `Float` | finite double | numbers | as JSON writes numbers |
//! | `Boolean` | boolean | booleans | `true`, `false` |
//! | `Decimal` | units at the scale, 18 digits | numbers, text | as JSON writes numbers |
//! | `DateTime` | `2026-11-22T18:32:34.000000Z` | RFC 3339 text with any offset | the same |
//! | `Date`, `Time` | `2026-11-22`, `18:32:34.000000` | RFC 3339 text without an offset | the same |
//! | `Duration` | microseconds | ISO 8601 text in weeks, days, hours, minutes, seconds | the same |
//! | `UUID` | lower case with hyphens | text in either case | the same |
//! | `JSON` | minified JSON text | any value | JSON text |
//! | `Bytes` | bytes | bytes, base64 text | base64 text |
//! | `URL`, `Email` | text | text | as it is |

use super::json::{DecodeBounds, decode_json};
use crate::Value;
use crate::scalar::ascii::Ascii;
use crate::scalar::number::{self, DECIMAL_DIGITS_MAX, NumberError};
use crate::scalar::span::{self, SpanError};
use crate::scalar::text;
use crate::scalar::time::{self, TimeError};
use contract::{EMAIL_BYTES_MAX, Format, ID_CHARS_MAX, Scalar};
use std::borrow::Cow;
use std::fmt;

/// A value that is none of its scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalarError {
    /// `TYPE`, `RANGE`, `LENGTH` or `FORMAT`.
    pub code: &'static str,
    /// What was expected, for the peer.
    pub message: String,
}

impl fmt::Display for ScalarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScalarError {}

type Stored = Result<Value, ScalarError>;

fn error(code: &'static str, message: impl Into<String>) -> ScalarError {
    ScalarError { code, message: message.into() }
}

/// The value is of another kind than the scalar can be made from.
#[cold]
fn wrong_type(expected: &str, value: &Value) -> ScalarError {
    error("TYPE", format!("expected {expected}, not {}", value.kind()))
}

/// Brings a JSON-like value into stored form. Nulls are the caller's business; here they are of the wrong
/// type, but for `JSON`, where null is a value.
pub fn to_stored(scalar: Scalar, value: &Value) -> Stored {
    match scalar {
        Scalar::Json => Ok(Value::Text(value.json_text())),
        Scalar::Int => int(&number_text("an integer", value)?),
        Scalar::Float => float(&number_text("a number", value)?),
        Scalar::Long => long(&number_or_text("an integer", value)?),
        Scalar::Decimal { scale } => decimal(&number_or_text("a decimal", value)?, scale),
        Scalar::Boolean => match value {
            Value::Bool(_) => Ok(value.clone()),
            _ => Err(wrong_type("a boolean", value)),
        },
        Scalar::Bytes => match value {
            Value::Bytes(_) => Ok(value.clone()),
            _ => bytes(plain_text("base64 text", value)?),
        },
        Scalar::Id => match value {
            Value::Int(key) => Ok(Value::Text(key.to_string())),
            _ => id(plain_text("text or an integer", value)?),
        },
        Scalar::DateTime => text_to_stored(scalar, plain_text("RFC 3339 text", value)?),
        Scalar::Date => text_to_stored(scalar, plain_text("a date as text", value)?),
        Scalar::Time => text_to_stored(scalar, plain_text("a time as text", value)?),
        Scalar::Duration => text_to_stored(scalar, plain_text("an ISO 8601 duration as text", value)?),
        Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email => {
            text_to_stored(scalar, plain_text("text", value)?)
        }
    }
}

/// Brings text from a query string or a path into stored form.
pub fn text_to_stored(scalar: Scalar, text: &str) -> Stored {
    match scalar {
        Scalar::Id => id(text),
        Scalar::String => string(text),
        Scalar::Int => int(text),
        Scalar::Long => long(text),
        Scalar::Float => float(text),
        Scalar::Boolean => boolean(text),
        Scalar::Decimal { scale } => decimal(text, scale),
        Scalar::DateTime => date_time(text),
        Scalar::Date => date(text),
        Scalar::Time => time_of_day(text),
        Scalar::Duration => duration(text),
        Scalar::Uuid => uuid(text),
        Scalar::Json => json(text),
        Scalar::Bytes => bytes(text),
        Scalar::Url => url(text),
        Scalar::Email => email(text),
    }
}

/// The text of a number that is stored for another thing: a decimal's units, a duration's microseconds.
pub fn number_to_text(scalar: Scalar, number: i64) -> String {
    let mut text = Ascii::new();
    match scalar {
        Scalar::Decimal { scale } => number::write_decimal(&mut text, number, scale),
        Scalar::Duration => span::write(&mut text, number),
        Scalar::Id | Scalar::String | Scalar::Int | Scalar::Long | Scalar::Float | Scalar::Boolean => {
            number::write_decimal(&mut text, number, 0);
        }
        Scalar::DateTime | Scalar::Date | Scalar::Time | Scalar::Uuid => {
            number::write_decimal(&mut text, number, 0);
        }
        Scalar::Json | Scalar::Bytes | Scalar::Url | Scalar::Email => {
            number::write_decimal(&mut text, number, 0);
        }
    }
    text.as_str().to_owned()
}

/// Checks a value and brings it into the form of an item of a stored list or a member of a stored object:
/// what JSON replies show, because those texts are copied into them (`Long`, `Decimal`, `Duration` and
/// `Bytes` are text there).
pub fn to_stored_item(scalar: Scalar, value: &Value) -> Stored {
    match scalar {
        Scalar::Json => Ok(value.clone()),
        _ => to_stored(scalar, value).map(|stored| kept_item(scalar, stored)),
    }
}

/// A scalar in stored form, other than JSON, in the form of an item of a stored list.
pub fn kept_item(scalar: Scalar, stored: Value) -> Value {
    let mut text = Ascii::new();
    match (scalar, &stored) {
        (Scalar::Bytes, Value::Bytes(bytes)) => {
            let mut text = String::new();
            text::push_base64(&mut text, bytes);
            return Value::Text(text);
        }
        (Scalar::Long, Value::Int(number)) => number::write_decimal(&mut text, *number, 0),
        (Scalar::Decimal { scale }, Value::Int(units)) => number::write_decimal(&mut text, *units, scale),
        (Scalar::Duration, Value::Int(micros)) => span::write(&mut text, *micros),
        _ => return stored,
    }
    Value::Text(text.as_str().to_owned())
}

fn plain_text<'a>(expected: &str, value: &'a Value) -> Result<&'a str, ScalarError> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(wrong_type(expected, value)),
    }
}

/// A number's text as JSON writes it.
fn number_text<'a>(expected: &str, value: &'a Value) -> Result<Cow<'a, str>, ScalarError> {
    match value {
        Value::Number(text) => Ok(Cow::Borrowed(text)),
        Value::Int(_) => Ok(Cow::Owned(value.json_text())),
        Value::Float(number) if number.is_finite() => Ok(Cow::Owned(value.json_text())),
        Value::Float(_) => Err(error("RANGE", "expected a finite number")),
        _ => Err(wrong_type(expected, value)),
    }
}

fn number_or_text<'a>(expected: &str, value: &'a Value) -> Result<Cow<'a, str>, ScalarError> {
    match value {
        Value::Text(text) => Ok(Cow::Borrowed(text)),
        _ => number_text(expected, value),
    }
}

fn id(text: &str) -> Stored {
    if text.is_empty() || text.chars().nth(ID_CHARS_MAX).is_some() {
        return Err(error("LENGTH", format!("expected 1 to {ID_CHARS_MAX} characters")));
    }
    if text.contains(char::is_control) {
        return Err(error("FORMAT", "an id holds no control characters"));
    }
    Ok(Value::Text(text.to_owned()))
}

fn string(text: &str) -> Stored {
    // Neither PostgreSQL nor the C functions of SQLite take the character.
    if text.contains('\0') {
        return Err(error("FORMAT", "the character U+0000 cannot be stored"));
    }
    Ok(Value::Text(text.to_owned()))
}

fn int(text: &str) -> Stored {
    let range = || error("RANGE", "expected an integer from -2147483648 to 2147483647");
    let number = number::integer(text).map_err(|problem| match problem {
        NumberError::Syntax => error("FORMAT", "expected an integer"),
        NumberError::Fraction => error("TYPE", "expected an integer"),
        NumberError::Range => range(),
    })?;
    i32::try_from(number).map(|number| Value::Int(number.into())).map_err(|_| range())
}

fn long(text: &str) -> Stored {
    number::integer(text).map(Value::Int).map_err(|problem| match problem {
        NumberError::Syntax => error("FORMAT", "expected an integer"),
        NumberError::Fraction => error("TYPE", "expected an integer"),
        NumberError::Range => error("RANGE", "expected an integer of 64 bits"),
    })
}

fn float(text: &str) -> Stored {
    number::double(text).map(Value::Float).map_err(|problem| match problem {
        NumberError::Syntax => error("FORMAT", "expected a number"),
        NumberError::Fraction | NumberError::Range => {
            error("RANGE", "the number is beyond the range of a double")
        }
    })
}

fn decimal(text: &str, scale: u8) -> Stored {
    number::decimal_units(text, scale).map(Value::Int).map_err(|problem| match problem {
        NumberError::Syntax => error("FORMAT", "expected a decimal such as 12.50"),
        NumberError::Fraction | NumberError::Range => {
            let message =
                format!("expected at most {DECIMAL_DIGITS_MAX} digits, {scale} of them after the point");
            error("RANGE", message)
        }
    })
}

fn boolean(text: &str) -> Stored {
    match text {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ => Err(error("FORMAT", "expected true or false")),
    }
}

fn date_time(text: &str) -> Stored {
    let utc = time::instant(text).map_err(|problem| time_error(problem, "2026-11-22T18:32:34Z"))?;
    let mut out = Ascii::new();
    time::write_instant(&mut out, utc);
    Ok(Value::Text(out.as_str().to_owned()))
}

fn date(text: &str) -> Stored {
    time::date(text).map_err(|problem| time_error(problem, "2026-11-22"))?;
    Ok(Value::Text(text.to_owned()))
}

fn time_of_day(text: &str) -> Stored {
    let normal = time::normal_time(text).map_err(|problem| time_error(problem, "18:32:34"))?;
    Ok(Value::Text(normal.as_str().to_owned()))
}

fn time_error(problem: TimeError, example: &str) -> ScalarError {
    match problem {
        TimeError::Syntax => error("FORMAT", format!("expected RFC 3339 text such as {example}")),
        TimeError::NoOffset => error("FORMAT", "expected Z or an offset such as +02:00 at the end"),
        TimeError::Range => error("RANGE", "there is no such day, time or offset in the years 0001 to 9999"),
        TimeError::Precision => error("RANGE", "expected at most 6 digits after the point of the seconds"),
        TimeError::LeapSecond => error("RANGE", "leap seconds cannot be kept"),
    }
}

fn duration(text: &str) -> Stored {
    span::micros(text).map(Value::Int).map_err(|problem| match problem {
        SpanError::Syntax => {
            error("FORMAT", "expected an ISO 8601 duration without years and months, such as PT1H30M")
        }
        SpanError::Range => error("RANGE", "expected at most 87660000 hours either way"),
        SpanError::Precision => error("RANGE", "expected at most 6 digits after the point of the seconds"),
    })
}

fn uuid(text: &str) -> Stored {
    match Format::Uuid.accepts(text) {
        true => Ok(Value::Text(text.to_ascii_lowercase())),
        false => Err(error("FORMAT", "expected a UUID such as 0190163d-8694-739b-aea5-966c26f8ad90")),
    }
}

fn json(text: &str) -> Stored {
    let value = decode_json(text.as_bytes(), &DecodeBounds::default());
    value.map(|value| Value::Text(value.json_text())).map_err(|problem| error("FORMAT", problem.to_string()))
}

fn bytes(text: &str) -> Stored {
    let mut bytes = Vec::new();
    match text::base64_bytes(text, &mut bytes) {
        Some(()) => Ok(Value::Bytes(bytes)),
        None => Err(error("FORMAT", "expected base64")),
    }
}

fn url(text: &str) -> Stored {
    match Format::Url.accepts(text) {
        true => Ok(Value::Text(text.to_owned())),
        false => Err(error("FORMAT", "expected an absolute URL such as https://example.com/")),
    }
}

fn email(text: &str) -> Stored {
    if text.len() > EMAIL_BYTES_MAX {
        return Err(error("LENGTH", format!("expected at most {EMAIL_BYTES_MAX} bytes")));
    }
    match Format::Email.accepts(text) {
        true => Ok(Value::Text(text.to_owned())),
        false => Err(error("FORMAT", "expected an e-mail address such as ada@example.com")),
    }
}
