//! A message of a channel: what its sender gives, and what the server adds.

use super::record::default_value;
use super::stored::{self, Problem};
use crate::channel::Draft;
use crate::fault::{Fault, FieldFault};
use contract::rule::Value as RuleValue;
use contract::{Assign, Channel, Column, Contract, Field};
use wire::{Patterns, Value};

/// Bytes of the value of a place in a path at the most.
const PLACE_BYTES_MAX: usize = 255;

/// What the server puts into assigned fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assigned<'a> {
    pub caller_id: Option<&'a str>,
    pub now: &'a str,
}

/// Checks every member of `data` as a place of the channel's path or a field of its messages.
pub(crate) fn message(
    contract: &Contract,
    patterns: &Patterns,
    channel: &Channel,
    data: &Value,
    assigned: Assigned<'_>,
) -> Result<Draft, Fault> {
    let Value::Object(members) = data else {
        let message = format!("must be an object, not {}", data.kind());
        return Err(Fault::invalid_field("message", "TYPE", message));
    };
    let mut wrong: Vec<FieldFault> = unknown(channel, members).collect();
    let mut values = Vec::with_capacity(channel.fields.len());
    for field in &channel.fields {
        match value(contract, patterns, field, data.get(&field.name), assigned) {
            Ok(value) => values.push(value),
            Err(p) => wrong.push(FieldFault::new(format!("{}{}", field.name, p.at), p.code, p.message)),
        }
    }
    let path = match path(channel, data) {
        Ok(path) => Some(path),
        Err(place) => {
            wrong.push(place);
            None
        }
    };
    match path {
        Some((path, places)) if wrong.is_empty() => Ok(Draft { path, places, values }),
        Some(_) | None => Err(Fault::invalid(wrong)),
    }
}

fn unknown(channel: &Channel, members: &[(String, Value)]) -> impl Iterator<Item = FieldFault> {
    let is_known = |name: &str| {
        channel.fields.iter().any(|field| field.name == name) || channel.places().any(|place| place == name)
    };
    let strange = members.iter().filter(move |(name, _)| !is_known(name));
    strange.map(|(name, _)| {
        let shown: String = name.chars().take(64).collect();
        FieldFault::new(shown, "UNKNOWN", format!("is not a field of `{}`", channel.name))
    })
}

fn value(
    contract: &Contract,
    patterns: &Patterns,
    field: &Field,
    given: Option<&Value>,
    assigned: Assigned<'_>,
) -> Result<Value, Problem> {
    let column = field.column();
    if let Some(assign) = column.and_then(|column| column.assign) {
        return match given {
            Some(_) => Err(Problem::new("READ_ONLY", "is set by the server")),
            None => Ok(match assign {
                Assign::CallerId => assigned.caller_id.map_or(Value::Null, |id| Value::Text(id.to_owned())),
                Assign::Now | Assign::NowOnChange => Value::Text(assigned.now.to_owned()),
            }),
        };
    }
    let Some(given) = given else { return absent(contract, field, column) };
    let stored = stored::for_column(contract, field.ty, given)?;
    if stored != Value::Null {
        patterns.check(&field.checks, field.ty, given, &stored)?;
    }
    Ok(stored)
}

fn absent(contract: &Contract, field: &Field, column: Option<&Column>) -> Result<Value, Problem> {
    match column.and_then(|column| column.default.as_ref()) {
        Some(default) => default_value(contract, field, default),
        None if field.ty.required => Err(Problem::new("REQUIRED", "is required")),
        None => Ok(Value::Null),
    }
}

/// The path with its places filled in.
fn path(channel: &Channel, data: &Value) -> Result<(String, Vec<RuleValue>), FieldFault> {
    let mut segments = Vec::new();
    let mut places = Vec::new();
    for segment in channel.path.split('/') {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None => segments.push(segment.to_owned()),
            Some(name) => {
                let text = place(name, data.get(name))?;
                places.push(RuleValue::Text(text.clone()));
                segments.push(text);
            }
        }
    }
    Ok((segments.join("/"), places))
}

fn place(name: &str, value: Option<&Value>) -> Result<String, FieldFault> {
    let text = match value {
        None | Some(Value::Null) => return Err(FieldFault::new(name, "REQUIRED", "is required")),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Int(number)) => number.to_string(),
        Some(other) => {
            return Err(FieldFault::new(name, "TYPE", format!("must be text, not {}", other.kind())));
        }
    };
    let is_segment = !text.is_empty() && !text.contains('/') && !text.contains(char::is_control);
    if !is_segment || text.len() > PLACE_BYTES_MAX {
        let message = format!("must be 1 to {PLACE_BYTES_MAX} bytes without a slash");
        return Err(FieldFault::new(name, "FORMAT", message));
    }
    Ok(text)
}
