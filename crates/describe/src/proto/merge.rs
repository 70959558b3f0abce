//! Adds a package to a schema: messages that are alike are one, and no name is that of two things.

use super::builder::{Builder, Slot};
use super::model::{Enum, EnumId, Field, Message, MessageId, Package, Schema, Type};
use contract::{Diagnostic, Span, code};
use std::collections::HashMap;

/// Adds what a builder has made, or says what keeps it from being added.
pub(super) fn merge(builder: &mut Builder<'_>, mut package: Package, schema: &mut Schema) {
    let slots = std::mem::take(&mut builder.slots);
    let enums = std::mem::take(&mut builder.enums);
    let mut order: Vec<usize> = (0..slots.len()).collect();
    order.sort_by(|a, b| slots[*a].part.cmp(&slots[*b].part));
    let (kept, same) = united(&slots, &order, &mut builder.found);
    check_messages(kept.iter().map(|at| &slots[*at]), &mut builder.found);
    check_names(&package, kept.iter().map(|at| &slots[*at]), &enums, &mut builder.found);
    if !builder.found.is_empty() {
        return;
    }
    let (first, first_enum) = (count(schema.messages.len()), count(schema.enums.len()));
    let position: HashMap<usize, u32> = kept.iter().copied().zip(first..).collect();
    let message = |id: MessageId| MessageId(position[&same[id.0 as usize]]);
    let enumeration = |id: EnumId| EnumId(first_enum + id.0);
    package.messages = (first..).map(MessageId).take(kept.len()).collect();
    package.enums = (first_enum..).map(EnumId).take(enums.len()).collect();
    for method in package.services.iter_mut().flat_map(|service| &mut service.methods) {
        method.request = message(method.request);
        method.response = message(method.response);
    }
    let mut slots: Vec<Option<Slot>> = slots.into_iter().map(Some).collect();
    for at in kept {
        let slot = slots[at].take().expect("each message is kept once");
        let fields = slot.message.fields.into_iter().map(|field| Field {
            ty: match field.ty {
                Type::Message(id) => Type::Message(message(id)),
                Type::Record { message: id, key } => Type::Record { message: message(id), key },
                Type::Enum(id) => Type::Enum(enumeration(id)),
                Type::Scalar(_) | Type::FieldMask => field.ty,
            },
            ..field
        });
        schema.messages.push(Message { fields: fields.collect(), ..slot.message });
    }
    schema.enums.extend(enums.into_iter().map(|(made, _)| made));
    schema.packages.push(package);
}

fn count(length: usize) -> u32 {
    u32::try_from(length).expect("packages and their messages are bounded")
}

/// Which messages are kept, in the order in which they are printed, and for each message the one that stands for it.
fn united(slots: &[Slot], order: &[usize], found: &mut Vec<Diagnostic>) -> (Vec<usize>, Vec<usize>) {
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    let mut kept = Vec::with_capacity(slots.len());
    let mut same: Vec<usize> = (0..slots.len()).collect();
    for at in order {
        let slot = &slots[*at];
        let first = *by_name.entry(slot.message.full_name.as_str()).or_insert(*at);
        if first == *at {
            kept.push(*at);
        } else if are_alike(&slots[first].message, &slot.message) {
            same[*at] = first;
        } else {
            found.push(clash(slot.span, &slot.message.full_name));
        }
    }
    (kept, same)
}

/// Whether two messages differ in nothing but what is said of them.
fn are_alike(one: &Message, other: &Message) -> bool {
    let plain = |field: &Field| Field { description: None, deprecated: None, ..field.clone() };
    one.one_of == other.one_of && one.fields.iter().map(plain).eq(other.fields.iter().map(plain))
}

fn clash(span: Span, name: &str) -> Diagnostic {
    let message = format!("`{name}` would be the name of two different things in gRPC");
    let found = Diagnostic::error(code::PROTO, span, message);
    found.with_help("rename one of them; `@rpc(request:, response:)` names messages of operations")
}

/// No two fields of a message share a name or a number.
fn check_messages<'a>(slots: impl Iterator<Item = &'a Slot>, found: &mut Vec<Diagnostic>) {
    for Slot { message, span, .. } in slots {
        let mut names: HashMap<&str, &Field> = HashMap::new();
        let mut json: HashMap<&str, &Field> = HashMap::new();
        let mut numbers: HashMap<u32, &Field> = HashMap::new();
        for field in &message.fields {
            let other = names.insert(&field.name, field);
            let other = json.insert(&field.json_name, field).or(other);
            let other = numbers.insert(field.number, field).or(other);
            if let Some(other) = other {
                let message = format!(
                    "in gRPC, `{}` of `{}` would have a name or number of `{}`",
                    field.json_name, message.full_name, other.json_name
                );
                found.push(Diagnostic::error(code::PROTO, *span, message).with_help("rename one of them"));
            }
        }
    }
}

/// No two messages, enums, values and services of a package share a name: values stand beside their enums.
fn check_names<'a>(
    package: &'a Package,
    slots: impl Iterator<Item = &'a Slot>,
    enums: &'a [(Enum, Span)],
    found: &mut Vec<Diagnostic>,
) {
    let mut taken: HashMap<&str, ()> = HashMap::new();
    let local = |full_name: &'a str| full_name.rsplit('.').next().unwrap_or(full_name);
    for service in &package.services {
        taken.insert(local(&service.full_name), ());
    }
    let messages = slots.map(|slot| (slot.message.full_name.as_str(), slot.span));
    let enum_names = enums.iter().map(|(made, span)| (made.full_name.as_str(), *span));
    let values = enums.iter().flat_map(|(made, span)| made.values.iter().map(|v| (v.name.as_str(), *span)));
    for (name, span) in messages.chain(enum_names).chain(values) {
        if taken.insert(local(name), ()).is_some() {
            found.push(clash(span, name));
        }
    }
}
