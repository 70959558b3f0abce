//! JSON with what GraphQL promises of a type that is not null: where such a field is null all the same, the nearest
//! position around it that may be null becomes so, and is reported (GraphQL, section 6.4.4, "Handling Execution
//! Errors").

use super::chosen::{Choosing, Nulls, Outcome};
use super::json::JsonEncoder;
use super::{EncodeError, Encoder, NullAt, PathPart};
use crate::json::lexer::{Lexer, unescape};
use crate::{Cell, Layout, Shape, ShapeField};

/// Nulls that an encoder reports at the most; later ones only bubble.
pub const NULLS_MAX: usize = 100;

/// Writes a reply as JSON without white space, as [`JsonEncoder`] does, and lets nulls bubble.
///
/// A field may be null unless its shape says [`ShapeField::required`]; an item of a list of records only where the list
/// may hold nulls ([`Encoder::begin_item`]); the reply as a whole may be. What becomes null has been written in part: the buffer is cut where its value begins, and
/// what is still pushed of it is dropped.
#[derive(Debug)]
pub struct GraphqlEncoder {
    json: JsonEncoder,
    /// Where the value that is being written stands.
    here: Position,
    /// The positions around it, from the reply itself.
    around: Vec<Position>,
    /// Positions that must end until something is written again: nulls have bubbled up to the last of them. The reply
    /// itself never ends.
    dropped: usize,
    nulls: Vec<NullAt>,
}

/// A place in the reply: the whole of it, a field with a record or a list of them, or an item that may be null.
#[derive(Debug)]
struct Position {
    /// The byte where its member begins with its name, if it has one.
    member: usize,
    /// The byte after the name.
    value: usize,
    required: bool,
    /// Items of the list begun so far, where it is one.
    items: Option<usize>,
}

impl GraphqlEncoder {
    /// Appends to `buffer`, which may hold `bytes_max` bytes in all.
    pub fn new(buffer: Vec<u8>, bytes_max: usize) -> Self {
        let start = buffer.len();
        Self {
            json: JsonEncoder::new(buffer, bytes_max),
            here: Position { member: start, value: start, required: false, items: None },
            around: Vec::new(),
            dropped: 0,
            nulls: Vec::new(),
        }
    }

    /// The buffer with the whole reply, and what is null in it but must not be: at most [`NULLS_MAX`] of them, in the
    /// order in which they were found.
    pub fn finish(self) -> (Vec<u8>, Vec<NullAt>) {
        (self.json.finish(), self.nulls)
    }

    /// A field of the record that is being written is null.
    #[cold]
    fn bubble(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        self.report(vec![PathPart::Field(field.name.text.clone())]);
        self.rise()
    }

    /// The record that is being written holds a null that may not be.
    #[cold]
    fn rise(&mut self) -> Result<(), EncodeError> {
        self.dropped = 1;
        while self.here.required
            && let Some(outer) = self.around.pop()
        {
            self.here = outer;
            self.dropped += 1;
        }
        self.json.null_from(self.here.value)
    }

    /// Another item of the list that stands here, if one does.
    #[inline]
    fn count_item(&mut self) {
        if let Some(items) = &mut self.here.items {
            *items += 1;
        }
    }

    /// What is written stands in another position, inside the one it stood in.
    #[inline]
    fn enter(&mut self, inner: Position) {
        self.around.push(std::mem::replace(&mut self.here, inner));
    }

    /// A position ends, of those that are dropped too. `true` when it has been written.
    #[inline]
    fn leave(&mut self) -> bool {
        self.dropped = self.dropped.saturating_sub(1);
        if self.dropped > 0 {
            return false;
        }
        if let Some(outer) = self.around.pop() {
            self.here = outer;
        }
        true
    }

    /// Remembers the path of a null, which ends with these steps.
    fn report(&mut self, last: Vec<PathPart>) {
        if self.nulls.len() == NULLS_MAX {
            return;
        }
        let mut path = Vec::new();
        for position in self.around.iter().chain([&self.here]) {
            let name = self.json.written(position.member..position.value);
            path.extend(member_name(name).map(PathPart::Field));
            path.extend(position.items.map(|items| PathPart::Item(items.saturating_sub(1))));
        }
        path.extend(last);
        self.nulls.push(NullAt { path });
    }

    /// What is chosen of a stored object.
    fn chosen(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
        self.json.begin_field(field)?;
        let start = self.json.position();
        let (outcome, nulls) = Choosing::new(&mut self.json, Nulls::Bubble).cell(field, cell)?;
        nulls.into_iter().for_each(|path| self.report(path));
        match (outcome, field.required) {
            (Outcome::Written, _) => Ok(()),
            (Outcome::Null, true) => self.bubble(field),
            (Outcome::Bubbled, true) => self.rise(),
            (Outcome::Null | Outcome::Bubbled, false) => self.json.null_from(start),
        }
    }
}

/// The name in `"name":`.
fn member_name(text: &[u8]) -> Option<Box<str>> {
    let quoted = std::str::from_utf8(text).ok()?.strip_suffix(':')?;
    let mut name = String::new();
    unescape(Lexer::new(quoted).string().ok()?, &mut name);
    Some(name.into())
}

impl Encoder for GraphqlEncoder {
    fn into_reply(self) -> (Vec<u8>, Vec<NullAt>) {
        self.finish()
    }

    fn scalar(&mut self, shape: &Shape, cell: Cell<'_>) -> Result<(), EncodeError> {
        if cell == Cell::Null && shape.fields.first().is_some_and(|field| field.required) {
            self.report(Vec::new());
            return self.json.null_from(self.here.value);
        }
        self.json.scalar(shape, cell)
    }

    #[inline]
    fn cell(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
        if self.dropped > 0 {
            return Ok(());
        }
        if field.required && matches!(cell, Cell::Null) {
            return self.bubble(field);
        }
        if matches!(field.layout, Layout::Chosen(_)) {
            return self.chosen(field, cell);
        }
        self.json.cell(field, cell)
    }

    #[inline]
    fn begin_record(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        if self.dropped > 0 {
            return Ok(());
        }
        self.count_item();
        self.json.begin_record(shape)
    }

    #[inline]
    fn end_record(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        if self.dropped > 0 { Ok(()) } else { self.json.end_record(shape) }
    }

    #[inline]
    fn begin_list(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        if self.dropped > 0 {
            return Ok(());
        }
        self.here.items = Some(0);
        self.json.begin_list(shape)
    }

    #[inline]
    fn end_list(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        if self.dropped > 0 { Ok(()) } else { self.json.end_list(shape) }
    }

    #[inline]
    fn begin_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        if self.dropped > 0 {
            self.dropped += 1;
            return Ok(());
        }
        let member = self.json.position();
        self.json.begin_field(field)?;
        let value = self.json.position();
        self.enter(Position { member, value, required: field.required, items: None });
        Ok(())
    }

    #[inline]
    fn end_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        if self.leave() { self.json.end_field(field) } else { Ok(()) }
    }

    #[inline]
    fn null(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        if self.dropped > 0 {
            return Ok(());
        }
        if field.required { self.bubble(field) } else { self.json.null(field) }
    }

    fn begin_item(&mut self) -> Result<(), EncodeError> {
        if self.dropped > 0 {
            self.dropped += 1;
            return Ok(());
        }
        self.count_item();
        let start = self.json.position();
        self.enter(Position { member: start, value: start, required: false, items: None });
        Ok(())
    }

    fn end_item(&mut self) -> Result<(), EncodeError> {
        self.leave();
        Ok(())
    }

    fn null_item(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        if self.dropped > 0 {
            return Ok(());
        }
        self.count_item();
        self.json.null_item(shape)
    }

    fn position(&self) -> usize {
        self.json.position()
    }

    fn turn_items(&mut self, starts: &[usize]) {
        for part in self.nulls.iter_mut().filter_map(|null| null.path.first_mut()) {
            if let PathPart::Item(item) = part {
                *item = starts.len().saturating_sub(*item + 1);
            }
        }
        // Where the reply as a whole is null, its items are no more.
        if self.dropped == 0 {
            self.json.turn_items(starts);
        }
    }
}
