//! One message: what was said, and what it looks like on a wire.

use super::hub::MemberId;
use crate::fault::Fault;
use crate::input::{rule_scalar, rule_typed};
use crate::select::layout;
use bytes::Bytes;
use contract::rule::Value as RuleValue;
use contract::{Arity, Base, Channel, ChannelId, Contract, Field, Scalar};
use quota::{Holder, Reservation};
use std::sync::{Arc, Mutex, PoisonError};
use wire::{Cell, EncodeError, Encoder, Format, Name, Shape, ShapeField, Value, WriteReply};

/// What a message counts for beside its values: the encodings that are in use at the same time, at the most.
const ENCODINGS: usize = 3;

/// A message that everybody under its path may be given.
#[derive(Debug)]
pub struct Message {
    from: Option<MemberId>,
    channel: ChannelId,
    /// By the channel's fields, in stored form.
    values: Vec<Value>,
    told: Arc<ToldWhole>,
    /// What it is held by, and all that was made of it.
    room: Arc<Reservation>,
    /// In the formats that somebody has taken it in: there are few.
    encoded: Mutex<Vec<(Format, Bytes)>>,
}

/// How the members of a channel are told its messages.
#[derive(Debug)]
pub(crate) struct ToldWhole {
    /// One by itself.
    one: Told,
    /// One as a list, for formats of lists.
    items: Told,
}

impl ToldWhole {
    pub fn new(contract: &Contract, channel: &Channel) -> Self {
        let shape = shape(contract, channel);
        Self::of(Told::whole(shape.clone(), false), Told::whole(shape, true))
    }

    pub fn of(one: Told, items: Told) -> Self {
        Self { one, items }
    }
}

/// A message that makes sense, before the rules were asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// The channel's path with its places filled in.
    pub path: String,
    /// The values of the places, as rules see them.
    pub places: Vec<RuleValue>,
    /// By the channel's fields, in stored form.
    pub values: Vec<Value>,
}

impl Message {
    pub(super) fn new(
        from: Option<MemberId>,
        channel: ChannelId,
        values: Vec<Value>,
        told: &Arc<ToldWhole>,
        room: Reservation,
    ) -> Self {
        let (told, room) = (Arc::clone(told), Arc::new(room));
        Self { from, channel, values, told, room, encoded: Mutex::default() }
    }

    /// Bytes that a message of these values takes, more or less, with what is made of it for those who take it.
    pub(super) fn bytes_of(values: &[Value]) -> usize {
        let values = values.iter().map(|value| size_of::<Value>() + value.heap_bytes());
        size_of::<Self>() + ENCODINGS * values.sum::<usize>()
    }

    /// Who holds it.
    pub(super) fn holder(&self) -> &Holder {
        self.room.holder()
    }

    /// Which member it is from, where it is from one.
    pub(super) fn from(&self) -> Option<MemberId> {
        self.from
    }

    pub(super) fn bytes(&self) -> usize {
        self.room.bytes()
    }

    /// The message in a format, as a list of it alone where the format is one of lists. It is encoded once for all who
    /// take it.
    ///
    /// # Errors
    /// Internal: the message does not hold what its contract promises.
    pub fn encoded(self: &Arc<Self>, format: Format) -> Result<Bytes, Fault> {
        let mut known = self.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = known.iter().find(|(of, _)| *of == format) {
            return Ok(bytes.clone());
        }
        let messages = std::slice::from_ref(self);
        let is_of_items = match format {
            Format::ProtobufItems(_) | Format::ProtoJsonItems(_) => true,
            Format::Json | Format::Graphql | Format::Protobuf | Format::ProtoJson | Format::Xml => false,
        };
        let told = if is_of_items { &self.told.items } else { &self.told.one };
        let bytes = told.encoded(messages, format, usize::MAX);
        let bytes = bytes.map_err(|error| Fault::internal(error.to_string()))?;
        // It may lie with a peer that is slow when the message itself is gone.
        let bytes = quota::hold(bytes, Arc::clone(&self.room));
        known.push((format, bytes.clone()));
        Ok(bytes)
    }

    /// The number in its first field.
    #[cfg(test)]
    pub(super) fn first_number(&self) -> i64 {
        match self.values.first() {
            Some(Value::Int(number)) => *number,
            _ => 0,
        }
    }

    /// The fields as rules see them.
    pub(crate) fn for_rules(&self, contract: &Contract) -> Vec<RuleValue> {
        for_rules(contract, &contract.channels[self.channel.index()], &self.values)
    }
}

/// What of a contract's channels cannot be as it says: histories of which not even the smallest messages fit into what one
/// publisher may hold.
pub fn histories_too_long(contract: &Contract, held_bytes_max: usize) -> Vec<String> {
    let share = held_bytes_max / 2;
    let too_long = |channel: &&Channel| {
        let nulls = vec![Value::Null; channel.fields.len()];
        Message::bytes_of(&nulls).saturating_mul(channel.history as usize) > share
    };
    let said = |channel: &Channel| {
        format!(
            "warning: channel {} keeps a history of {} messages, which do not fit into what one publisher may hold \
             ({share} bytes): the oldest are forgotten sooner; raise api.channel_held_bytes_max",
            channel.name, channel.history
        )
    };
    contract.channels.iter().filter(too_long).map(said).collect()
}

impl Draft {
    pub fn for_rules(&self, contract: &Contract, channel: &Channel) -> Vec<RuleValue> {
        for_rules(contract, channel, &self.values)
    }
}

/// Lists and objects are kept as JSON text.
fn for_rules(contract: &Contract, channel: &Channel, values: &[Value]) -> Vec<RuleValue> {
    let value = |(field, value): (&Field, &Value)| match (field.ty.base, field.ty.arity, value) {
        (Base::Scalar(Scalar::Json), ..) | (_, Arity::List { .. }, _) | (Base::Object(_), ..) => {
            kept(contract, field, value)
        }
        (Base::Scalar(scalar), Arity::One, value) => rule_scalar(scalar, value),
        (_, Arity::One, value) => rule_typed(contract, field.ty, value),
    };
    channel.fields.iter().zip(values).map(value).collect()
}

/// A value that is kept as JSON text; what a rule cannot look into is what it is compared with null as.
fn kept(contract: &Contract, field: &Field, value: &Value) -> RuleValue {
    let Value::Text(text) = value else { return RuleValue::Null };
    match wire::decode_json(text.as_bytes(), &wire::DecodeBounds::default()) {
        Ok(json) => rule_typed(contract, field.ty, &json),
        Err(_) => rule_scalar(Scalar::String, value),
    }
}

/// The layout of a channel's messages.
fn shape(contract: &Contract, channel: &Channel) -> Shape {
    let field = |field: &Field| {
        let name = Name::new(&field.name, field.number, field.xml);
        ShapeField { name, layout: layout(contract, field), required: field.ty.required }
    };
    Shape { type_name: channel.name.as_str().into(), fields: channel.fields.iter().map(field).collect() }
}

/// How messages are told to those who published them.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// As it is answered.
    pub shape: Shape,
    /// Where the fields of the shape come from, one by one.
    pub parts: Vec<Part>,
    /// A list of them, or one.
    pub is_list: bool,
}

/// Where a field of an answered message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The message's field at this position.
    Field(usize),
    /// The caller may not see it.
    Hidden,
    /// The name of the message's type.
    TypeName,
}

/// Messages on their way into bytes.
struct Encoding<'a> {
    messages: &'a [Arc<Message>],
    told: &'a Told,
}

impl Told {
    /// The whole of a channel's messages.
    pub fn whole(shape: Shape, is_list: bool) -> Self {
        let parts = (0..shape.fields.len()).map(Part::Field).collect();
        Self { shape, parts, is_list }
    }

    /// Messages as an answer.
    pub fn encoded(
        &self,
        messages: &[Arc<Message>],
        format: Format,
        bytes_max: usize,
    ) -> Result<Vec<u8>, EncodeError> {
        format.write(Vec::new(), bytes_max, &self.shape.type_name, Encoding { messages, told: self })
    }
}

impl WriteReply for Encoding<'_> {
    type Output = Result<Vec<u8>, EncodeError>;

    fn write<E: Encoder>(self, mut encoder: E) -> Self::Output {
        let Self { messages, told } = self;
        if told.is_list {
            encoder.begin_list(&told.shape)?;
        }
        messages.iter().try_for_each(|message| message.record(told, &mut encoder))?;
        if told.is_list {
            encoder.end_list(&told.shape)?;
        }
        Ok(encoder.into_reply().0)
    }
}

impl Message {
    fn record<E: Encoder>(&self, told: &Told, encoder: &mut E) -> Result<(), EncodeError> {
        encoder.begin_record(&told.shape)?;
        for (field, part) in told.shape.fields.iter().zip(&told.parts) {
            let cell = match part {
                Part::Field(at) => self.values.get(*at).map_or(Cell::Null, cell),
                Part::Hidden => Cell::Null,
                Part::TypeName => Cell::Text(&told.shape.type_name),
            };
            encoder.cell(field, cell)?;
        }
        encoder.end_record(&told.shape)
    }
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Bool(*value),
        Value::Int(number) => Cell::Int(*number),
        Value::Float(number) => Cell::Float(*number),
        Value::Text(text) => Cell::Text(text),
        Value::Bytes(bytes) => Cell::Bytes(bytes),
        // Stored form has none of them.
        Value::Number(_) | Value::List(_) | Value::Object(_) | Value::Secret(_) => Cell::Null,
    }
}
