//! What messages hold: the table by which requests in protocol buffers and ProtoJSON are read.

use crate::EnumValue;
use contract::Scalar;
use std::fmt;

/// The messages and enums of requests, compiled once.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    messages: Vec<Message>,
    enums: Vec<Vec<EnumValue>>,
}

/// A message's fields, by number and by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// By number.
    pub fields: Vec<MessageField>,
    /// The positions of the fields under both of their names, in the order of the names.
    pub names: Vec<(Box<str>, usize)>,
    /// Whether fields that are absent stand for zeros.
    pub has_zeros: bool,
}

impl Messages {
    /// The fields of each message and the values of each enum; fields name them by their positions here.
    ///
    /// # Errors
    /// What is wrong with the table: a position that is not there, two fields of one number or name, a reference whose
    /// key is no scalar.
    pub fn new(messages: Vec<Vec<MessageField>>, enums: Vec<Vec<EnumValue>>) -> Result<Self, String> {
        let _ = (&messages, &enums);
        Err(String::new())
    }
}

/// A field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageField {
    /// Its number.
    pub number: u32,
    /// The key of its value in what is read.
    pub name: Box<str>,
    /// Its name in protocol buffers, `created_at`: the one that errors name.
    pub proto: Box<str>,
    /// Its name in ProtoJSON, `createdAt`.
    pub json: Box<str>,
    /// One value or many.
    pub label: Label,
    /// What stands there.
    pub kind: Kind,
    /// What it means that it is absent.
    pub absent: Absent,
    /// The `oneof` that it is part of: any number that its other fields have too. Of such fields the last one counts.
    pub one_of: Option<u32>,
}

/// One value or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// At most one value.
    One,
    /// A list.
    Repeated,
}

/// What it means that a field is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absent {
    /// Nothing: what is read has no such key.
    LeftOut,
    /// The zero of its type (implicit presence): an empty text, 0, `false`, an empty list. Left out all the same where the
    /// zero is none of the contract's values: of enums, messages, keys, and texts of a form.
    Zero,
}

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A scalar in the type that the encoder has for it ([`crate::encode::protobuf`]).
    Scalar(Scalar),
    /// A value of the enum of this position.
    Enum(usize),
    /// The message of this position.
    Message(usize),
    /// The message of this position, of which only the field of this number is read: its value stands for the whole.
    Reference {
        /// The message.
        message: usize,
        /// The number of its key.
        key: u32,
    },
    /// `google.protobuf.FieldMask`: a list of its paths in `snake_case`.
    FieldMask,
}

/// A message that is refused, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageError {
    /// `MALFORMED` (not what the format allows), `TYPE`, `FORMAT`, `RANGE`, `ENUM`, `REQUIRED`, `UNKNOWN`, `ONE_OF`,
    /// `DEPTH` or `SIZE`.
    pub code: &'static str,
    /// What is wrong, for the peer.
    pub message: String,
    /// The field by its names in protocol buffers, lists with positions from 0: `operations[2].user.created_at`. Empty
    /// for the message itself.
    pub place: String,
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", self.place, self.message),
        }
    }
}

impl std::error::Error for MessageError {}
