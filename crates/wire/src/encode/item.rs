//! Items of stored lists and members of stored objects: JSON text in one cell, streamed into formats that are
//! not JSON.

use super::fit::{self, Fitted};
use crate::json::lexer::{Lexer, unescape};
use crate::json::parts::Members;
use crate::scalar::ascii::Ascii;
use crate::scalar::{number, span, text};
use crate::shape::{Chosen, Items};
use crate::{Cell, EnumValue, Layout, Name, Shape};
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
    /// The key of another record.
    Reference,
    /// One of these.
    Enum(&'a [EnumValue]),
    /// A list of stored values, each in this place.
    List(Item<'a>),
    /// A stored object.
    Object(Object<'a>),
}

/// A stored object, or what is chosen of it.
#[derive(Clone, Copy)]
pub(super) enum Object<'a> {
    /// All of it.
    Whole(&'a Shape),
    /// Some members.
    Chosen(&'a Chosen),
}

impl<'a> Object<'a> {
    /// How it is answered.
    pub fn shape(self) -> &'a Shape {
        match self {
            Object::Whole(shape) => shape,
            Object::Chosen(chosen) => chosen.shape(),
        }
    }

    /// The text of each member by the shape's fields; `None` where it is not there. Members that are not asked for
    /// are left out. `None` when the text is no object, or has a member twice that is asked for.
    ///
    /// The slices let a format write members in its own order (XML wants attributes first), without a tree.
    pub fn members(self, text: &'a str) -> Option<Vec<Option<&'a str>>> {
        match self {
            Object::Whole(shape) => members(shape.fields.len(), |at| &shape.fields[at].name.text, text),
            Object::Chosen(chosen) => {
                let taken = members(chosen.stored().len(), |at| &chosen.stored()[at], text)?;
                Some(chosen.answered(&taken))
            }
        }
    }
}

/// What stands in each item of a stored list.
#[derive(Clone, Copy)]
pub(super) enum Item<'a> {
    /// A scalar.
    Scalar(Scalar),
    /// The key of another record, which has this name there.
    Reference(&'a Name),
    /// One of these.
    Enum(&'a [EnumValue]),
    /// A stored object.
    Object(Object<'a>),
}

/// What stands in one cell of a layout. A nested record in a cell is one that was stored, as an object is.
/// `None` for what has no cell: a spread, and lists of lists, which a contract cannot say.
#[inline]
pub(super) fn place(layout: &Layout) -> Option<Place<'_>> {
    match layout {
        Layout::Scalar(scalar) => Some(Place::Scalar(*scalar)),
        Layout::Reference(_) => Some(Place::Reference),
        Layout::Enum(values) => Some(Place::Enum(values)),
        Layout::Object(shape) | Layout::One(shape) => Some(Place::Object(Object::Whole(shape))),
        Layout::Chosen(chosen) => Some(match chosen.items() {
            Items::None => Place::Object(Object::Chosen(chosen)),
            Items::Nullable | Items::Required => Place::List(Item::Object(Object::Chosen(chosen))),
        }),
        Layout::Many(shape) => Some(Place::List(Item::Object(Object::Whole(shape)))),
        Layout::List(layout) => match &**layout {
            Layout::Scalar(scalar) => Some(Place::List(Item::Scalar(*scalar))),
            Layout::Reference(key) => Some(Place::List(Item::Reference(key))),
            Layout::Enum(values) => Some(Place::List(Item::Enum(values))),
            Layout::Object(shape) | Layout::One(shape) => {
                Some(Place::List(Item::Object(Object::Whole(shape))))
            }
            Layout::List(_) | Layout::Chosen(_) | Layout::Many(_) | Layout::Spread(_) => None,
        },
        Layout::Spread(_) => None,
    }
}

/// The text of each member of these names; `None` when the text is no object, or has one of them twice.
fn members<'n, 'a>(
    count: usize,
    name: impl Fn(usize) -> &'n str,
    text: &'a str,
) -> Option<Vec<Option<&'a str>>> {
    let mut slots = vec![None; count];
    let mut members = Members::of(text).ok()?;
    let mut key = String::new();
    let mut next = 0;
    while let Some((raw_key, value)) = members.next().ok()? {
        key.clear();
        unescape(raw_key, &mut key);
        // Stored members are in the type's order, so the name is almost always the one after the last.
        let Some(at) = (next..count).chain(0..next.min(count)).find(|at| name(*at) == key) else {
            continue;
        };
        if slots[at].replace(value).is_some() {
            return None;
        }
        next = at + 1;
    }
    Some(slots)
}

/// Fits the JSON text of an item to a scalar; `None` when it does not. The forms are those of JSON replies.
pub(super) fn scalar<'a>(scalar: Scalar, raw: &'a str, scratch: &'a mut Scratch) -> Option<Fitted<'a>> {
    let Scratch { text, bytes, ascii } = scratch;
    if scalar == Scalar::Json {
        // The walk that cut the item out has checked it.
        return Some(Fitted::Json(raw));
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
    values: &'a [EnumValue],
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
