//! Protocol buffers as JSON (<https://protobuf.dev/programming-guides/json/>).
//!
//! | place | form |
//! |---|---|
//! | `DateTime` | a string, RFC 3339 in UTC |
//! | `Duration` | a string, seconds with 0, 3 or 6 digits after the point and an `s` |
//! | enums | a string, the value's name in protocol buffers, `ORDER_STATUS_OPEN` |
//! | `JSON` | a string that holds the JSON text |
//! | the key of another record | an object with nothing but its key |
//! | stored lists and objects | what stands in them by the same rules |
//! | all others | as in JSON |
//!
//! A null is absent; an empty list is there. A value is always written, also where it is the type's zero. A list with a
//! null in it is a mismatch, and so is a field without a number, as both are in binary: what one of the formats can hold
//! so can the other. A reply that is a list or a scalar is bare, and the null of a bare scalar stands there.

use super::fit::{self, Fitted};
use super::item::{self, Item, Object, Place, Scratch};
use super::json::{JsonEncoder, string};
use super::{EncodeError, Encoder, NullAt, Wrapped, envelope, numbered};
use crate::json::parts::Items;
use crate::scalar::ascii::Ascii;
use crate::scalar::{span, time};
use crate::{Cell, Layout, Name, Shape, ShapeField};
use contract::Scalar;

/// Writes a reply as ProtoJSON without white space.
#[derive(Debug)]
pub struct ProtoJsonEncoder {
    json: JsonEncoder,
    /// How the items of a list that is the reply are written, if as envelopes.
    items: Option<Wrapped>,
    /// The same, once such a list has begun.
    begun: Option<Wrapped>,
    /// Records and lists that have begun and not ended.
    depth: usize,
    /// Where the message of the item that is being written begins.
    message: usize,
}

impl ProtoJsonEncoder {
    /// Appends to `buffer`, which may hold `bytes_max` bytes in all.
    pub fn new(buffer: Vec<u8>, bytes_max: usize) -> Self {
        Self { json: JsonEncoder::new(buffer, bytes_max), items: None, begun: None, depth: 0, message: 0 }
    }

    /// As [`ProtoJsonEncoder::new`], and writes a reply that is a list as envelopes.
    pub fn of_items(buffer: Vec<u8>, bytes_max: usize, wrapped: Wrapped) -> Self {
        Self { items: Some(wrapped), ..Self::new(buffer, bytes_max) }
    }

    /// The buffer with the whole reply.
    pub fn finish(self) -> Vec<u8> {
        self.json.finish()
    }

    /// A value with its field's name, or nothing.
    #[inline]
    fn member(&mut self, field: &ShapeField, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        if fitted == Fitted::Null {
            return Ok(());
        }
        self.json.begin_field(field)?;
        match &field.layout {
            Layout::Reference(key) => self.reference(key, fitted),
            _ => self.value(fitted),
        }
    }

    /// A value without a name.
    #[inline]
    fn value(&mut self, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        let mut scratch = Ascii::new();
        let fitted = match fitted {
            Fitted::Instant(_, utc) => {
                time::write_instant(&mut scratch, utc);
                Fitted::Plain(scratch.as_bytes())
            }
            Fitted::Span(micros) => {
                span::write_seconds(&mut scratch, micros);
                Fitted::Plain(scratch.as_bytes())
            }
            Fitted::Enum(value) => Fitted::Plain(value.proto.as_bytes()),
            Fitted::Json(text) => Fitted::Text(text),
            Fitted::Null
            | Fitted::Bool(_)
            | Fitted::Int(_)
            | Fitted::Long(_)
            | Fitted::Float(_)
            | Fitted::Text(_)
            | Fitted::Plain(_)
            | Fitted::Bytes(_) => fitted,
        };
        self.json.value(fitted)
    }

    /// An object with a key in it.
    fn reference(&mut self, key: &Name, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        numbered(key)?;
        self.json.open(b'{');
        self.json.out.extend(key.json.as_bytes());
        self.value(fitted)?;
        self.json.close(b'}')
    }

    /// A stored list.
    fn list(&mut self, field: &ShapeField, item: Item<'_>, text: &str) -> Result<(), EncodeError> {
        let mismatch = || EncodeError::mismatch(&field.name.text, "a stored list that does not fit");
        let mut items = Items::of(text).map_err(|_| mismatch())?;
        let mut scratch = Scratch::new();
        self.json.begin_field(field)?;
        self.json.open(b'[');
        while let Some(raw) = items.next().map_err(|_| mismatch())? {
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
                (Some(fitted), Item::Reference(key)) => self.reference(key, fitted)?,
                (Some(fitted), _) => self.value(fitted)?,
            }
            self.json.out.room(0)?;
        }
        self.json.close(b']')
    }

    /// A stored object without its field's name. Recursive, as deep as the shape.
    fn object(&mut self, field: &ShapeField, object: Object<'_>, text: &str) -> Result<(), EncodeError> {
        let mismatch = || EncodeError::mismatch(&field.name.text, "a stored object that does not fit");
        let members = object.members(text).ok_or_else(mismatch)?;
        self.json.open(b'{');
        for (field, raw) in object.shape().fields.iter().zip(members) {
            numbered(&field.name)?;
            if let Some(raw) = raw.filter(|raw| *raw != "null") {
                self.stored_member(field, raw)?;
            }
        }
        self.json.close(b'}')
    }

    fn stored_member(&mut self, field: &ShapeField, raw: &str) -> Result<(), EncodeError> {
        let mut scratch = Scratch::new();
        let fitted = match item::place(&field.layout) {
            Some(Place::Scalar(scalar)) => item::scalar(scalar, raw, &mut scratch),
            Some(Place::Reference) => item::scalar(Scalar::Id, raw, &mut scratch),
            Some(Place::Enum(values)) => item::enumeration(values, raw, &mut scratch),
            Some(Place::List(item)) => return self.list(field, item, raw),
            Some(Place::Object(object)) => {
                self.json.begin_field(field)?;
                return self.object(field, object, raw);
            }
            None => None,
        };
        match fitted {
            Some(fitted) => self.member(field, fitted),
            None => Err(EncodeError::mismatch(&field.name.text, "a stored member that does not fit")),
        }
    }

    /// How an item is written that begins or ends here, if one does.
    #[inline]
    fn item(&self) -> Option<Wrapped> {
        self.begun.filter(|_| self.depth == 1)
    }
}

impl Encoder for ProtoJsonEncoder {
    fn into_reply(self) -> (Vec<u8>, Vec<NullAt>) {
        (self.finish(), Vec::new())
    }

    fn scalar(&mut self, shape: &Shape, cell: Cell<'_>) -> Result<(), EncodeError> {
        let Some(field) = shape.fields.first() else { return Ok(()) };
        let start = self.position();
        self.cell(field, cell)?;
        match self.position() == start {
            true => self.json.null_from(start)?,
            false => self.json.unname(start, field),
        }
        Ok(())
    }

    #[inline]
    fn cell(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
        numbered(&field.name)?;
        let mut scratch = Ascii::new();
        let fitted = match (item::place(&field.layout), cell) {
            (Some(Place::Scalar(scalar)), _) => fit::scalar(scalar, cell, &mut scratch),
            (Some(Place::Reference), _) => fit::scalar(Scalar::Id, cell, &mut scratch),
            (Some(Place::Enum(values)), _) => fit::enumeration(values, cell),
            (Some(Place::List(_) | Place::Object(_)), Cell::Null) => Some(Fitted::Null),
            (Some(Place::List(item)), Cell::Text(text)) => return self.list(field, item, text),
            (Some(Place::Object(object)), Cell::Text(text)) => {
                self.json.begin_field(field)?;
                return self.object(field, object, text);
            }
            (Some(Place::List(_) | Place::Object(_)) | None, _) => None,
        };
        match fitted {
            Some(fitted) => self.member(field, fitted),
            None => Err(EncodeError::mismatch(&field.name.text, cell.kind())),
        }
    }

    #[inline]
    fn begin_record(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        if let Some(wrapped) = self.item() {
            self.message = envelope::begin(&mut self.json.out);
            if let Wrapped::Field(name) = wrapped {
                self.json.open(b'{');
                string(&mut self.json.out.bytes, name);
                self.json.out.push(b':');
            }
        }
        self.depth += 1;
        self.json.begin_record(shape)
    }

    #[inline]
    fn end_record(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        self.depth = self.depth.saturating_sub(1);
        self.json.end_record(shape)?;
        let Some(wrapped) = self.item() else { return Ok(()) };
        if let Wrapped::Field(_) = wrapped {
            self.json.close(b'}')?;
        }
        // Messages are apart without a comma.
        self.json.out.bytes.pop();
        envelope::end(&mut self.json.out, self.message)
    }

    #[inline]
    fn begin_list(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        if self.depth == 0 {
            self.begun = self.items;
        }
        self.depth += 1;
        if self.item().is_some() { Ok(()) } else { self.json.begin_list(shape) }
    }

    #[inline]
    fn end_list(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        let is_of_items = self.item().is_some();
        self.depth = self.depth.saturating_sub(1);
        if is_of_items { Ok(()) } else { self.json.end_list(shape) }
    }

    #[inline]
    fn begin_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        numbered(&field.name)?;
        self.json.begin_field(field)
    }

    #[inline]
    fn end_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        self.json.end_field(field)
    }

    #[inline]
    fn null(&mut self, _: &ShapeField) -> Result<(), EncodeError> {
        Ok(())
    }

    fn position(&self) -> usize {
        self.json.position()
    }

    fn turn_items(&mut self, starts: &[usize]) {
        self.json.turn_items(starts);
    }

    fn take_written(&mut self) -> Option<Vec<u8>> {
        self.item().map(|_| self.json.out.take())
    }
}
