//! `application/x-www-form-urlencoded`, percent-decoded strictly: a query string's parameters.

use std::borrow::Cow;
use std::fmt;

/// Splits a query string at `&`; empty parts are left out. Names and values are still encoded.
pub fn split(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// Decodes a name or value: `+` is a space, `%` is followed by two hexadecimal digits, the result is UTF-8.
pub fn decode(text: &str) -> Result<Cow<'_, str>, FormError> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Ok(Cow::Borrowed(text));
    }
    decode_bytes(text.as_bytes(), Plus::Space).map(Cow::Owned)
}

/// Decodes a segment of a path, in which `+` is itself.
pub fn decode_segment(text: &str) -> Result<String, FormError> {
    decode_bytes(text.as_bytes(), Plus::Plus)
}

/// What a `+` stands for.
#[derive(Clone, Copy)]
enum Plus {
    Space,
    Plus,
}

fn decode_bytes(text: &[u8], plus: Plus) -> Result<String, FormError> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        out.push(match (byte, plus) {
            (b'%', _) => {
                let (digits, after) = after.split_at_checked(2).ok_or(FormError::BadPercent)?;
                rest = after;
                hex(digits[0]).zip(hex(digits[1])).map(|(h, l)| h << 4 | l).ok_or(FormError::BadPercent)?
            }
            (b'+', Plus::Space) => b' ',
            (byte, _) => byte,
        });
    }
    String::from_utf8(out).map_err(|_| FormError::NotUtf8)
}

/// Why a text is not percent-encoded UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormError {
    /// A `%` without its digits.
    BadPercent,
    /// The decoded bytes are no text.
    NotUtf8,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FormError::BadPercent => {
                "a `%` is not followed by two hexadecimal digits; the sign itself is `%25`"
            }
            FormError::NotUtf8 => "it is not UTF-8",
        })
    }
}

impl std::error::Error for FormError {}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}
