//! The table by which requests are read, from the model that files are printed from.

use describe::proto::{EnumId, Field, Label, Meaning, Message, MessageId, Presence, Schema, Type};
use wire::{Absent, EnumValue, Kind, MessageField, Messages};

/// The table of all messages of a schema, by their ids.
///
/// # Errors
/// A defect of the schema.
pub(crate) fn table(schema: &Schema) -> Result<Messages, String> {
    let messages = schema.messages.iter().map(fields).collect();
    let values = |value: &describe::proto::EnumValue| EnumValue::new(&value.key, value.number, &value.name);
    let enums = schema.enums.iter().map(|of| of.values.iter().map(values).collect()).collect();
    Messages::new(messages, enums)
}

/// The position of a message in the table.
pub(crate) fn position(id: MessageId) -> usize {
    id.0 as usize
}

fn fields(message: &Message) -> Vec<MessageField> {
    let one_of = message.one_of.map(|_| 0);
    message.fields.iter().map(|field| MessageField { one_of, ..self::field(field) }).collect()
}

fn field(field: &Field) -> MessageField {
    let (label, absent) = match field.label {
        Label::One(Presence::Explicit) => (wire::Label::One, Absent::LeftOut),
        Label::One(Presence::Implicit) => (wire::Label::One, absent(field)),
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

/// An argument that is never null has its zero when it is absent, and one that may be null is rid of it again when its
/// call is made; what all methods have alike has a meaning without.
fn absent(field: &Field) -> Absent {
    match field.meaning {
        Meaning::Named(_) => Absent::Zero,
        Meaning::Fixed | Meaning::CountOf(_) | Meaning::Version => Absent::LeftOut,
    }
}

/// The name under which a field's value is found: the contract's own, or for what all methods have alike the name in
/// ProtoJSON.
pub(crate) fn key(field: &Field) -> &str {
    match &field.meaning {
        Meaning::Named(name) => name,
        Meaning::Fixed | Meaning::CountOf(_) | Meaning::Version => &field.json_name,
    }
}
