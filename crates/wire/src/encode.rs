//! Pushing rows into bytes.

pub mod json;

use crate::{Cell, Shape, ShapeField};

/// The formats a reply can be written in: closed, matched once per reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON.
    Json,
    /// Protocol buffers, binary.
    Protobuf,
    /// XML elements without a prolog.
    Xml,
}

/// Why a row could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncodeError {
    /// The reply would be larger than this many bytes.
    TooLarge(usize),
    /// A cell is not what its place is for: the database holds something the contract does not allow.
    Mismatch {
        /// The field's name.
        field: Box<str>,
        /// What was found.
        found: &'static str,
    },
}

/// Receives a reply in document order.
///
/// A whole reply is `begin_record … end_record` or `begin_list … end_list`. Inside a record each field is one call to
/// [`Encoder::cell`] or one nested record or list; a field that is not written at all is absent.
pub trait Encoder {
    /// One scalar, enum, stored list or stored object in `field`'s place.
    fn cell(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError>;
    /// A record begins: the reply itself, an item of a list, or (after [`Encoder::begin_field`]) a field.
    fn begin_record(&mut self, shape: &Shape) -> Result<(), EncodeError>;
    /// It ends.
    fn end_record(&mut self, shape: &Shape) -> Result<(), EncodeError>;
    /// A list of records begins: the reply itself, or (after [`Encoder::begin_field`]) a field.
    fn begin_list(&mut self, shape: &Shape) -> Result<(), EncodeError>;
    /// It ends.
    fn end_list(&mut self, shape: &Shape) -> Result<(), EncodeError>;
    /// The record or list that follows stands in `field`'s place.
    fn begin_field(&mut self, field: &ShapeField) -> Result<(), EncodeError>;
    /// It has been written.
    fn end_field(&mut self, field: &ShapeField) -> Result<(), EncodeError>;
    /// `field` is null although its layout is a record.
    fn null(&mut self, field: &ShapeField) -> Result<(), EncodeError>;
}
