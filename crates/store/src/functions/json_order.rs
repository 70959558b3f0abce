//! JSON values as bytes that compare as PostgreSQL compares jsonb: by meaning, however they are written.
//!
//! A value begins with a tag; a text ends with two zeros, and a zero in it is followed by 255; a number is its exponent
//! and its digits without zeros at the end, complemented where it is negative; a list or object begins with the number
//! of its items. Members of an object are in the order of their names' lengths, then of the names, as jsonb keeps them
//! (<https://www.postgresql.org/docs/current/datatype-json.html#JSON-INDEXING>).

use super::work::spend;
use super::{JSON_ORDER, pure, text};
use rusqlite::Connection;
use wire::{DecodeBounds, Value, decode_json};

/// What a byte of JSON is counted as: a value is made of it, whose members are sorted.
const UNITS_A_BYTE: usize = 8;

/// An empty list by itself is before everything, in PostgreSQL for historical reasons.
const EMPTY_LIST: u8 = 1;
const NULL: u8 = 2;
const TEXT: u8 = 3;
const NUMBER: u8 = 4;
const FALSE: u8 = 5;
const TRUE: u8 = 6;
const LIST: u8 = 7;
const OBJECT: u8 = 8;

const NEGATIVE: u8 = 1;
const ZERO: u8 = 2;
const POSITIVE: u8 = 3;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, JSON_ORDER, 1, |context| {
        let Some(json) = text(context, 0)? else { return Ok(None) };
        spend(json.len().saturating_mul(UNITS_A_BYTE))?;
        Ok(ordered(json))
    })
}

fn ordered(json: &str) -> Option<Vec<u8>> {
    let value = decode_json(json.as_bytes(), &DecodeBounds::default()).ok()?;
    let mut bytes = Vec::with_capacity(json.len() + 16);
    match &value {
        Value::List(items) if items.is_empty() => bytes.push(EMPTY_LIST),
        value => push(&mut bytes, value),
    }
    Some(bytes)
}

/// Recursive, as deep as the decoder lets values be.
fn push(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        // No JSON has a secret in it.
        Value::Null | Value::Secret(_) => bytes.push(NULL),
        Value::Bool(false) => bytes.push(FALSE),
        Value::Bool(true) => bytes.push(TRUE),
        Value::Int(_) | Value::Float(_) | Value::Number(_) => {
            bytes.push(NUMBER);
            push_number(bytes, &value.json_text());
        }
        Value::Text(text) => push_text(bytes, text),
        Value::Bytes(_) => push_text(bytes, &value.json_text()),
        Value::List(items) => {
            bytes.push(LIST);
            push_count(bytes, items.len());
            items.iter().for_each(|item| push(bytes, item));
        }
        Value::Object(members) => {
            bytes.push(OBJECT);
            push_count(bytes, members.len());
            let mut members: Vec<&(String, Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| (name.len(), name.as_str()));
            for (name, value) in members {
                push_text(bytes, name);
                push(bytes, value);
            }
        }
    }
}

fn push_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend((count as u64).to_be_bytes());
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(TEXT);
    for byte in text.bytes() {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(u8::MAX);
        }
    }
    bytes.extend([0, 0]);
}

/// A number as JSON writes it: 0.d₁d₂… times ten to a power, d₁ not being zero.
fn push_number(bytes: &mut Vec<u8>, number: &str) {
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (NEGATIVE, number),
        None => (POSITIVE, number),
    };
    let (digits, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    if significant.is_empty() {
        return bytes.push(ZERO);
    }
    let leading = (all.len() - significant.len()) as i64;
    let exponent = power_of(power).saturating_add(whole.len() as i64 - leading);
    bytes.push(sign);
    let start = bytes.len();
    bytes.extend((exponent as u64 ^ 1 << 63).to_be_bytes());
    bytes.extend(significant.trim_end_matches('0').as_bytes());
    bytes.push(0);
    if sign == NEGATIVE {
        bytes[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

/// One that does not fit is as great as can be.
fn power_of(text: &str) -> i64 {
    let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    text.strip_prefix('+').unwrap_or(text).parse().unwrap_or(most)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// In the order of PostgreSQL 17; those of a line are equal.
    const ORDER: &[&[&str]] = &[
        &["[]"],
        &["null"],
        &[r#""""#],
        &[r#""A""#],
        &[r#""a""#, r#""\u0061""#],
        &[r#""a\u0000""#],
        &[r#""ab""#],
        &[r#""é""#],
        &["-1e300"],
        &["-12"],
        &["-9.5"],
        &["-1", "-1.0", "-10e-1", "-0.1E+1"],
        &["-0.001"],
        &["0", "-0", "0.000", "0e5"],
        &["0.0009999999999999999999999999"],
        &["0.001", "1e-3"],
        &["1", "1.0", "100e-2"],
        &["1.5"],
        &["9"],
        &["10", "1e1", "10.00"],
        &["9007199254740992"],
        &["9007199254740993"],
        &["9007199254740993.5"],
        &["1e300", "10e299"],
        &["false"],
        &["true"],
        &["[1]", "[ 1.0 ]"],
        &["[2]"],
        &["[[]]"],
        &["[1,2]"],
        &["{}"],
        &[r#"{"a":1}"#, r#"{ "a" : 1.0 }"#],
        &[r#"{"a":2}"#],
        &[r#"{"b":1}"#],
        &[r#"{"b":1,"aa":1}"#, r#"{"aa":1,"b":1}"#],
        &[r#"{"x":1,"y":2}"#, r#"{"y":2,"x":1}"#],
    ];

    #[test]
    fn values_are_in_the_order_of_jsonb() {
        let bytes = |json: &str| ordered(json).unwrap();
        for (at, line) in ORDER.iter().enumerate() {
            for json in *line {
                assert_eq!(bytes(json), bytes(line[0]), "{json}");
                for greater in ORDER[at + 1..].iter().flat_map(|line| line.iter()) {
                    assert!(bytes(json) < bytes(greater), "{json} before {greater}");
                }
            }
        }
        assert_eq!(ordered("{"), None);
    }
}
