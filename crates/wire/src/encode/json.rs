//! JSON (RFC 8259).
//!
//! | place | form |
//! |---|---|
//! | `ID`, `Long`, `Decimal` | a string, because readers lose digits of numbers above 2^53 |
//! | `Int`, `Float` | a number; a double in the fewest digits that read back as it, whole ones without `.0` |
//! | `Duration` | a string, ISO 8601 in hours and smaller |
//! | `Bytes` | a string, base64 (RFC 4648, section 4, padded) |
//! | `JSON`, stored lists and objects | the stored text |
//! | other scalars and enums | a string, as stored |

use super::buffer::Buffer;
use super::chosen::{Choosing, Nulls, Outcome};
use super::fit::{self, Fitted};
use super::item::{self, Place};
use super::{EncodeError, Encoder, NullAt};
use crate::json::escape::escape;
use crate::json::parts;
use crate::scalar::ascii::Ascii;
use crate::scalar::{number, span, text};
use crate::{Cell, Layout, Shape, ShapeField};
use contract::Scalar;
use std::ops::Range;

/// Appends `text` as a JSON string.
#[inline]
pub fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape(text, |piece| out.extend_from_slice(piece.as_bytes()));
    out.push(b'"');
}

/// Writes a reply as JSON without white space.
///
/// Every value is followed by a comma, which the end of its record or list overwrites: there is nothing to
/// remember between the calls.
#[derive(Debug)]
pub struct JsonEncoder {
    pub(super) out: Buffer,
    start: usize,
}

impl JsonEncoder {
    /// Appends to `buffer`, which may hold `bytes_max` bytes in all.
    pub fn new(buffer: Vec<u8>, bytes_max: usize) -> Self {
        Self { start: buffer.len(), out: Buffer::new(buffer, bytes_max) }
    }

    /// The buffer with the whole reply.
    pub fn finish(self) -> Vec<u8> {
        let mut bytes = self.out.bytes;
        if bytes.len() > self.start && bytes.last() == Some(&b',') {
            bytes.pop();
        }
        bytes
    }

    /// What has been written into these bytes of the buffer.
    pub(super) fn written(&self, bytes: Range<usize>) -> &[u8] {
        self.out.bytes.get(bytes).unwrap_or_default()
    }

    /// Takes back what has been written from this byte on, which is where a value begins: it is null.
    pub(super) fn null_from(&mut self, value: usize) -> Result<(), EncodeError> {
        self.out.bytes.truncate(value);
        self.out.extend(b"null");
        self.out.room(0)?;
        self.out.push(b',');
        Ok(())
    }

    /// Begins a record or list.
    #[inline]
    pub(super) fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    /// Takes the field's name away from a member that begins at this byte.
    pub(super) fn unname(&mut self, member: usize, field: &ShapeField) {
        self.out.bytes.drain(member..member + field.name.json.len());
    }

    /// Ends a record or list, and follows it with a comma.
    #[inline]
    pub(super) fn close(&mut self, bracket: u8) -> Result<(), EncodeError> {
        match self.out.bytes.last_mut() {
            Some(last @ b',') => *last = bracket,
            _ => self.out.push(bracket),
        }
        self.out.room(0)?;
        self.out.push(b',');
        Ok(())
    }

    /// A stored list or object: copied, or what is chosen of it.
    fn stored(&mut self, field: &ShapeField, cell: Cell<'_>, bracket: u8) -> Result<(), EncodeError> {
        self.out.extend(field.name.json.as_bytes());
        let start = self.position();
        if let Layout::Chosen(_) = field.layout {
            return match Choosing::new(self, Nulls::Stay).cell(field, cell)? {
                (Outcome::Written, _) => Ok(()),
                (Outcome::Null | Outcome::Bubbled, _) => self.null_from(start),
            };
        }
        match cell {
            Cell::Null => self.null_from(start),
            Cell::Text(text) => self.whole(field, text, bracket),
            Cell::Bool(_) | Cell::Int(_) | Cell::Float(_) | Cell::Bytes(_) => {
                Err(EncodeError::mismatch(&field.name.text, cell.kind()))
            }
        }
    }

    /// JSON text that holds a list or object, copied when it is whole.
    pub(super) fn whole(&mut self, field: &ShapeField, text: &str, bracket: u8) -> Result<(), EncodeError> {
        if text.as_bytes().first() != Some(&bracket) || parts::check(text).is_err() {
            return Err(EncodeError::mismatch(&field.name.text, Cell::Text(text).kind()));
        }
        self.out.room(text.len())?;
        self.out.extend(text.as_bytes());
        self.out.push(b',');
        Ok(())
    }

    #[inline]
    fn member(&mut self, field: &ShapeField, value: &[u8]) {
        self.out.extend(field.name.json.as_bytes());
        self.out.extend(value);
        self.out.push(b',');
    }

    #[inline]
    fn fitted(&mut self, field: &ShapeField, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        self.out.extend(field.name.json.as_bytes());
        self.value(fitted)
    }

    /// A value without a name.
    #[inline]
    pub(super) fn value(&mut self, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        self.out.room(fitted.least_bytes())?;
        match fitted {
            Fitted::Null => self.out.extend(b"null"),
            Fitted::Bool(true) => self.out.extend(b"true"),
            Fitted::Bool(false) => self.out.extend(b"false"),
            Fitted::Int(number) => self.out.extend(itoa::Buffer::new().format(number).as_bytes()),
            Fitted::Long(number) => self.quoted(itoa::Buffer::new().format(number).as_bytes()),
            Fitted::Float(number) => number::write_double(number, |text| self.out.extend(text.as_bytes())),
            Fitted::Text(text) => string(&mut self.out.bytes, text),
            Fitted::Plain(text) => self.quoted(text),
            Fitted::Instant(text, _) => self.quoted(text.as_bytes()),
            Fitted::Enum(value) => self.quoted(value.name.as_bytes()),
            Fitted::Span(micros) => {
                let mut text = Ascii::new();
                span::write(&mut text, micros);
                self.quoted(text.as_bytes());
            }
            Fitted::Json(text) => self.out.extend(text.as_bytes()),
            Fitted::Bytes(bytes) => {
                self.out.push(b'"');
                text::write_base64(&mut self.out.bytes, bytes);
                self.out.push(b'"');
            }
        }
        self.out.push(b',');
        Ok(())
    }

    #[inline]
    fn quoted(&mut self, text: &[u8]) {
        self.out.push(b'"');
        self.out.extend(text);
        self.out.push(b'"');
    }
}

impl Encoder for JsonEncoder {
    fn into_reply(self) -> (Vec<u8>, Vec<NullAt>) {
        (self.finish(), Vec::new())
    }

    #[inline]
    fn position(&self) -> usize {
        self.out.bytes.len()
    }

    fn turn_items(&mut self, starts: &[usize]) {
        self.out.turn(starts);
    }

    fn scalar(&mut self, shape: &Shape, cell: Cell<'_>) -> Result<(), EncodeError> {
        let Some(field) = shape.fields.first() else { return Ok(()) };
        let start = self.out.bytes.len();
        self.cell(field, cell)?;
        self.unname(start, field);
        Ok(())
    }

    #[inline]
    fn cell(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
        let mut scratch = Ascii::new();
        let fitted = match item::place(&field.layout) {
            Some(Place::Scalar(scalar)) => fit::scalar(scalar, cell, &mut scratch),
            Some(Place::Reference) => fit::scalar(Scalar::Id, cell, &mut scratch),
            Some(Place::Enum(values)) => fit::enumeration(values, cell),
            Some(Place::List(_)) => return self.stored(field, cell, b'['),
            Some(Place::Object(_)) => return self.stored(field, cell, b'{'),
            None => None,
        };
        match fitted {
            Some(fitted) => self.fitted(field, fitted),
            None => Err(EncodeError::mismatch(&field.name.text, cell.kind())),
        }
    }

    #[inline]
    fn begin_record(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.open(b'{');
        Ok(())
    }

    #[inline]
    fn end_record(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.close(b'}')
    }

    #[inline]
    fn begin_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.open(b'[');
        Ok(())
    }

    #[inline]
    fn end_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.close(b']')
    }

    #[inline]
    fn begin_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        self.out.extend(field.name.json.as_bytes());
        Ok(())
    }

    #[inline]
    fn end_field(&mut self, _: &ShapeField) -> Result<(), EncodeError> {
        Ok(())
    }

    #[inline]
    fn null(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        self.member(field, b"null");
        Ok(())
    }

    fn null_item(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.out.extend(b"null,");
        self.out.room(0)
    }
}
