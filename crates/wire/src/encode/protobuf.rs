//! Protocol buffers, proto3, binary (<https://protobuf.dev/programming-guides/encoding/>).
//!
//! | place | type |
//! |---|---|
//! | `ID`, `String`, `UUID`, `URL`, `Email`, `JSON` | `string` |
//! | `Int`, `Long`, enums | `int32`, `int64`, the enum, as varints |
//! | `Float`, `Boolean`, `Bytes` | `double`, `bool`, `bytes` |
//! | `Decimal`, `Date`, `Time` | `string` |
//! | `DateTime`, `Duration` | `google.protobuf.Timestamp`, `google.protobuf.Duration` |
//! | nested records and stored objects | the message |
//! | the key of another record | the message of that record with nothing but its key |
//! | lists | `repeated`, numbers packed |
//!
//! A null is absent, and so is an empty list. A value is always written, also where it is the type's zero: a
//! shape does not say which fields have explicit presence, and a zero on the wire is legal for those that
//! have none. A list with a null in it is a mismatch, because `repeated` has no place for one. A reply that
//! is a list is field 1 of the reply's message, repeated; or, of [`crate::Format::ProtobufItems`], a sequence of
//! envelopes.

use super::buffer::Buffer;
use super::fit::{self, Fitted};
use super::item::{self, Item, Object, Place, Scratch};
use super::{EncodeError, Encoder, NullAt, Wrapped, envelope, numbered};
use crate::json::parts::Items;
use crate::scalar::ascii::Ascii;
use crate::scalar::span::MICROS_PER_S;
use crate::scalar::time;
use crate::{Cell, Layout, Name, Shape, ShapeField};
use contract::Scalar;

/// The field of a reply that is a list, and of an item that stands in a message of its own.
const ROOT_LIST: u32 = 1;

/// The greatest field number whose tag is one byte.
const TAG_BYTE_MAX: u32 = 15;
/// Bytes of a varint at the most: 64 bits, seven a byte.
const VARINT_BYTES_MAX: usize = 10;

/// How a value is framed.
#[derive(Debug, Clone, Copy)]
enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Length = 2,
}

/// What has begun and not ended.
#[derive(Debug)]
enum Open {
    /// The reply itself, which has no tag.
    Root,
    /// A message, and where its first byte is.
    Message(usize),
    /// A field, or a list that is the reply: records in it are messages under this number.
    Field(u32),
    /// A list that is the reply: records in it are items with envelopes.
    Items(Wrapped),
    /// Such an item: where the first bytes of the message and, in a field of it, of the item are.
    Item(usize, Option<usize>),
}

/// Writes a reply as a protobuf message.
///
/// The length of a message stands before it and is known after it. One byte is reserved for it, which most
/// messages need no more than; a longer message is moved up by the bytes that are missing. That writes
/// everything in one pass and always in the shortest form, where a size pass would need the rows twice and
/// padded lengths trip strict readers.
#[derive(Debug)]
pub struct ProtobufEncoder {
    out: Buffer,
    open: Vec<Open>,
    /// How a list that is the reply is written.
    items: Option<Wrapped>,
}

impl ProtobufEncoder {
    /// Appends to `buffer`, which may hold `bytes_max` bytes in all.
    pub fn new(buffer: Vec<u8>, bytes_max: usize) -> Self {
        Self { out: Buffer::new(buffer, bytes_max), open: Vec::new(), items: None }
    }

    /// As [`ProtobufEncoder::new`], and writes a reply that is a list as envelopes.
    pub fn of_items(buffer: Vec<u8>, bytes_max: usize, wrapped: Wrapped) -> Self {
        Self { items: Some(wrapped), ..Self::new(buffer, bytes_max) }
    }

    /// The buffer with the whole reply.
    pub fn finish(self) -> Vec<u8> {
        self.out.bytes
    }

    /// A varint: seven bits a byte, lowest first.
    #[inline]
    fn varint(&mut self, mut number: u64) {
        if number < 0x80 {
            return self.out.push(number as u8);
        }
        let mut digits = [0; VARINT_BYTES_MAX];
        let mut length = 0;
        while number >= 0x80 {
            digits[length] = number as u8 | 0x80;
            length += 1;
            number >>= 7;
        }
        digits[length] = number as u8;
        self.out.extend(&digits[..=length]);
    }

    /// A signed number as a varint of its 64 bits in two's complement: ten bytes when negative.
    #[inline]
    fn signed(&mut self, number: i64) {
        self.varint(number as u64);
    }

    #[inline]
    fn tag(&mut self, number: u32, wire: Wire) {
        self.varint(u64::from(number) << 3 | wire as u64);
    }

    #[inline]
    fn delimited(&mut self, number: u32, bytes: &[u8]) {
        match u8::try_from(bytes.len()) {
            // Nearly all of them: a byte for the tag and one for the length.
            Ok(length) if number <= TAG_BYTE_MAX && length < 0x80 => {
                self.out.extend(&[(number as u8) << 3 | Wire::Length as u8, length]);
            }
            _ => {
                self.tag(number, Wire::Length);
                self.varint(bytes.len() as u64);
            }
        }
        self.out.extend(bytes);
    }

    /// Begins a message or a packed list: reserves its length and says where it begins.
    #[inline]
    fn begin(&mut self, number: u32) -> usize {
        self.tag(number, Wire::Length);
        self.out.push(0);
        self.out.bytes.len()
    }

    /// Ends it: puts the length in its place.
    #[inline]
    fn end(&mut self, start: usize) {
        let length = self.out.bytes.len() - start;
        match u8::try_from(length) {
            Ok(short) if short < 0x80 => self.out.bytes[start - 1] = short,
            _ => self.end_long(start, length as u64),
        }
    }

    /// The length of a message of 128 bytes or more: moves the message up by what its length needs beyond one
    /// byte.
    fn end_long(&mut self, start: usize, length: u64) {
        self.varint(length);
        let end = start + length as usize;
        let size = self.out.bytes.len() - end;
        let mut digits = [0; VARINT_BYTES_MAX];
        digits[..size].copy_from_slice(&self.out.bytes[end..]);
        self.out.bytes.pop();
        self.out.bytes.copy_within(start..end, start + size - 1);
        self.out.bytes[start - 1..][..size].copy_from_slice(&digits[..size]);
    }

    /// A value with its tag.
    #[inline]
    fn fitted(&mut self, number: u32, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        self.out.room(fitted.least_bytes())?;
        match fitted {
            Fitted::Null => {}
            Fitted::Bool(_) | Fitted::Int(_) | Fitted::Long(_) | Fitted::Enum(_) => {
                self.tag(number, Wire::Varint);
                self.number(fitted);
            }
            Fitted::Float(_) => {
                self.tag(number, Wire::Fixed64);
                self.number(fitted);
            }
            Fitted::Text(text) | Fitted::Json(text) => self.delimited(number, text.as_bytes()),
            Fitted::Plain(bytes) | Fitted::Bytes(bytes) => self.delimited(number, bytes),
            Fitted::Instant(_, utc) => {
                let (seconds, micros) = time::since_epoch(utc);
                self.seconds_and_nanos(number, seconds, i64::from(micros) * 1000);
            }
            Fitted::Span(micros) => {
                self.seconds_and_nanos(number, micros / MICROS_PER_S, micros % MICROS_PER_S * 1000);
            }
        }
        Ok(())
    }

    /// A value in its field's place.
    #[inline]
    fn value(&mut self, field: &ShapeField, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        match &field.layout {
            Layout::Reference(key) => self.reference(field.name.number, key, fitted),
            _ => self.fitted(field.name.number, fitted),
        }
    }

    /// A message with a key in it.
    #[inline]
    fn reference(&mut self, number: u32, key: &Name, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        if fitted == Fitted::Null {
            return Ok(());
        }
        numbered(key)?;
        let start = self.begin(number);
        self.fitted(key.number, fitted)?;
        self.end(start);
        Ok(())
    }

    /// A value that may be packed, without a tag; `None` when it may not.
    #[inline]
    fn number(&mut self, fitted: Fitted<'_>) -> Option<()> {
        match fitted {
            Fitted::Bool(value) => self.varint(value.into()),
            Fitted::Int(number) => self.signed(number.into()),
            Fitted::Long(number) => self.signed(number),
            Fitted::Enum(value) => self.varint(value.number.into()),
            Fitted::Float(number) => self.out.extend(&number.to_le_bytes()),
            Fitted::Null
            | Fitted::Text(_)
            | Fitted::Plain(_)
            | Fitted::Instant(..)
            | Fitted::Span(_)
            | Fitted::Json(_)
            | Fitted::Bytes(_) => return None,
        }
        Some(())
    }

    /// `google.protobuf.Timestamp` and `google.protobuf.Duration` are the same on the wire: seconds = 1,
    /// nanos = 2, both without presence.
    fn seconds_and_nanos(&mut self, number: u32, seconds: i64, nanos: i64) {
        let start = self.begin(number);
        for (field, part) in [(1, seconds), (2, nanos)] {
            if part != 0 {
                self.tag(field, Wire::Varint);
                self.signed(part);
            }
        }
        self.end(start);
    }

    /// A stored list.
    fn list(&mut self, field: &ShapeField, item: Item<'_>, text: &str) -> Result<(), EncodeError> {
        let mismatch = || EncodeError::mismatch(&field.name.text, "a stored list that does not fit");
        let packed = is_packed(item);
        let mut items = Items::of(text).map_err(|_| mismatch())?;
        let mut scratch = Scratch::new();
        let mut start = None;
        while let Some(raw) = items.next().map_err(|_| mismatch())? {
            if packed && start.is_none() {
                start = Some(self.begin(field.name.number));
            }
            let fitted = match item {
                Item::Scalar(scalar) => item::scalar(scalar, raw, &mut scratch),
                Item::Reference(_) => item::scalar(Scalar::Id, raw, &mut scratch),
                Item::Enum(values) => item::enumeration(values, raw, &mut scratch),
                Item::Object(object) => {
                    self.object(field, object, raw)?;
                    continue;
                }
            };
            match (fitted, item) {
                (None | Some(Fitted::Null), _) => return Err(mismatch()),
                (Some(fitted), Item::Reference(key)) => self.reference(field.name.number, key, fitted)?,
                (Some(fitted), _) if packed => self.number(fitted).ok_or_else(mismatch)?,
                (Some(fitted), _) => self.fitted(field.name.number, fitted)?,
            }
            self.out.room(0)?;
        }
        start.into_iter().for_each(|start| self.end(start));
        Ok(())
    }

    /// A stored object. Recursive, as deep as the shape.
    fn object(&mut self, field: &ShapeField, object: Object<'_>, text: &str) -> Result<(), EncodeError> {
        let mismatch = || EncodeError::mismatch(&field.name.text, "a stored object that does not fit");
        let members = object.members(text).ok_or_else(mismatch)?;
        let start = self.begin(field.name.number);
        for (field, raw) in object.shape().fields.iter().zip(members) {
            if let Some(raw) = raw {
                self.member(field, raw)?;
            }
        }
        self.end(start);
        self.out.room(0)
    }

    fn member(&mut self, field: &ShapeField, raw: &str) -> Result<(), EncodeError> {
        numbered(&field.name)?;
        if raw == "null" {
            return Ok(());
        }
        let mut scratch = Scratch::new();
        let fitted = match item::place(&field.layout) {
            Some(Place::Scalar(scalar)) => item::scalar(scalar, raw, &mut scratch),
            Some(Place::Reference) => item::scalar(Scalar::Id, raw, &mut scratch),
            Some(Place::Enum(values)) => item::enumeration(values, raw, &mut scratch),
            Some(Place::List(item)) => return self.list(field, item, raw),
            Some(Place::Object(object)) => return self.object(field, object, raw),
            None => None,
        };
        match fitted {
            Some(fitted) => self.value(field, fitted),
            None => Err(EncodeError::mismatch(&field.name.text, "a stored member that does not fit")),
        }
    }
}

/// Whether a list of these is packed: all numbers are (proto3's default).
fn is_packed(item: Item<'_>) -> bool {
    match item {
        Item::Enum(_) => true,
        Item::Scalar(Scalar::Int | Scalar::Long | Scalar::Float | Scalar::Boolean) => true,
        Item::Scalar(_) | Item::Reference(_) | Item::Object(_) => false,
    }
}

impl Encoder for ProtobufEncoder {
    fn into_reply(self) -> (Vec<u8>, Vec<NullAt>) {
        (self.finish(), Vec::new())
    }

    #[inline]
    fn cell(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
        numbered(&field.name)?;
        // Most cells are of kinds that fit as they are.
        match (&field.layout, cell) {
            (Layout::Scalar(Scalar::Id | Scalar::String), Cell::Text(text)) => {
                self.out.room(text.len())?;
                self.delimited(field.name.number, text.as_bytes());
                return Ok(());
            }
            (Layout::Scalar(Scalar::Int), Cell::Int(number)) if i32::try_from(number).is_ok() => {
                // On the wire it is the same as a longer one.
                return self.fitted(field.name.number, Fitted::Long(number));
            }
            (Layout::Scalar(Scalar::Float), Cell::Float(number)) if number.is_finite() => {
                return self.fitted(field.name.number, Fitted::Float(number));
            }
            _ => {}
        }
        let mut scratch = Ascii::new();
        let fitted = match (item::place(&field.layout), cell) {
            (Some(Place::Scalar(scalar)), _) => fit::scalar(scalar, cell, &mut scratch),
            (Some(Place::Reference), _) => fit::scalar(Scalar::Id, cell, &mut scratch),
            (Some(Place::Enum(values)), _) => fit::enumeration(values, cell),
            (Some(Place::List(_) | Place::Object(_)), Cell::Null) => Some(Fitted::Null),
            (Some(Place::List(item)), Cell::Text(text)) => return self.list(field, item, text),
            (Some(Place::Object(object)), Cell::Text(text)) => return self.object(field, object, text),
            (Some(Place::List(_) | Place::Object(_)) | None, _) => None,
        };
        match fitted {
            Some(fitted) => self.value(field, fitted),
            None => Err(EncodeError::mismatch(&field.name.text, cell.kind())),
        }
    }

    #[inline]
    fn begin_record(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        let open = match self.open.last() {
            None => Open::Root,
            Some(Open::Field(number)) => {
                let number = *number;
                Open::Message(self.begin(number))
            }
            Some(Open::Items(wrapped)) => {
                let wrapped = *wrapped;
                let message = envelope::begin(&mut self.out);
                let item = (wrapped != Wrapped::Bare).then(|| self.begin(ROOT_LIST));
                Open::Item(message, item)
            }
            Some(Open::Root | Open::Message(_) | Open::Item(..)) => {
                return Err(EncodeError::mismatch(&shape.type_name, "a record outside of a field"));
            }
        };
        self.open.push(open);
        Ok(())
    }

    #[inline]
    fn end_record(&mut self, _: &Shape) -> Result<(), EncodeError> {
        match self.open.pop() {
            Some(Open::Message(start)) => self.end(start),
            Some(Open::Item(message, item)) => {
                item.into_iter().for_each(|start| self.end(start));
                envelope::end(&mut self.out, message)?;
            }
            Some(Open::Root | Open::Field(_) | Open::Items(_)) | None => {}
        }
        self.out.room(0)
    }

    #[inline]
    fn begin_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        if self.open.is_empty() {
            self.open.push(self.items.map_or(Open::Field(ROOT_LIST), Open::Items));
        }
        Ok(())
    }

    #[inline]
    fn end_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        // Within a reply that is a record, the field of the list ends with `end_field`.
        if self.open.len() == 1 {
            self.open.pop();
        }
        Ok(())
    }

    #[inline]
    fn begin_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        numbered(&field.name)?;
        self.open.push(Open::Field(field.name.number));
        Ok(())
    }

    #[inline]
    fn end_field(&mut self, _: &ShapeField) -> Result<(), EncodeError> {
        self.open.pop();
        Ok(())
    }

    #[inline]
    fn null(&mut self, _: &ShapeField) -> Result<(), EncodeError> {
        Ok(())
    }

    fn position(&self) -> usize {
        self.out.bytes.len()
    }

    fn turn_items(&mut self, starts: &[usize]) {
        self.out.turn(starts);
    }

    fn take_written(&mut self) -> Option<Vec<u8>> {
        let is_between = matches!(self.open.last(), Some(Open::Items(_)));
        is_between.then(|| self.out.take())
    }
}
