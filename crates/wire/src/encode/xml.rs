//! XML 1.0 elements without a prolog, in the lexical forms of XML Schema 1.1 part 2.
//!
//! | place | form |
//! |---|---|
//! | `Boolean` | `xs:boolean`: `true`, `false` |
//! | `Int`, `Long`, `Decimal` | `xs:int`, `xs:long`, `xs:decimal` |
//! | `Float` | `xs:double`, never `INF` or `NaN` |
//! | `DateTime`, `Date`, `Time`, `Duration` | `xs:dateTime`, `xs:date`, `xs:time`, `xs:duration` |
//! | `Bytes` | `xs:base64Binary` |
//! | `JSON` | the JSON text, escaped |
//! | other scalars and enums | `xs:string` |
//! | lists | the element repeated; a null in a list is an empty one with `xsi:nil` |
//!
//! A null is absent. A reply that is a record is an element named as its type; one that is a list is an
//! element named by the caller with such elements in it. Text with a character that XML 1.0 cannot hold
//! (section 2.2) is a mismatch.

use super::buffer::Buffer;
use super::fit::{self, Fitted};
use super::item::{self, Item, Object, Place, Scratch};
use super::{EncodeError, Encoder, NullAt};
use crate::json::parts::Items;
use crate::scalar::ascii::Ascii;
use crate::scalar::{number, span, text};
use crate::shape::is_xml_name;
use crate::{Cell, Shape, ShapeField};
use contract::{Scalar, Xml};

/// The attributes of a null in a list, which declare their own prefix so that the element can stand anywhere.
const NIL: &[u8] = b" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"";

/// What has begun and not ended.
#[derive(Debug)]
enum Open {
    /// A list that is the reply.
    List,
    /// A field: records in it are elements of its name, which begins at this byte of the names.
    Field(usize),
    /// A record: where the `>` of its opening tag stands.
    Record(usize),
}

/// Writes a reply as XML.
///
/// Attributes may come at any place in their record. One that comes before all elements, as it should, is
/// written where it belongs; a later one is moved there.
#[derive(Debug)]
pub struct XmlEncoder {
    out: Buffer,
    root: Box<str>,
    open: Vec<Open>,
    /// The names of the fields begun, one behind the other.
    names: String,
}

impl XmlEncoder {
    /// Appends to `buffer`, which may hold `bytes_max` bytes in all. `root` is the element of a reply that is
    /// a list.
    pub fn new(buffer: Vec<u8>, bytes_max: usize, root: &str) -> Self {
        let out = Buffer::new(buffer, bytes_max);
        Self { out, root: root.into(), open: Vec::new(), names: String::new() }
    }

    /// The buffer with the whole reply.
    pub fn finish(self) -> Vec<u8> {
        self.out.bytes
    }

    /// A value in its field's place; `tag_end` is where the opening tag of the record ends, and moves.
    #[inline]
    fn fitted(
        &mut self,
        field: &ShapeField,
        fitted: Fitted<'_>,
        tag_end: &mut usize,
    ) -> Result<(), EncodeError> {
        self.out.room(fitted.least_bytes())?;
        if fitted == Fitted::Null {
            return Ok(());
        }
        match field.name.xml {
            Xml::Element => self.element(field, fitted),
            Xml::Attribute => self.attribute(field, fitted, tag_end),
            Xml::Text => self.content(field, fitted, Within::Element),
        }
    }

    #[inline]
    fn element(&mut self, field: &ShapeField, fitted: Fitted<'_>) -> Result<(), EncodeError> {
        named(field)?;
        self.out.extend(field.name.xml_open.as_bytes());
        self.content(field, fitted, Within::Element)?;
        self.out.extend(field.name.xml_close.as_bytes());
        Ok(())
    }

    fn attribute(
        &mut self,
        field: &ShapeField,
        fitted: Fitted<'_>,
        tag_end: &mut usize,
    ) -> Result<(), EncodeError> {
        named(field)?;
        let start = self.out.bytes.len();
        self.out.push(b' ');
        self.out.extend(field.name.text.as_bytes());
        self.out.extend(b"=\"");
        self.content(field, fitted, Within::Attribute)?;
        self.out.push(b'"');
        let length = self.out.bytes.len() - start;
        self.out.bytes[*tag_end..].rotate_right(length);
        *tag_end += length;
        Ok(())
    }

    #[inline]
    fn content(&mut self, field: &ShapeField, fitted: Fitted<'_>, within: Within) -> Result<(), EncodeError> {
        match fitted {
            Fitted::Null => {}
            Fitted::Bool(true) => self.out.extend(b"true"),
            Fitted::Bool(false) => self.out.extend(b"false"),
            Fitted::Int(number) => self.out.extend(itoa::Buffer::new().format(number).as_bytes()),
            Fitted::Long(number) => self.out.extend(itoa::Buffer::new().format(number).as_bytes()),
            Fitted::Float(number) => number::write_double(number, |text| self.out.extend(text.as_bytes())),
            Fitted::Text(text) | Fitted::Json(text) => self.escape(field, text, within)?,
            Fitted::Plain(text) => self.out.extend(text),
            Fitted::Instant(text, _) => self.out.extend(text.as_bytes()),
            Fitted::Enum(value) => self.out.extend(value.name.as_bytes()),
            Fitted::Span(micros) => {
                let mut text = Ascii::new();
                span::write(&mut text, micros);
                self.out.extend(text.as_bytes());
            }
            Fitted::Bytes(bytes) => text::write_base64(&mut self.out.bytes, bytes),
        }
        Ok(())
    }

    /// Text, escaped.
    fn escape(&mut self, field: &ShapeField, text: &str, within: Within) -> Result<(), EncodeError> {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| CLASSES[usize::from(*byte)] != Class::Plain) {
            let (run, special) = rest.split_at(at);
            self.out.extend(run);
            let replacement = replacement(special, within)
                .ok_or_else(|| EncodeError::mismatch(&field.name.text, "a character that XML cannot hold"))?;
            self.out.extend(replacement);
            rest = &special[1..];
        }
        self.out.extend(rest);
        Ok(())
    }

    /// A stored list: its items one after another.
    fn list(&mut self, field: &ShapeField, item: Item<'_>, text: &str) -> Result<(), EncodeError> {
        let mismatch = || EncodeError::mismatch(&field.name.text, "a stored list that does not fit");
        if field.name.xml != Xml::Element {
            return Err(EncodeError::mismatch(&field.name.text, "a list, which has no place but elements"));
        }
        let mut items = Items::of(text).map_err(|_| mismatch())?;
        let mut scratch = Scratch::new();
        while let Some(raw) = items.next().map_err(|_| mismatch())? {
            let fitted = match item {
                Item::Scalar(scalar) => item::scalar(scalar, raw, &mut scratch),
                Item::Reference(_) => item::scalar(Scalar::Id, raw, &mut scratch),
                Item::Enum(values) => item::enumeration(values, raw, &mut scratch),
                Item::Object(_) if raw == "null" => Some(Fitted::Null),
                Item::Object(object) => {
                    self.object(field, object, raw)?;
                    continue;
                }
            };
            match fitted {
                Some(Fitted::Null) => self.nil(field)?,
                Some(fitted) => self.element(field, fitted)?,
                None => return Err(mismatch()),
            }
            self.out.room(0)?;
        }
        Ok(())
    }

    fn nil(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        open_tag(&mut self.out, &field.name.text)?;
        self.out.bytes.pop();
        self.out.extend(NIL);
        self.out.extend(b"/>");
        Ok(())
    }

    /// A stored object, its members in the order of the shape. Recursive, as deep as the shape.
    fn object(&mut self, field: &ShapeField, object: Object<'_>, text: &str) -> Result<(), EncodeError> {
        let mismatch = || EncodeError::mismatch(&field.name.text, "a stored object that does not fit");
        let members = object.members(text).ok_or_else(mismatch)?;
        let mut tag_end = open_tag(&mut self.out, &field.name.text)?;
        for (field, raw) in object.shape().fields.iter().zip(members) {
            if let Some(raw) = raw {
                self.member(field, raw, &mut tag_end)?;
            }
        }
        close_tag(&mut self.out, &field.name.text);
        self.out.room(0)
    }

    fn member(&mut self, field: &ShapeField, raw: &str, tag_end: &mut usize) -> Result<(), EncodeError> {
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
            Some(fitted) => self.fitted(field, fitted, tag_end),
            None => Err(EncodeError::mismatch(&field.name.text, "a stored member that does not fit")),
        }
    }
}

/// Writes `<name>` and says where its `>` stands.
#[inline]
fn open_tag(out: &mut Buffer, name: &str) -> Result<usize, EncodeError> {
    if !is_xml_name(name) {
        return Err(no_name(name));
    }
    out.push(b'<');
    out.extend(name.as_bytes());
    out.push(b'>');
    Ok(out.bytes.len() - 1)
}

#[inline]
fn close_tag(out: &mut Buffer, name: &str) {
    out.extend(b"</");
    out.extend(name.as_bytes());
    out.push(b'>');
}

/// Where text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Between tags.
    Element,
    /// In an attribute's value, whose white space a reader would turn into spaces (XML 1.0, section 3.3.3).
    Attribute,
}

/// What a byte of text means in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Stands as it is.
    Plain,
    /// Markup; and the carriage return, which a reader would turn into a line feed (section 2.11).
    Escaped,
    /// Tab and line feed: escaped in attributes.
    Space,
    /// A control character that XML cannot hold.
    Illegal,
    /// May begin U+FFFE or U+FFFF, which XML cannot hold.
    Noncharacter,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    let mut control = 0;
    while control < 0x20 {
        classes[control] = Class::Illegal;
        control += 1;
    }
    classes[b'\t' as usize] = Class::Space;
    classes[b'\n' as usize] = Class::Space;
    classes[b'\r' as usize] = Class::Escaped;
    classes[b'&' as usize] = Class::Escaped;
    classes[b'<' as usize] = Class::Escaped;
    classes[b'>' as usize] = Class::Escaped;
    classes[b'"' as usize] = Class::Escaped;
    classes[0xef] = Class::Noncharacter;
    classes
};

/// What stands for the first byte of a text; `None` when XML cannot hold the character it begins.
fn replacement(text: &[u8], within: Within) -> Option<&[u8]> {
    match (CLASSES[usize::from(text[0])], within) {
        (Class::Illegal, _) => None,
        (Class::Noncharacter, _) if matches!(text, [0xef, 0xbf, 0xbe | 0xbf, ..]) => None,
        (Class::Plain | Class::Noncharacter, _) | (Class::Space, Within::Element) => Some(&text[..1]),
        (Class::Escaped, _) | (Class::Space, Within::Attribute) => Some(reference(text[0])),
    }
}

fn reference(byte: u8) -> &'static [u8] {
    match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        b'\t' => b"&#9;",
        b'\n' => b"&#10;",
        _ => b"&#13;",
    }
}

#[cold]
fn no_name(name: &str) -> EncodeError {
    EncodeError::mismatch(name, "no name that XML allows")
}

/// The field's name may stand in XML.
#[inline]
fn named(field: &ShapeField) -> Result<(), EncodeError> {
    if field.name.xml_open.is_empty() { Err(no_name(&field.name.text)) } else { Ok(()) }
}

impl Encoder for XmlEncoder {
    fn into_reply(self) -> (Vec<u8>, Vec<NullAt>) {
        (self.finish(), Vec::new())
    }

    #[inline]
    fn cell(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
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
        let fitted = fitted.ok_or_else(|| EncodeError::mismatch(&field.name.text, cell.kind()))?;
        let Some(Open::Record(mut tag_end)) = self.open.pop() else {
            return Err(EncodeError::mismatch(&field.name.text, "a cell outside of a record"));
        };
        let result = self.fitted(field, fitted, &mut tag_end);
        self.open.push(Open::Record(tag_end));
        result
    }

    fn begin_record(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        let tag_end = match self.open.last() {
            Some(Open::Field(start)) => open_tag(&mut self.out, &self.names[*start..])?,
            Some(Open::List) | None => open_tag(&mut self.out, &shape.type_name)?,
            Some(Open::Record(_)) => {
                return Err(EncodeError::mismatch(&shape.type_name, "a record outside of a field"));
            }
        };
        self.open.push(Open::Record(tag_end));
        Ok(())
    }

    fn end_record(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        self.open.pop();
        match self.open.last() {
            Some(Open::Field(start)) => close_tag(&mut self.out, &self.names[*start..]),
            Some(Open::List | Open::Record(_)) | None => close_tag(&mut self.out, &shape.type_name),
        }
        self.out.room(0)
    }

    fn begin_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        if self.open.is_empty() {
            open_tag(&mut self.out, &self.root)?;
            self.open.push(Open::List);
        }
        Ok(())
    }

    fn end_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        if let Some(Open::List) = self.open.last() {
            self.open.pop();
            close_tag(&mut self.out, &self.root);
        }
        self.out.room(0)
    }

    #[inline]
    fn begin_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        named(field)?;
        self.open.push(Open::Field(self.names.len()));
        self.names.push_str(&field.name.text);
        Ok(())
    }

    #[inline]
    fn end_field(&mut self, _: &ShapeField) -> Result<(), EncodeError> {
        if let Some(Open::Field(start)) = self.open.pop() {
            self.names.truncate(start);
        }
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
}
