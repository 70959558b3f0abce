//! Pushing rows into bytes.

mod buffer;
mod chosen;
mod envelope;
mod fit;
pub mod graphql;
mod item;
pub mod json;
pub mod protobuf;
pub mod protobuf_json;
pub mod reply;
pub mod xml;

use crate::{Cell, Name, Shape, ShapeField};
use std::fmt;

/// The formats a reply can be written in: closed, matched once per reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON.
    Json,
    /// JSON with GraphQL's promise: what must not be null makes what is around it null, and is reported
    /// (GraphQL, section 6.4.4).
    Graphql,
    /// Protocol buffers, binary.
    Protobuf,
    /// Protocol buffers as JSON (<https://protobuf.dev/programming-guides/json/>). A reply that is a list or a scalar is
    /// bare.
    ProtoJson,
    /// As [`Format::Protobuf`]; a reply that is a list is a sequence of envelopes with a message each.
    ProtobufItems(Wrapped),
    /// As [`Format::ProtoJson`]; a reply that is a list is a sequence of envelopes with a message each.
    ProtoJsonItems(Wrapped),
    /// XML elements without a prolog.
    Xml,
}

/// What the message in an envelope is.
///
/// An envelope is one byte 0, the message's length as four bytes, big-endian, and the message: gRPC's
/// `Length-Prefixed-Message` (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>) and Connect's envelope
/// (<https://connectrpc.com/docs/protocol/#streaming-rpcs>) are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wrapped {
    /// The item itself.
    Bare,
    /// A message with the item in its field of number 1, whose name in ProtoJSON this is.
    Field(&'static str),
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

impl EncodeError {
    /// `field` holds something that it cannot hold.
    #[cold]
    fn mismatch(field: &str, found: &'static str) -> Self {
        EncodeError::Mismatch { field: field.into(), found }
    }
}

/// The field has a number; a renamed field of a REST selection has none, and no place in protocol buffers.
#[inline]
fn numbered(name: &Name) -> Result<(), EncodeError> {
    if name.number == 0 {
        return Err(EncodeError::mismatch(&name.text, "no field number"));
    }
    Ok(())
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::TooLarge(bytes_max) => write!(f, "the reply is larger than {bytes_max} bytes"),
            EncodeError::Mismatch { field, found } => write!(f, "the field {field} holds {found}"),
        }
    }
}

impl std::error::Error for EncodeError {}

/// Where a reply holds a null that its shape does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NullAt {
    /// From the reply's root to the field.
    pub path: Vec<PathPart>,
}

/// One step of a path in a reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathPart {
    /// A member of a record, by its name in the reply.
    Field(Box<str>),
    /// An item of a list, from 0.
    Item(usize),
}

/// Receives a reply in document order.
///
/// A whole reply is `begin_record … end_record` or `begin_list … end_list`. Inside a record each field is one
/// call to [`Encoder::cell`] or one nested record or list; a field that is not written at all is absent.
pub trait Encoder {
    /// The buffer with the whole reply, and the nulls in it that may not be.
    fn into_reply(self) -> (Vec<u8>, Vec<NullAt>)
    where
        Self: Sized;
    /// One scalar, enum, stored list or stored object, or what is chosen of it, in `field`'s place.
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
    /// The byte of the buffer at which the next item of a list begins.
    fn position(&self) -> usize;
    /// Puts the items of the list that is the reply, and has not ended, into the opposite order: `starts` says at which
    /// [`Encoder::position`] each began.
    fn turn_items(&mut self, starts: &[usize]);
    /// What has been written so far, to be sent ahead of the rest: the bound of the reply is then that of the rest. None
    /// where the reply is not a sequence of envelopes, or an item has begun and not ended.
    fn take_written(&mut self) -> Option<Vec<u8>> {
        None
    }
    /// The whole reply is one scalar, `shape`'s only field: a record of one field where the format has no bare values.
    fn scalar(&mut self, shape: &Shape, cell: Cell<'_>) -> Result<(), EncodeError> {
        self.begin_record(shape)?;
        if let Some(field) = shape.fields.first() {
            self.cell(field, cell)?;
        }
        self.end_record(shape)
    }
    /// `field` is null although its layout is a record.
    fn null(&mut self, field: &ShapeField) -> Result<(), EncodeError>;
    /// The record that follows is an item of a list that may hold nulls.
    fn begin_item(&mut self) -> Result<(), EncodeError> {
        Ok(())
    }
    /// It has been written.
    fn end_item(&mut self) -> Result<(), EncodeError> {
        Ok(())
    }
    /// An item of such a list is null; an empty record of `shape` where the format has no null in a list.
    fn null_item(&mut self, shape: &Shape) -> Result<(), EncodeError> {
        self.begin_record(shape)?;
        self.end_record(shape)
    }
}
