//! Protocol buffers, proto3, binary, to values (<https://protobuf.dev/programming-guides/encoding/>), by the rules that
//! Google's implementations follow: unknown fields are skipped, and so is a known one that is framed as another type; of
//! a single value the last one counts, a single message is all of its pieces merged; numbers of a list may be packed or
//! not; a 32-bit number is the lower half of what came.
//!
//! Stricter in what cannot be kept: a number of an enum that the contract does not know, and a double that is not
//! finite, are refused. An enum's number 0 that stands for no value is as good as absent.

use super::json::DecodeBounds;
use super::messages::{Kind, Label, Message, MessageError, MessageField, Messages, Read};
use super::reader::{Known, Reader, Wire, too_deep};
use super::record::{Record, Slot, is_absent_when_empty, without_key};
use super::well_known;
use crate::Value;
use crate::json::DEPTH_MAX;
use contract::Scalar;

/// Reads a message of the table into an object, its members in the order of their numbers, each value in the form in
/// which JSON input gives it. `bounds` hold for values and depth; how many bytes there are is the caller's business.
///
/// # Panics
/// When the table has no such message.
pub fn decode_protobuf(
    messages: &Messages,
    message: usize,
    bytes: &[u8],
    bounds: &DecodeBounds,
) -> Result<Value, MessageError> {
    let depth_left = bounds.depth_max.min(DEPTH_MAX);
    let mut decoder = Decoder { messages, bounds: *bounds };
    decoder.whole(messages.message(message), bytes, depth_left).map_err(|error| *error)
}

struct Decoder<'t> {
    messages: &'t Messages,
    /// What is left of the values, and the other bounds.
    bounds: DecodeBounds,
}

impl<'t> Decoder<'t> {
    fn whole(&mut self, message: &'t Message, bytes: &[u8], depth_left: usize) -> Read<Value> {
        let mut record = Record::default();
        self.merge(message, bytes, depth_left, &mut record)?;
        record.finish(self.messages, message)
    }

    /// Reads a piece of a message. Recursive, at most `depth_left` deep.
    fn merge(
        &mut self,
        message: &'t Message,
        bytes: &[u8],
        depth_left: usize,
        record: &mut Record,
    ) -> Read<()> {
        let depth_left = depth_left.checked_sub(1).ok_or_else(too_deep)?;
        let mut last = 0;
        Reader::fields(bytes, depth_left, |number, wire, reader| {
            let Some((at, field)) = message.by_number(number, last) else { return Ok(Known::No) };
            last = at;
            let into = Into { message, at, field, record };
            match field.label {
                Label::One if wire == framing(field.kind) => {
                    self.one(into, reader, depth_left).map_err(|error| error.inside(&field.proto, None))?;
                }
                Label::Repeated if wire == framing(field.kind) => self.item(into, reader, depth_left)?,
                Label::Repeated if wire == Wire::Length && is_packable(field.kind) => {
                    self.packed(into, reader, depth_left)?;
                }
                Label::One | Label::Repeated => return Ok(Known::No),
            }
            Ok(Known::Yes)
        })
    }

    /// A single value, or a piece of a single message.
    #[inline]
    fn one(&mut self, into: Into<'t, '_>, reader: &mut Reader<'_>, depth_left: usize) -> Read<()> {
        let Into { message, at, field, record } = into;
        match field.kind {
            Kind::Message(of) => {
                self.count()?;
                let slot = record.slot(message, at, field, || Slot::Record(Record::default()));
                let Slot::Record(inner) = slot else { unreachable!("made as a record, and left so") };
                self.merge(self.messages.message(of), reader.delimited()?, depth_left, inner)
            }
            Kind::Scalar(Scalar::DateTime | Scalar::Duration) => {
                self.count()?;
                let slot = record.slot(message, at, field, || Slot::Seconds(0, 0));
                let Slot::Seconds(seconds, nanos) = slot else {
                    unreachable!("made as seconds, and left so")
                };
                self.seconds(reader.delimited()?, depth_left, seconds, nanos)
            }
            Kind::FieldMask => {
                let slot = record.slot(message, at, field, || Slot::Value(Value::List(Vec::new())));
                let Slot::Value(Value::List(paths)) = slot else {
                    unreachable!("made as a list, and left so")
                };
                self.paths(reader.delimited()?, depth_left, paths)
            }
            Kind::Reference { message: of, key } => {
                self.count()?;
                let slot = record.slot(message, at, field, || Slot::Value(Value::Null));
                let Slot::Value(value) = slot else { unreachable!("made as a value, and left so") };
                self.key(of, key, reader.delimited()?, depth_left, value)
            }
            Kind::Scalar(_) if is_absent_when_empty(field) && reader.0.first() == Some(&0) => {
                reader.delimited()?;
                record.remove(at);
                Ok(())
            }
            Kind::Scalar(scalar) => {
                let value = self.scalar(scalar, reader, depth_left)?;
                record.set(message, at, field, value);
                Ok(())
            }
            Kind::Enum(of) => {
                match self.enumeration(of, reader)? {
                    Some(value) => record.set(message, at, field, value),
                    None => record.remove(at),
                }
                Ok(())
            }
        }
    }

    /// An item of a list that stands by itself.
    fn item(&mut self, into: Into<'t, '_>, reader: &mut Reader<'_>, depth_left: usize) -> Read<()> {
        let Into { message, at, field, record } = into;
        let items = record.items(message, at, field);
        let value = depth_left
            .checked_sub(1)
            .ok_or_else(too_deep)
            .and_then(|depth_left| self.value(field.kind, reader, depth_left));
        items.push(value.map_err(|error| error.inside(&field.proto, Some(items.len())))?);
        Ok(())
    }

    /// Items of a list that stand one behind the other (<https://protobuf.dev/programming-guides/encoding/#packed>).
    fn packed(&mut self, into: Into<'t, '_>, reader: &mut Reader<'_>, depth_left: usize) -> Read<()> {
        let mut packed = Reader(reader.delimited()?);
        let Into { message, at, field, record } = into;
        while !packed.0.is_empty() {
            self.item(Into { message, at, field, record }, &mut packed, depth_left)?;
        }
        Ok(())
    }

    /// A whole value.
    fn value(&mut self, kind: Kind, reader: &mut Reader<'_>, depth_left: usize) -> Read<Value> {
        match kind {
            Kind::Scalar(scalar @ (Scalar::DateTime | Scalar::Duration)) => {
                self.count()?;
                let (mut seconds, mut nanos) = (0, 0);
                self.seconds(reader.delimited()?, depth_left, &mut seconds, &mut nanos)?;
                match scalar {
                    Scalar::DateTime => well_known::instant(seconds, nanos),
                    _ => well_known::span(seconds, nanos),
                }
            }
            Kind::Scalar(scalar) => self.scalar(scalar, reader, depth_left),
            Kind::Enum(of) => self
                .enumeration(of, reader)?
                .ok_or_else(|| MessageError::new("ENUM", "expected a value of the enum other than number 0")),
            Kind::Message(of) => {
                self.count()?;
                self.whole(self.messages.message(of), reader.delimited()?, depth_left)
            }
            Kind::Reference { message, key } => {
                self.count()?;
                let mut value = Value::Null;
                self.key(message, key, reader.delimited()?, depth_left, &mut value)?;
                match value {
                    Value::Null => Err(without_key(self.messages.message(message), key)),
                    value => Ok(value),
                }
            }
            Kind::FieldMask => {
                let mut paths = Vec::new();
                self.paths(reader.delimited()?, depth_left, &mut paths)?;
                Ok(Value::List(paths))
            }
        }
    }

    /// A scalar that is no message.
    #[inline]
    fn scalar(&mut self, scalar: Scalar, reader: &mut Reader<'_>, depth_left: usize) -> Read<Value> {
        self.count()?;
        Ok(match scalar {
            Scalar::Int => Value::Int(i64::from(reader.varint()? as i32)),
            Scalar::Long => Value::Int(reader.varint()? as i64),
            Scalar::Boolean => Value::Bool(reader.varint()? != 0),
            Scalar::Float => Value::Float(finite(f64::from_bits(reader.fixed64()?))?),
            Scalar::Bytes => Value::Bytes(reader.delimited()?.to_vec()),
            Scalar::Json => {
                let bounds = DecodeBounds { depth_max: depth_left, ..self.bounds };
                let value = well_known::json(text(reader.delimited()?)?, &bounds)?;
                self.bounds.values_max = self.bounds.values_max.saturating_sub(inner_values(&value));
                value
            }
            Scalar::Id
            | Scalar::String
            | Scalar::Decimal { .. }
            | Scalar::Date
            | Scalar::Time
            | Scalar::Uuid
            | Scalar::Url
            | Scalar::Email => Value::Text(text(reader.delimited()?)?.to_owned()),
            Scalar::DateTime | Scalar::Duration => unreachable!("read as messages"),
        })
    }

    /// A value of an enum; `None` for the one that stands for no value.
    fn enumeration(&mut self, of: usize, reader: &mut Reader<'_>) -> Read<Option<Value>> {
        self.count()?;
        let number = reader.varint()? as i32;
        match self.messages.enum_value(of, number) {
            Some(value) if value.name.is_empty() => Ok(None),
            Some(value) => Ok(Some(Value::Text(String::from(&*value.name)))),
            None => Err(MessageError::new("ENUM", format!("the enum has no value of number {number}"))),
        }
    }

    /// `google.protobuf.Timestamp` and `google.protobuf.Duration` are the same on the wire.
    fn seconds(&self, bytes: &[u8], depth_left: usize, seconds: &mut i64, nanos: &mut i32) -> Read<()> {
        Reader::fields(bytes, depth_left, |number, wire, reader| {
            match (number, wire) {
                (1, Wire::Varint) => *seconds = reader.varint()? as i64,
                (2, Wire::Varint) => *nanos = reader.varint()? as i32,
                _ => return Ok(Known::No),
            }
            Ok(Known::Yes)
        })
    }

    /// `google.protobuf.FieldMask`.
    fn paths(&mut self, bytes: &[u8], depth_left: usize, paths: &mut Vec<Value>) -> Read<()> {
        let depth_left = depth_left.checked_sub(1).ok_or_else(too_deep)?;
        Reader::fields(bytes, depth_left, |number, wire, reader| {
            if (number, wire) != (1, Wire::Length) {
                return Ok(Known::No);
            }
            self.count()?;
            paths.push(Value::Text(text(reader.delimited()?)?.to_owned()));
            Ok(Known::Yes)
        })
    }

    /// Of a record only the field of a number.
    fn key(&mut self, of: usize, key: u32, bytes: &[u8], depth_left: usize, value: &mut Value) -> Read<()> {
        let message = self.messages.message(of);
        let (_, field) = message.by_number(key, 0).expect("the table was checked");
        Reader::fields(bytes, depth_left, |number, wire, reader| {
            if number != key || wire != framing(field.kind) {
                return Ok(Known::No);
            }
            let read = self.value(field.kind, reader, depth_left);
            *value = read.map_err(|error| error.inside(&field.proto, None))?;
            Ok(Known::Yes)
        })
    }

    /// Another value.
    #[inline]
    fn count(&mut self) -> Read<()> {
        match self.bounds.values_max.checked_sub(1) {
            Some(left) => {
                self.bounds.values_max = left;
                Ok(())
            }
            None => Err(MessageError::new("SIZE", "too many values")),
        }
    }
}

/// A field and the record it is read into.
struct Into<'t, 'r> {
    message: &'t Message,
    at: usize,
    field: &'t MessageField,
    record: &'r mut Record,
}

/// How a single value is framed.
#[inline]
fn framing(kind: Kind) -> Wire {
    match kind {
        Kind::Scalar(Scalar::Int | Scalar::Long | Scalar::Boolean) | Kind::Enum(_) => Wire::Varint,
        Kind::Scalar(Scalar::Float) => Wire::Fixed64,
        Kind::Scalar(_) | Kind::Message(_) | Kind::Reference { .. } | Kind::FieldMask => Wire::Length,
    }
}

fn is_packable(kind: Kind) -> bool {
    framing(kind) != Wire::Length
}

#[inline]
fn text(bytes: &[u8]) -> Read<&str> {
    std::str::from_utf8(bytes).map_err(|_| MessageError::new("MALFORMED", "the text is not UTF-8"))
}

#[inline]
fn finite(number: f64) -> Read<f64> {
    match number.is_finite() {
        true => Ok(number),
        false => Err(MessageError::new("RANGE", "expected a finite number")),
    }
}

/// The values inside of a value: with itself it was counted once.
fn inner_values(value: &Value) -> usize {
    match value {
        Value::List(items) => items.iter().map(|item| 1 + inner_values(item)).sum(),
        Value::Object(members) => members.iter().map(|(_, item)| 1 + inner_values(item)).sum(),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Secret(_) => 0,
    }
}
