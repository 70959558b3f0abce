//! The messages that protocol buffers have for what the contract has scalars for, in the form in which JSON gives them.

use super::json::{DecodeBounds, DecodeError, Problem, decode_json};
use super::messages::{MessageError, Read};
use crate::Value;
use crate::scalar::ascii::Ascii;
use crate::scalar::span::{self, SPAN_SECONDS_MAX};
use crate::scalar::time;

const NANOS_PER_S: i32 = 1_000_000_000;

/// Nanoseconds of a microsecond, the finest that instants are kept in.
const NANOS_PER_MICRO: u32 = 1_000;

/// `google.protobuf.Timestamp` as RFC 3339 text. What is finer than a microsecond is cut off: clients make instants of
/// their clocks, which are that fine, and have no way to say less.
pub(super) fn instant(seconds: i64, nanos: i32) -> Read<Value> {
    let range = || MessageError::new("RANGE", "expected an instant in the years 0001 to 9999");
    let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < NANOS_PER_S as u32).ok_or_else(range)?;
    let nanos = nanos - nanos % NANOS_PER_MICRO;
    let mut text = Ascii::new();
    time::write_since_epoch(&mut text, seconds, nanos).ok_or_else(range)?;
    Ok(Value::Text(text.as_str().to_owned()))
}

/// `google.protobuf.Duration` as ISO 8601 text, with 9 digits only where it is finer than a microsecond.
pub(super) fn span(seconds: i64, nanos: i32) -> Read<Value> {
    let has_one_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    if seconds.unsigned_abs() > SPAN_SECONDS_MAX
        || nanos.unsigned_abs() >= NANOS_PER_S as u32
        || !has_one_sign
    {
        let message = "expected at most 87660000 hours either way, and nanoseconds of the same sign";
        return Err(MessageError::new("RANGE", message));
    }
    let mut text = Ascii::new();
    span::write_nanos(&mut text, seconds, nanos);
    Ok(Value::Text(text.as_str().to_owned()))
}

/// The value that a JSON text holds.
pub(super) fn json(text: &str, bounds: &DecodeBounds) -> Read<Value> {
    decode_json(text.as_bytes(), bounds).map_err(|error| json_error("FORMAT", &error))
}

/// A JSON text that is refused; `code` where it is for its grammar.
#[cold]
pub(super) fn json_error(code: &'static str, error: &DecodeError) -> Box<MessageError> {
    let code = match error.problem {
        Problem::TooDeep => "DEPTH",
        Problem::TooManyValues => "SIZE",
        Problem::NumberTooLong | Problem::NumberTooLarge => "RANGE",
        Problem::NotUtf8
        | Problem::ByteOrderMark
        | Problem::ExpectedValue
        | Problem::ExpectedKey
        | Problem::ExpectedColon
        | Problem::ExpectedCommaOrBracket
        | Problem::ExpectedCommaOrBrace
        | Problem::TrailingData
        | Problem::UnterminatedString
        | Problem::ControlCharacter
        | Problem::BadEscape
        | Problem::LoneSurrogate
        | Problem::BadNumber
        | Problem::DuplicateKey => code,
    };
    MessageError::new(code, error.to_string())
}
