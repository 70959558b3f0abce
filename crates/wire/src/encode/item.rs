//! Items of stored lists and members of stored objects: JSON text in one cell, streamed into formats that are
//! not JSON.

use super::fit::{self, Fitted};
use crate::json::lexer::{Lexer, unescape};
use crate::json::parts::Members;
use crate::scalar::ascii::Ascii;
use crate::scalar::{number, span, text};
use crate::{Cell, Layout, Shape};
use contract::Scalar;

/// Room for what an item stands for.
#[derive(Debug)]
pub(super) struct Scratch {
    text: String,
    bytes: Vec<u8>,
    ascii: Ascii,
}

impl Scratch {
    pub fn new() -> Self {
        Self { text: String::new(), bytes: Vec::new(), ascii: Ascii::new() }
    }
}

/// What stands in one cell, or in one item or member of a stored value.
pub(super) enum Place<'a> {
    /// A scalar.
    Scalar(Scalar),
    /// One of these.
    Enum(&'a [(Box<str>, u32)]),
    /// A list of stored values, each in this place.
    List(Item<'a>),
    /// A stored object.
    Object(&'a Shape),
}

/// What stands in each item of a stored list.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    /// A scalar.
    Scalar(Scalar),
    /// One of these.
    Enum(&'a [(Box<str>, u32)]),
    /// A stored object.
    Object(&'a Shape),
}

/// What stands in one cell of a layout. A nested record in a cell is one that was stored, as an object is.
/// `None` for what has no cell: a spread, and lists of lists, which a contract cannot say.
#[inline]
pub(super) fn place(layout: &Layout) -> Option<Place<'_>> {
    match layout {
        Layout::Scalar(scalar) => Some(Place::Scalar(*scalar)),
        Layout::Enum(values) => Some(Place::Enum(values)),
        Layout::Object(shape) | Layout::One(shape) => Some(Place::Object(shape)),
        Layout::Many(shape) => Some(Place::List(Item::Object(shape))),
        Layout::List(layout) => match &**layout {
            Layout::Scalar(scalar) => Some(Place::List(Item::Scalar(*scalar))),
            Layout::Enum(values) => Some(Place::List(Item::Enum(values))),
            Layout::Object(shape) | Layout::One(shape) => Some(Place::List(Item::Object(shape))),
            Layout::List(_) | Layout::Many(_) | Layout::Spread(_) => None,
        },
        Layout::Spread(_) => None,
    }
}

/// The text of each member of a stored object, by the shape's fields; `None` where it is not there. Members
/// the shape does not have are left out. `None` when the text is no object, or has one of the shape's members
/// twice.
///
/// The slices let a format write members in its own order (XML wants attributes first), without a tree.
pub(super) fn members<'a>(shape: &Shape, text: &'a str) -> Option<Vec<Option<&'a str>>> {
    let mut slots = vec![None; shape.fields.len()];
    let mut members = Members::of(text).ok()?;
    let mut key = String::new();
    let mut next = 0;
    while let Some((raw_key, value)) = members.next().ok()? {
        key.clear();
        unescape(raw_key, &mut key);
        // Stored members are in the shape's order, so the field is almost always the one after the last.
        let is_it = |i: &usize| *shape.fields[*i].name.text == *key;
        let Some(i) = (next..slots.len()).chain(0..next.min(slots.len())).find(is_it) else {
            continue;
        };
        if slots[i].replace(value).is_some() {
            return None;
        }
        next = i + 1;
    }
    Some(slots)
}

/// Fits the JSON text of an item to a scalar; `None` when it does not. The forms are those of JSON replies.
pub(super) fn scalar<'a>(scalar: Scalar, raw: &'a str, scratch: &'a mut Scratch) -> Option<Fitted<'a>> {
    let Scratch { text, bytes, ascii } = scratch;
    if scalar == Scalar::Json {
        // The walk that cut the item out has checked it.
        return Some(Fitted::Json(raw.as_bytes()));
    }
    let cell = match raw.as_bytes().first()? {
        b'n' => Cell::Null,
        b't' => Cell::Bool(true),
        b'f' => Cell::Bool(false),
        b'"' => text_cell(scalar, content(raw, text)?, bytes)?,
        b'{' | b'[' => return None,
        _ => number_cell(scalar, raw)?,
    };
    ascii.clear();
    fit::scalar(scalar, cell, ascii)
}

/// Fits the JSON text of an item to an enum.
pub(super) fn enumeration<'a>(
    values: &'a [(Box<str>, u32)],
    raw: &str,
    scratch: &mut Scratch,
) -> Option<Fitted<'a>> {
    if raw == "null" {
        return Some(Fitted::Null);
    }
    fit::enumeration(values, Cell::Text(content(raw, &mut scratch.text)?))
}

/// What a string stands for; `None` when the text is no string.
fn content<'a>(raw: &str, out: &'a mut String) -> Option<&'a str> {
    let inside = Lexer::new(raw.starts_with('"').then_some(raw)?).string().ok()?;
    out.clear();
    unescape(inside, out);
    Some(out)
}

/// Numbers that JSON shows as text become what a cell of their scalar holds.
fn text_cell<'a>(scalar: Scalar, content: &'a str, bytes: &'a mut Vec<u8>) -> Option<Cell<'a>> {
    match scalar {
        Scalar::Long => number::integer(content).ok().map(Cell::Int),
        Scalar::Decimal { scale } => number::decimal_units(content, scale).ok().map(Cell::Int),
        Scalar::Duration => span::micros(content).ok().map(Cell::Int),
        Scalar::Bytes => {
            bytes.clear();
            text::base64_bytes(content, bytes)?;
            Some(Cell::Bytes(bytes))
        }
        Scalar::Id
        | Scalar::String
        | Scalar::Int
        | Scalar::Float
        | Scalar::Boolean
        | Scalar::DateTime
        | Scalar::Date
        | Scalar::Time
        | Scalar::Uuid
        | Scalar::Json
        | Scalar::Url
        | Scalar::Email => Some(Cell::Text(content)),
    }
}

fn number_cell(scalar: Scalar, raw: &str) -> Option<Cell<'_>> {
    match scalar {
        Scalar::Id | Scalar::Int | Scalar::Long => number::integer(raw).ok().map(Cell::Int),
        Scalar::Decimal { scale } => number::decimal_units(raw, scale).ok().map(Cell::Int),
        Scalar::Float => number::double(raw).ok().map(Cell::Float),
        Scalar::String
        | Scalar::Boolean
        | Scalar::DateTime
        | Scalar::Date
        | Scalar::Time
        | Scalar::Duration
        | Scalar::Uuid
        | Scalar::Json
        | Scalar::Bytes
        | Scalar::Url
        | Scalar::Email => None,
    }
}
