//! What messages hold: the table by which requests in protocol buffers and ProtoJSON are read.

use crate::EnumValue;
use contract::Scalar;
use std::fmt;

/// The greatest number of a field (<https://protobuf.dev/programming-guides/proto3/#assigning>).
pub(crate) const FIELD_NUMBER_MAX: u32 = (1 << 29) - 1;

/// The messages and enums of requests, compiled once.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    messages: Vec<Message>,
    /// By number.
    enums: Vec<Vec<EnumValue>>,
}

/// A message's fields, by number and by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// By number.
    pub fields: Vec<MessageField>,
    /// The positions of the fields under both of their names, in the order of the names.
    names: Vec<(Box<str>, usize)>,
    /// Whether fields that are absent stand for zeros.
    pub has_zeros: bool,
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
    /// The `oneof` that it is part of: any number that its other fields have too. Of such fields the last one counts in
    /// binary; ProtoJSON may hold only one.
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
    /// The zero of its type (<https://protobuf.dev/programming-guides/field_presence/>): an empty text, 0, `false`, no
    /// bytes, an empty list. Left out all the same where the contract has no such value: of enums, messages, keys, and
    /// texts of a form.
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
        /// The number of its key, which is a scalar.
        key: u32,
    },
    /// `google.protobuf.FieldMask`: a list of its paths in `snake_case`.
    FieldMask,
}

impl Messages {
    /// The fields of each message and the values of each enum; fields name them by their positions here.
    ///
    /// # Errors
    /// What is wrong with the table: a position that is not there, two fields of one number or name, two values of one
    /// number, a number that no field can have, a reference whose key is no scalar.
    pub fn new(messages: Vec<Vec<MessageField>>, mut enums: Vec<Vec<EnumValue>>) -> Result<Self, String> {
        for (at, values) in enums.iter_mut().enumerate() {
            values.sort_by_key(|value| value.number);
            if values.windows(2).any(|pair| pair[0].number == pair[1].number) {
                return Err(format!("the enum {at} has two values of one number"));
            }
        }
        let messages = messages.into_iter().enumerate().map(|(at, fields)| {
            Message::new(fields)
                .ok_or_else(|| format!("the message {at} has two fields of one number or name"))
        });
        let messages = Self { messages: messages.collect::<Result<_, _>>()?, enums };
        for (at, message) in messages.messages.iter().enumerate() {
            for field in &message.fields {
                let wrong = |what: &str| format!("the field {} of the message {at} has {what}", field.proto);
                messages.check(field).map_err(wrong)?;
            }
        }
        Ok(messages)
    }

    fn check(&self, field: &MessageField) -> Result<(), &'static str> {
        if !(1..=FIELD_NUMBER_MAX).contains(&field.number) {
            return Err("a number that no field can have");
        }
        match field.kind {
            Kind::Scalar(_) | Kind::FieldMask => Ok(()),
            Kind::Enum(at) => self.enums.get(at).map(drop).ok_or("no such enum"),
            Kind::Message(at) => self.messages.get(at).map(drop).ok_or("no such message"),
            Kind::Reference { message, key } => {
                let key = self.messages.get(message).and_then(|message| message.by_number(key, 0));
                match key.map(|(_, key)| (key.kind, key.label)) {
                    Some((Kind::Scalar(_), Label::One)) => Ok(()),
                    Some(_) | None => Err("no scalar for its key"),
                }
            }
        }
    }

    /// A message that a field names, or the caller.
    #[inline]
    pub(crate) fn message(&self, at: usize) -> &Message {
        &self.messages[at]
    }

    /// The value of an enum of this number.
    pub(crate) fn enum_value(&self, at: usize, number: i32) -> Option<&EnumValue> {
        let (values, number) = (&self.enums[at], u32::try_from(number).ok()?);
        values.binary_search_by_key(&number, |value| value.number).ok().map(|at| &values[at])
    }

    /// The value of an enum of this name in protocol buffers.
    pub(crate) fn enum_value_named(&self, at: usize, name: &str) -> Option<&EnumValue> {
        self.enums[at].iter().find(|value| *value.proto == *name)
    }
}

impl Message {
    /// `None` when two fields have one number or name.
    fn new(mut fields: Vec<MessageField>) -> Option<Self> {
        fields.sort_by_key(|field| field.number);
        let mut names: Vec<(Box<str>, usize)> = Vec::with_capacity(fields.len() * 2);
        for (at, field) in fields.iter().enumerate() {
            names.push((field.proto.clone(), at));
            if field.json != field.proto {
                names.push((field.json.clone(), at));
            }
        }
        names.sort();
        let is_unique = names.windows(2).all(|pair| pair[0].0 != pair[1].0)
            && fields.windows(2).all(|pair| pair[0].number != pair[1].number);
        let has_zeros = fields.iter().any(|field| field.absent == Absent::Zero);
        is_unique.then_some(Self { fields, names, has_zeros })
    }

    /// The field of a number and its position; `hint` is the position of the one before.
    #[inline]
    pub fn by_number(&self, number: u32, hint: usize) -> Option<(usize, &MessageField)> {
        // Fields come in the order of their numbers, from all encoders that there are.
        let near = self.fields.iter().enumerate().skip(hint).take(2);
        near.into_iter().find(|(_, field)| field.number == number).or_else(|| {
            let at = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
            Some((at, &self.fields[at]))
        })
    }

    /// The field of a name in protocol buffers or ProtoJSON, and its position.
    pub fn by_name(&self, name: &str) -> Option<(usize, &MessageField)> {
        let at = self.names.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        let at = self.names[at].1;
        Some((at, &self.fields[at]))
    }
}

/// A message that is refused, with the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageError {
    /// `MALFORMED` (not what the format allows), `TYPE`, `FORMAT`, `RANGE`, `ENUM`, `REQUIRED`, `UNKNOWN`, `ONE_OF`,
    /// `DEPTH` or `SIZE`.
    pub code: &'static str,
    /// What is wrong, for the peer.
    pub message: String,
    /// The field by its names in protocol buffers, items of lists by their positions from 0:
    /// `operations[2].create.created_at`. Empty for the message itself.
    pub place: String,
}

/// What reading gives: a refusal is rare, and small on the way.
pub(crate) type Read<T> = Result<T, Box<MessageError>>;

impl MessageError {
    /// A refusal of what is being read.
    #[cold]
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { code, message: message.into(), place: String::new() })
    }

    /// The same inside of a field, or of an item of a list.
    #[cold]
    pub(crate) fn inside(mut self: Box<Self>, field: &str, item: Option<usize>) -> Box<Self> {
        let item = item.map_or_else(String::new, |item| format!("[{item}]"));
        let dot = if self.place.is_empty() { "" } else { "." };
        self.place = format!("{field}{item}{dot}{}", self.place);
        self
    }
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
