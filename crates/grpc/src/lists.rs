//! Lists of values as filters hold them: in messages, so that an empty list is told from none.

use crate::messages::key;
use describe::proto::{Field, Label, Meaning, Message, MessageId, Schema, Type};
use wire::Value;

/// The name of the one field of a message that is a list.
const VALUES: &str = "values";

/// The same value with lists in the place of the messages that hold them. `message` is its type. It is as deep as the
/// decoder lets messages be.
pub(crate) fn bare(schema: &Schema, message: MessageId, value: Value) -> Value {
    let message = schema.message(message);
    let Value::Object(mut members) = value else { return value };
    if let Some(values) = values(message) {
        let held = members.into_iter().find(|(name, _)| name == VALUES);
        return held.map_or_else(|| Value::List(Vec::new()), |(_, held)| field(schema, values, held));
    }
    for (name, value) in &mut members {
        if let Some(found) = message.fields.iter().find(|field| key(field) == *name) {
            *value = field(schema, found, std::mem::replace(value, Value::Null));
        }
    }
    Value::Object(members)
}

/// The field of a message that holds nothing but a list.
fn values(message: &Message) -> Option<&Field> {
    match &message.fields[..] {
        [field] if field.name == VALUES => {
            (field.label == Label::Repeated && field.meaning == Meaning::Fixed).then_some(field)
        }
        _ => None,
    }
}

fn field(schema: &Schema, field: &Field, value: Value) -> Value {
    match (field.ty, value) {
        (Type::Message(id), Value::List(items)) => {
            Value::List(items.into_iter().map(|item| bare(schema, id, item)).collect())
        }
        (Type::Message(id), value) => bare(schema, id, value),
        (Type::Scalar(_) | Type::Enum(_) | Type::Record { .. } | Type::FieldMask, value) => value,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn object(members: &[(&str, Value)]) -> Value {
        Value::Object(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    /// Lists stand for the messages that hold them, in lists as well; what is absent in one is an empty list.
    #[test]
    fn lists_are_bare() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cases/contracts/scalars");
        let loaded = contract::load(std::path::Path::new(folder));
        let contract = loaded.unwrap_or_else(|found| panic!("{found}")).contract;
        let schema = Schema::new(&contract).unwrap();
        let at =
            schema.messages.iter().position(|message| message.full_name == "scalars.v1.ThingFilter").unwrap();
        let text = |text: &str| Value::Text(text.to_owned());
        let values = |items: &[Value]| object(&[("values", Value::List(items.to_vec()))]);
        let given = object(&[
            ("string", object(&[("in", values(&[text("x")])), ("notIn", object(&[]))])),
            (
                "or",
                Value::List(vec![object(&[("tags", object(&[("in", values(&[values(&[text("y")])]))]))])]),
            ),
        ]);
        let expected = object(&[
            ("string", object(&[("in", Value::List(vec![text("x")])), ("notIn", Value::List(Vec::new()))])),
            (
                "or",
                Value::List(vec![object(&[(
                    "tags",
                    object(&[("in", Value::List(vec![Value::List(vec![text("y")])]))]),
                )])]),
            ),
        ]);
        assert_eq!(bare(&schema, MessageId(at as u32), given), expected);
    }
}
