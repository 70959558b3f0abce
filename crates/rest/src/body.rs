//! Bodies and arguments: what an operation is given to work with.

use crate::route::Matched;
use contract::{Argument, Arity, Base, Binding, Operation, Scalar};
use engine::Fault;
use http_semantics::invalid;
use wire::{DecodeBounds, Value, decode_json};

/// Decodes a JSON body: a list for a batch, else an object. An empty one is an empty object for operations that may need nothing.
pub(crate) fn decode(operation: &Operation, body: &[u8], bounds: &DecodeBounds) -> Result<Value, Fault> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return match operation.binding {
            Binding::Create(_) | Binding::Update(_) | Binding::Upsert(_) | Binding::Batch(_)
                if operation.arguments.is_empty() =>
            {
                Err(invalid("body", "REQUIRED", "a JSON body is expected"))
            }
            _ => Ok(Value::Object(Vec::new())),
        };
    }
    let value = decode_json(body, bounds).map_err(|error| invalid("body", "SYNTAX", error.to_string()))?;
    let (is_expected, expected) = match operation.binding {
        Binding::Batch(_) => (matches!(value, Value::List(_)), "list"),
        _ => (matches!(value, Value::Object(_)), "object"),
    };
    if is_expected {
        return Ok(value);
    }
    Err(invalid("body", "TYPE", format!("a JSON {expected} is expected, found {}", value.kind())))
}

/// Takes what the path already says out of a body, and refuses a body that says otherwise.
pub(crate) fn without(data: &mut Value, name: &str, in_path: &str) -> Result<(), Fault> {
    let Value::Object(members) = data else { return Ok(()) };
    let Some(at) = members.iter().position(|(member, _)| member == name) else {
        return Ok(());
    };
    let (_, given) = members.remove(at);
    let same = match given {
        Value::Text(text) => text == in_path,
        Value::Int(number) => number.to_string() == in_path,
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::Number(_) => false,
        Value::Bytes(_) | Value::List(_) | Value::Object(_) | Value::Secret(_) => false,
    };
    if same { Ok(()) } else { Err(invalid(name, "CONFLICT", "the body and the path differ")) }
}

/// Adds the arguments of the path to a body.
pub(crate) fn with_path(
    operation: &Operation,
    mut data: Value,
    matched: &mut Matched,
    bounds: &DecodeBounds,
) -> Result<Value, Fault> {
    for (name, text) in matched.params.drain(..) {
        without(&mut data, &name, &text)?;
        let argument = operation.arguments.iter().find(|argument| argument.name == *name);
        if let (Some(argument), Value::Object(members)) = (argument, &mut data) {
            members.push((name.to_string(), argument_value(argument, text, bounds)?));
        }
    }
    Ok(data)
}

/// The arguments of a read or delete, from its path and its query string. A list is given by repeating its
/// name, an input type and a JSON value as JSON text.
pub(crate) fn arguments(
    operation: &Operation,
    matched: &mut Matched,
    in_query: Vec<(String, String)>,
    bounds: &DecodeBounds,
) -> Result<Value, Fault> {
    let in_path = matched.params.drain(..).map(|(name, value)| (name.to_string(), value));
    let mut members: Vec<(String, Value)> = Vec::new();
    for (name, text) in in_path.chain(in_query) {
        let Some(argument) = operation.arguments.iter().find(|a| a.name == name) else {
            continue;
        };
        let value = argument_value(argument, text, bounds)?;
        let before = members.iter_mut().find(|(member, _)| *member == name).map(|(_, before)| before);
        match (argument.ty.arity, before) {
            (Arity::List { .. }, Some(Value::List(items))) => items.push(value),
            (Arity::List { .. }, _) => members.push((name, Value::List(vec![value]))),
            (Arity::One, None) => members.push((name, value)),
            (Arity::One, Some(_)) => return Err(invalid(&name, "REPEATED", "it is given twice")),
        }
    }
    Ok(Value::Object(members))
}

/// Text from a path or a query string as the value that JSON would have. Text that is not such a value stays
/// as it is: the engine says what was expected.
fn argument_value(argument: &Argument, text: String, bounds: &DecodeBounds) -> Result<Value, Fault> {
    let Base::Scalar(scalar) = argument.ty.base else {
        return match argument.ty.base {
            Base::Input(_) => json(argument, &text, bounds),
            Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Object(_) | Base::Abstract(_) => {
                Ok(Value::Text(text))
            }
        };
    };
    match scalar {
        Scalar::Json => json(argument, &text, bounds),
        Scalar::Int | Scalar::Float | Scalar::Boolean => {
            let literal = decode_json(text.as_bytes(), bounds).ok().filter(is_literal);
            Ok(literal.unwrap_or(Value::Text(text)))
        }
        Scalar::Id
        | Scalar::String
        | Scalar::Long
        | Scalar::Decimal { .. }
        | Scalar::DateTime
        | Scalar::Date
        | Scalar::Time
        | Scalar::Duration
        | Scalar::Uuid
        | Scalar::Bytes
        | Scalar::Url
        | Scalar::Email => Ok(Value::Text(text)),
    }
}

fn json(argument: &Argument, text: &str, bounds: &DecodeBounds) -> Result<Value, Fault> {
    let value = decode_json(text.as_bytes(), bounds);
    value.map_err(|error| invalid(&argument.name, "SYNTAX", error.to_string()))
}

/// A number or a boolean.
fn is_literal(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Number(_) => true,
        Value::Null | Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Object(_) => false,
        Value::Secret(_) => false,
    }
}
