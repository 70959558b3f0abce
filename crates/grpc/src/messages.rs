//! The table by which requests are read, from the model that files are printed from.

use contract::Contract;
use describe::proto::{Does, EnumId, Field, Label, Meaning, Message, MessageId, Presence, Schema, Type};
use std::collections::HashSet;
use wire::{Absent, EnumValue, Kind, MessageField, Messages};

/// The table of all messages of a schema, by their ids.
///
/// # Errors
/// A defect of the schema.
pub(crate) fn table(contract: &Contract, schema: &Schema) -> Result<Messages, String> {
    let optional = optional(contract, schema);
    let fields = |(at, message)| fields(&optional, at, message);
    let messages = schema.messages.iter().enumerate().map(fields).collect();
    let values = |value: &describe::proto::EnumValue| EnumValue::new(&value.key, value.number, &value.name);
    let enums = schema.enums.iter().map(|of| of.values.iter().map(values).collect()).collect();
    Messages::new(messages, enums)
}

/// Arguments that may be left out, by the request that they are in. Where such a field has no presence, its zero cannot
/// be told from its absence, and it is the absence that is meant.
type Optional<'a> = HashSet<(usize, &'a str)>;

fn optional<'a>(contract: &'a Contract, schema: &Schema) -> Optional<'a> {
    let methods = schema.packages.iter().flat_map(|package| &package.services).flat_map(|s| &s.methods);
    let own = methods.filter(|method| method.does == Does::Own);
    own.flat_map(|method| {
        let arguments = contract.operation(method.operation).arguments.iter();
        // An item stands for itself: its fields are not arguments.
        let may_be_left_out = arguments.filter(|argument| !argument.ty.required && !argument.stream);
        may_be_left_out.map(|argument| (position(method.request), argument.name.as_str()))
    })
    .collect()
}

/// The position of a message in the table.
pub(crate) fn position(id: MessageId) -> usize {
    id.0 as usize
}

fn fields(optional: &Optional<'_>, at: usize, message: &Message) -> Vec<MessageField> {
    let one_of = message.one_of.map(|_| 0);
    let field = |field| MessageField { one_of, ..self::field(optional, at, field) };
    message.fields.iter().map(field).collect()
}

fn field(optional: &Optional<'_>, at: usize, field: &Field) -> MessageField {
    let (label, absent) = match field.label {
        Label::One(Presence::Explicit) => (wire::Label::One, Absent::LeftOut),
        Label::One(Presence::Implicit) => (wire::Label::One, absent(optional, at, field)),
        // A list that is absent may be one that nothing is said of.
        Label::Repeated => (wire::Label::Repeated, Absent::LeftOut),
    };
    let kind = match field.ty {
        Type::Scalar(scalar) => Kind::Scalar(scalar),
        Type::Enum(EnumId(id)) => Kind::Enum(id as usize),
        Type::Message(id) => Kind::Message(position(id)),
        Type::Record { message, key } => Kind::Reference { message: position(message), key },
        Type::FieldMask => Kind::FieldMask,
    };
    MessageField {
        number: field.number,
        name: key(field).into(),
        proto: field.name.as_str().into(),
        json: field.json_name.as_str().into(),
        label,
        kind,
        absent,
        one_of: None,
    }
}

/// An argument that is never null has its zero when it is absent; what all methods have alike has a meaning without.
fn absent(optional: &Optional<'_>, at: usize, field: &Field) -> Absent {
    match &field.meaning {
        Meaning::Named(name) if optional.contains(&(at, name.as_str())) => Absent::LeftOut,
        Meaning::Named(_) => Absent::Zero,
        Meaning::Fixed | Meaning::CountOf(_) | Meaning::Version => Absent::LeftOut,
    }
}

/// The name under which a field's value is found: the contract's own, or for what all methods have alike the name in
/// ProtoJSON.
fn key(field: &Field) -> &str {
    match &field.meaning {
        Meaning::Named(name) => name,
        Meaning::Fixed | Meaning::CountOf(_) | Meaning::Version => &field.json_name,
    }
}
