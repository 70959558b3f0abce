//! Cursors: the place of a row in an order, as one opaque text.
//!
//! The text is base64url without padding (RFC 4648, section 5) of the byte [`FORM`] and of each value one after the
//! other, a tag and what it says:
//!
//! | tag | value |
//! |---|---|
//! | 0 | null |
//! | 1 | an integer or boolean: a varint, zigzag as in protocol buffers |
//! | 2 | a double: eight bytes, the greatest first |
//! | 3 | a text: its bytes of UTF-8, after their number as a varint |
//! | 4 | bytes, after their number as a varint |
//!
//! It is no secret and not signed: whoever reads one has seen the values in it, and whoever makes one up has chosen
//! where to go on reading.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::types::ValueRef;
use wire::Value;

/// Bytes of a cursor's text at the most.
pub const CURSOR_BYTES_MAX: usize = 4 << 10;
/// Values of a cursor at the most.
pub const CURSOR_VALUES_MAX: usize = 32;

/// The form of what follows, so that it can change: cursors of another form are none.
const FORM: u8 = 1;
/// Bytes in base64 at the most.
const DECODED_BYTES_MAX: usize = CURSOR_BYTES_MAX / 4 * 3;

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const DOUBLE: u8 = 2;
const TEXT: u8 = 3;
const BYTES: u8 = 4;

/// The values that a cursor was made of by [`crate::Operand::Cursor`]; `None` when it is not one.
pub fn read(cursor: &str) -> Option<Vec<Value>> {
    if cursor.len() > CURSOR_BYTES_MAX {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let mut rest = Rest(bytes.strip_prefix(&[FORM])?);
    let mut values = Vec::new();
    while !rest.0.is_empty() {
        if values.len() == CURSOR_VALUES_MAX {
            return None;
        }
        values.push(rest.value()?);
    }
    Some(values)
}

/// What is left to read of a cursor.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn value(&mut self) -> Option<Value> {
        Some(match self.take(1)? {
            [NULL] => Value::Null,
            [INTEGER] => Value::Int(unzigzag(self.varint()?)),
            [DOUBLE] => {
                let bytes = self.take(8)?.try_into().ok()?;
                Value::Float(Some(f64::from_be_bytes(bytes)).filter(|number| number.is_finite())?)
            }
            [TEXT] => Value::Text(std::str::from_utf8(self.counted()?).ok()?.to_owned()),
            [BYTES] => Value::Bytes(self.counted()?.to_vec()),
            _ => return None,
        })
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let bytes = usize::try_from(self.varint()?).ok()?;
        self.take(bytes)
    }

    /// Seven bits a byte, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = u64::from(self.take(1)?[0]);
            let bits = byte & 0x7f;
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte == bits {
                return Some(number);
            }
        }
        None
    }
}

/// A cursor of these values, or why there is none, in words for the caller.
pub(crate) fn write<'v>(values: impl IntoIterator<Item = ValueRef<'v>>) -> Result<String, &'static str> {
    let mut bytes = vec![FORM];
    for value in values {
        push(&mut bytes, value)?;
        if bytes.len() > DECODED_BYTES_MAX {
            return Err(TOO_LONG);
        }
    }
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

const TOO_LONG: &str = "rows are ordered by a value that is too long for a cursor";
const NOT_FINITE: &str = "rows are ordered by a number that is not finite, of which there is no cursor";

fn push(bytes: &mut Vec<u8>, value: ValueRef<'_>) -> Result<(), &'static str> {
    match value {
        ValueRef::Null => bytes.push(NULL),
        ValueRef::Integer(number) => {
            bytes.push(INTEGER);
            push_varint(bytes, zigzag(number));
        }
        ValueRef::Real(number) if number.is_finite() => {
            bytes.push(DOUBLE);
            bytes.extend(number.to_be_bytes());
        }
        ValueRef::Real(_) => return Err(NOT_FINITE),
        ValueRef::Text(text) => push_counted(bytes, TEXT, text)?,
        ValueRef::Blob(blob) => push_counted(bytes, BYTES, blob)?,
    }
    Ok(())
}

fn push_counted(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) -> Result<(), &'static str> {
    // Before it is copied: it may be of any size.
    if value.len() > DECODED_BYTES_MAX {
        return Err(TOO_LONG);
    }
    bytes.push(tag);
    push_varint(bytes, value.len() as u64);
    bytes.extend(value);
    Ok(())
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Numbers near zero are short, whatever their sign.
fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Hostile text into the reader, as it is and as what the text stands for: what it accepts is written and read as the
/// same again.
pub(crate) fn fuzz(data: &[u8]) {
    let texts = [String::from_utf8_lossy(data).into_owned(), URL_SAFE_NO_PAD.encode(data)];
    for values in texts.iter().filter_map(|text| read(text)) {
        let again = write(values.iter().map(value_ref)).expect("what was read is short enough");
        assert_eq!(read(&again), Some(values));
    }
}

fn value_ref(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Null => ValueRef::Null,
        Value::Bool(value) => ValueRef::Integer((*value).into()),
        Value::Int(number) => ValueRef::Integer(*number),
        Value::Float(number) => ValueRef::Real(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Bytes(bytes) => ValueRef::Blob(bytes),
        Value::Number(_) | Value::List(_) | Value::Object(_) | Value::Secret(_) => {
            unreachable!("no cursor holds these")
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            (0..64, any::<i64>()).prop_map(|(shift, number)| Value::Int(number >> shift)),
            proptest::num::f64::ANY.prop_filter("finite", |f| f.is_finite()).prop_map(Value::Float),
            ".{0,20}".prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(values in proptest::collection::vec(any_value(), 0..CURSOR_VALUES_MAX)) {
            let cursor = write(values.iter().map(value_ref)).unwrap();
            prop_assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            let bits = |value: &Value| match value {
                Value::Float(number) => format!("{:x}", number.to_bits()),
                other => format!("{other:?}"),
            };
            let read: Vec<String> = read(&cursor).unwrap().iter().map(bits).collect();
            prop_assert_eq!(read, values.iter().map(bits).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_cursor_is_short() {
        let day = Value::Text("2026-11-22T18:32:34.000000Z".to_owned());
        let cursor = |values: &[Value]| write(values.iter().map(value_ref)).unwrap();
        assert_eq!(cursor(&[]), "AQ");
        assert_eq!(cursor(&[Value::Int(-1), Value::Null]), "AQEBAA");
        assert_eq!(cursor(&[day, Value::Int(42)]).len(), 43);
    }

    #[test]
    fn what_is_too_long_has_no_cursor() {
        let texts = |length, count| {
            let text = "a".repeat(length);
            write(std::iter::repeat_n(ValueRef::Text(text.as_bytes()), count))
        };
        let longest = texts(DECODED_BYTES_MAX - 4, 1).unwrap();
        assert_eq!(longest.len(), CURSOR_BYTES_MAX);
        assert_eq!(read(&longest).map(|values| values.len()), Some(1));
        assert_eq!(texts(DECODED_BYTES_MAX - 3, 1), Err(TOO_LONG));
        assert_eq!(texts(1 << 20, 1), Err(TOO_LONG));
        assert_eq!(texts(400, 8), Err(TOO_LONG));
        assert_eq!(write([ValueRef::Real(f64::INFINITY)]), Err(NOT_FINITE));
    }

    #[test]
    fn what_is_no_cursor_is_none() {
        let bytes = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let wrong = [
            String::new(),
            "AQ==".to_owned(),
            "AR".to_owned(),
            "A+/A".to_owned(),
            " AQ".to_owned(),
            "é".to_owned(),
            bytes(&[2]),
            bytes(&[FORM, 5]),
            bytes(&[FORM, INTEGER]),
            bytes(&[FORM, INTEGER, 0x80]),
            bytes(&[FORM, INTEGER, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]),
            bytes(&[FORM, DOUBLE, 0, 0, 0]),
            bytes(&[&[FORM, DOUBLE][..], &f64::NAN.to_be_bytes()].concat()),
            bytes(&[FORM, TEXT, 2, b'a']),
            bytes(&[FORM, TEXT, 1, 0xff]),
            bytes(&[FORM, BYTES, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0]),
            bytes(&[&[FORM][..], &[NULL; CURSOR_VALUES_MAX + 1]].concat()),
            bytes(&[FORM; CURSOR_BYTES_MAX]),
        ];
        for text in wrong {
            assert_eq!(read(&text), None, "{text}");
        }
        assert_eq!(
            read(&bytes(&[FORM, INTEGER, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])),
            Some(vec![Value::Int(i64::MIN)])
        );
    }
}
