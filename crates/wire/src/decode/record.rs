//! What of a message has been read, until all of it has: fields come in any order and more than once.

use super::messages::{Absent, Kind, Label, Message, MessageError, MessageField, Messages, Read};
use super::well_known;
use crate::Value;
use contract::Scalar;

/// The fields of a message that have been read, by their positions in the table.
#[derive(Debug, Default)]
pub(super) struct Record(Vec<(usize, Slot)>);

/// What has been read of a field.
#[derive(Debug)]
pub(super) enum Slot {
    /// All of it. Of a reference: its key, or null as long as that is missing.
    Value(Value),
    /// A message, of which more may come.
    Record(Record),
    /// Seconds and nanoseconds of an instant or a length of time, of which more may come.
    Seconds(i64, i32),
}

impl Record {
    /// The slot of a field, which is made where it has none. The others of its `oneof` are no more.
    #[inline]
    pub fn slot(
        &mut self,
        message: &Message,
        at: usize,
        field: &MessageField,
        empty: impl FnOnce() -> Slot,
    ) -> &mut Slot {
        if let Some(one_of) = field.one_of {
            self.0.retain(|(other, _)| *other == at || message.fields[*other].one_of != Some(one_of));
        }
        let place = match self.0.last() {
            Some((last, _)) if *last >= at => self.0.binary_search_by_key(&at, |(known, _)| *known),
            Some(_) | None => Err(self.0.len()),
        };
        let place = place.unwrap_or_else(|place| {
            self.0.insert(place, (at, empty()));
            place
        });
        &mut self.0[place].1
    }

    /// Puts a value in the place of what has been read.
    #[inline]
    pub fn set(&mut self, message: &Message, at: usize, field: &MessageField, value: Value) {
        *self.slot(message, at, field, || Slot::Value(Value::Null)) = Slot::Value(value);
    }

    /// The items of a repeated field.
    #[inline]
    pub fn items(&mut self, message: &Message, at: usize, field: &MessageField) -> &mut Vec<Value> {
        let slot = self.slot(message, at, field, || Slot::Value(Value::List(Vec::new())));
        match slot {
            Slot::Value(Value::List(items)) => items,
            Slot::Value(_) | Slot::Record(_) | Slot::Seconds(..) => {
                unreachable!("a list is made for the field, and nothing else is put there")
            }
        }
    }

    /// Forgets what has been read of a field.
    pub fn remove(&mut self, at: usize) {
        self.0.retain(|(known, _)| *known != at);
    }

    /// Whether a field of a `oneof` has been read.
    pub fn has_one_of(&self, message: &Message, one_of: u32) -> bool {
        self.0.iter().any(|(at, _)| message.fields[*at].one_of == Some(one_of))
    }

    /// Whether a field has been read.
    pub fn has(&self, at: usize) -> bool {
        self.0.iter().any(|(known, _)| *known == at)
    }

    /// The object. Recursive, as deep as what was read.
    pub fn finish(self, messages: &Messages, message: &Message) -> Read<Value> {
        let mut members = Vec::with_capacity(match message.has_zeros {
            true => message.fields.len(),
            false => self.0.len(),
        });
        let mut next = 0;
        for (at, slot) in self.0 {
            let field = &message.fields[at];
            zeros(message, next..at, &mut members);
            next = at + 1;
            let value = slot.finish(messages, field).map_err(|error| error.inside(&field.proto, None))?;
            members.push((String::from(&*field.name), value));
        }
        zeros(message, next..message.fields.len(), &mut members);
        Ok(Value::Object(members))
    }
}

impl Slot {
    fn finish(self, messages: &Messages, field: &MessageField) -> Read<Value> {
        match (self, field.kind, field.label) {
            (Slot::Value(Value::Null), Kind::Reference { message, key }, Label::One) => {
                Err(without_key(messages.message(message), key))
            }
            (Slot::Value(value), ..) => Ok(value),
            (Slot::Record(record), Kind::Message(at), _) => record.finish(messages, messages.message(at)),
            (Slot::Seconds(seconds, nanos), Kind::Scalar(Scalar::DateTime), _) => {
                well_known::instant(seconds, nanos)
            }
            (Slot::Seconds(seconds, nanos), ..) => well_known::span(seconds, nanos),
            (Slot::Record(_), ..) => unreachable!("only messages are read as records"),
        }
    }
}

/// A reference without its key.
#[cold]
pub(super) fn without_key(message: &Message, key: u32) -> Box<MessageError> {
    let key = message.by_number(key, 0).map_or("", |(_, key)| &key.proto);
    MessageError::new("REQUIRED", "is required").inside(key, None)
}

/// The zeros of absent fields.
#[inline]
fn zeros(message: &Message, absent: std::ops::Range<usize>, members: &mut Vec<(String, Value)>) {
    if !message.has_zeros {
        return;
    }
    for field in message.fields[absent].iter().filter(|field| field.absent == Absent::Zero) {
        if let Some(zero) = zero(field) {
            members.push((String::from(&*field.name), zero));
        }
    }
}

/// Whether an empty text in a field is as good as none: absent it would be the same, and the contract has no such value.
#[inline]
pub(super) fn is_absent_when_empty(field: &MessageField) -> bool {
    field.absent == Absent::Zero && matches!(field.kind, Kind::Scalar(_)) && zero(field).is_none()
}

/// What an absent field stands for; `None` where the contract has no such value.
fn zero(field: &MessageField) -> Option<Value> {
    match (field.label, field.kind) {
        (Label::Repeated, _) => Some(Value::List(Vec::new())),
        (Label::One, Kind::Scalar(scalar)) => match scalar {
            Scalar::String => Some(Value::Text(String::new())),
            Scalar::Int | Scalar::Long => Some(Value::Int(0)),
            Scalar::Float => Some(Value::Float(0.0)),
            Scalar::Boolean => Some(Value::Bool(false)),
            Scalar::Bytes => Some(Value::Bytes(Vec::new())),
            Scalar::Id
            | Scalar::Decimal { .. }
            | Scalar::DateTime
            | Scalar::Date
            | Scalar::Time
            | Scalar::Duration
            | Scalar::Uuid
            | Scalar::Json
            | Scalar::Url
            | Scalar::Email => None,
        },
        (Label::One, Kind::Enum(_) | Kind::Message(_) | Kind::Reference { .. } | Kind::FieldMask) => None,
    }
}
