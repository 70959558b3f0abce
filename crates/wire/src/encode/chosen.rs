//! What is chosen of a stored object, written as JSON out of its text: there is no tree.

use super::item::{self, Object, Place, Scratch};
use super::json::JsonEncoder;
use super::{EncodeError, Encoder, PathPart};
use crate::json::parts;
use crate::shape::{Chosen, Items};
use crate::{Cell, Layout, NULLS_MAX, ShapeField};
use contract::Scalar;

/// What becomes of a null that its shape does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// It stays.
    Stay,
    /// The nearest value around it that may be null becomes so, and it is reported.
    Bubble,
}

/// What came of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It stands there.
    Written,
    /// It is null, which has not been written.
    Null,
    /// It holds a null that may not be, which has been reported. What was written of it is to be taken back.
    Bubbled,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

/// Writes one cell.
pub(super) struct Choosing<'e, 'a> {
    json: &'e mut JsonEncoder,
    nulls: Nulls,
    /// From the cell's field to what is being written.
    path: Vec<Step<'a>>,
    found: Vec<Vec<PathPart>>,
}

impl<'e, 'a> Choosing<'e, 'a> {
    pub fn new(json: &'e mut JsonEncoder, nulls: Nulls) -> Self {
        Self { json, nulls, path: Vec::new(), found: Vec::new() }
    }

    /// Writes what is chosen of a cell, without the field's name. Gives the paths of the nulls that may not be, from
    /// the field on: at most [`NULLS_MAX`].
    pub fn cell(
        mut self,
        field: &'a ShapeField,
        cell: Cell<'a>,
    ) -> Result<(Outcome, Vec<Vec<PathPart>>), EncodeError> {
        let text = match cell {
            Cell::Null => return Ok((Outcome::Null, Vec::new())),
            Cell::Text(text) => text,
            Cell::Bool(_) | Cell::Int(_) | Cell::Float(_) | Cell::Bytes(_) => {
                return Err(EncodeError::mismatch(&field.name.text, cell.kind()));
            }
        };
        self.path.push(Step::Field(&field.name.text));
        let outcome = self.value(field, text)?;
        Ok((outcome, self.found))
    }

    fn value(&mut self, field: &'a ShapeField, raw: &'a str) -> Result<Outcome, EncodeError> {
        if raw == "null" {
            return Ok(Outcome::Null);
        }
        match &field.layout {
            Layout::Chosen(chosen) => match chosen.items() {
                Items::None => self.object(field, chosen, raw),
                Items::Nullable | Items::Required => self.list(field, chosen, raw),
            },
            layout => self.plain(field, layout, raw).map(|()| Outcome::Written),
        }
    }

    /// An object, its members in the order of the answer. Recursive, as deep as the shape.
    fn object(
        &mut self,
        field: &'a ShapeField,
        chosen: &'a Chosen,
        raw: &'a str,
    ) -> Result<Outcome, EncodeError> {
        if raw == "null" {
            return Ok(Outcome::Null);
        }
        let members = Object::Chosen(chosen).members(raw);
        let members = members
            .ok_or_else(|| EncodeError::mismatch(&field.name.text, "a stored object that does not fit"))?;
        self.json.begin_record(chosen.shape())?;
        for (field, raw) in chosen.shape().fields.iter().zip(members) {
            if self.member(field, raw.unwrap_or("null"))? == Outcome::Bubbled {
                return Ok(Outcome::Bubbled);
            }
        }
        self.json.end_record(chosen.shape())?;
        Ok(Outcome::Written)
    }

    fn member(&mut self, field: &'a ShapeField, raw: &'a str) -> Result<Outcome, EncodeError> {
        self.path.push(Step::Field(&field.name.text));
        self.json.begin_field(field)?;
        let start = self.json.position();
        let outcome = self.value(field, raw)?;
        let outcome = match field.required {
            true => self.promised(outcome, start)?,
            false => self.or_null(outcome, start)?,
        };
        self.path.pop();
        Ok(outcome)
    }

    fn list(
        &mut self,
        field: &'a ShapeField,
        chosen: &'a Chosen,
        raw: &'a str,
    ) -> Result<Outcome, EncodeError> {
        let mismatch = |_| EncodeError::mismatch(&field.name.text, "a stored list that does not fit");
        let mut items = parts::Items::of(raw).map_err(mismatch)?;
        self.json.begin_list(chosen.shape())?;
        let mut at = 0;
        while let Some(raw) = items.next().map_err(mismatch)? {
            self.path.push(Step::Item(at));
            let start = self.json.position();
            let outcome = self.object(field, chosen, raw)?;
            let outcome = match chosen.items() {
                Items::Required => self.promised(outcome, start)?,
                Items::None | Items::Nullable => self.or_null(outcome, start)?,
            };
            self.path.pop();
            if outcome == Outcome::Bubbled {
                return Ok(outcome);
            }
            at += 1;
        }
        self.json.end_list(chosen.shape())?;
        Ok(Outcome::Written)
    }

    /// A scalar or enum, or all of a list or object.
    fn plain(&mut self, field: &ShapeField, layout: &Layout, raw: &str) -> Result<(), EncodeError> {
        let mut scratch = Scratch::new();
        let fitted = match item::place(layout) {
            Some(Place::Scalar(scalar)) => item::scalar(scalar, raw, &mut scratch),
            Some(Place::Reference) => item::scalar(Scalar::Id, raw, &mut scratch),
            Some(Place::Enum(values)) => item::enumeration(values, raw, &mut scratch),
            Some(Place::List(_)) => return self.json.whole(field, raw, b'['),
            Some(Place::Object(_)) => return self.json.whole(field, raw, b'{'),
            None => None,
        };
        match fitted {
            Some(fitted) => self.json.value(fitted),
            None => Err(EncodeError::mismatch(&field.name.text, "a stored member that does not fit")),
        }
    }

    /// The outcome of a value that began here and may be null.
    fn or_null(&mut self, outcome: Outcome, start: usize) -> Result<Outcome, EncodeError> {
        match outcome {
            Outcome::Written => {}
            Outcome::Null | Outcome::Bubbled => self.json.null_from(start)?,
        }
        Ok(Outcome::Written)
    }

    /// The outcome of a value that began here and is never null.
    fn promised(&mut self, outcome: Outcome, start: usize) -> Result<Outcome, EncodeError> {
        match (self.nulls, outcome) {
            (Nulls::Stay, _) => self.or_null(outcome, start),
            (Nulls::Bubble, Outcome::Written | Outcome::Bubbled) => Ok(outcome),
            (Nulls::Bubble, Outcome::Null) => {
                self.report();
                Ok(Outcome::Bubbled)
            }
        }
    }

    #[cold]
    fn report(&mut self) {
        if self.found.len() < NULLS_MAX {
            let part = |step: &Step<'_>| match step {
                Step::Field(name) => PathPart::Field((*name).into()),
                Step::Item(at) => PathPart::Item(*at),
            };
            self.found.push(self.path.iter().map(part).collect());
        }
    }
}
