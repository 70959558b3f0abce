//! What messages say in neutral terms, and what no answer may be.

use super::request::{Reading, Request};
use super::select::{Inside, Part};
use super::value;
use crate::case::{Function, Input, More, Of};
use crate::driver::{Answer, Page};
use contract::{FieldId, ResourceId};
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value};

type Judged<T> = Result<T, String>;

/// Reads messages; a field that is not there may be one that the caller may not read.
pub struct Reader<'r> {
    /// Whether the server refuses the caller this field.
    pub is_closed: &'r dyn Fn(ResourceId, FieldId) -> Judged<bool>,
}

impl Reader<'_> {
    /// Reads the messages of an answer. `Err` says where they are not what was asked for.
    pub fn answer(&self, request: &Request, messages: &[Value], input: &Input) -> Judged<Answer> {
        let response = request.method.output();
        if !request.method.is_server_streaming() && messages.len() != 1 {
            return Err(format!("{} messages where there is one", messages.len()));
        }
        let nothing = Value::Object(Map::new());
        let message = messages.first().unwrap_or(&nothing);
        let version = message.get("rowVersion").and_then(Value::as_str).map(str::to_owned);
        let total = message.get("totalSize").and_then(Value::as_str).and_then(|n| n.parse().ok());
        let plain = Answer { version, total, ..Answer::default() };
        let body = match &request.reading {
            Reading::Deleted => match message.as_object().is_some_and(Map::is_empty) {
                true => None,
                false => return Err(format!("{message} is answered to a deletion")),
            },
            Reading::Field(part) if request.method.is_server_streaming() => {
                Some(messages.iter().map(|message| self.part(part, message)).collect::<Judged<Value>>()?)
            }
            Reading::Field(part) => Some(self.part(part, message)?),
            Reading::Message(parts) if request.method.is_server_streaming() => {
                let each = messages.iter().map(|message| self.record(parts, &response, message));
                Some(each.collect::<Judged<Value>>()?)
            }
            Reading::Message(parts) => Some(self.record(parts, &response, message)?),
            Reading::Batch(part) => Some(self.batch(part, message, input)?),
            Reading::Page(part) => {
                let token = message.get("nextPageToken").and_then(Value::as_str).map(str::to_owned);
                let more = if token.is_some() { More::Yes } else { More::No };
                let page = Some(Page { start: None, end: token, more });
                return Ok(Answer { body: Some(self.part(part, message)?), page, ..plain });
            }
            Reading::Totals => Some(Value::Array(vec![totals(message, &response, input)?])),
            Reading::Groups => Some(groups(message, &response, input)?),
        };
        // A call that answers nothing has no value, and one that answers null neither.
        Ok(Answer { body: body.filter(|body| !body.is_null()), ..plain })
    }

    fn part(&self, part: &Part, message: &Value) -> Judged<Value> {
        let given = message.get(part.field.json_name()).filter(|value| !value.is_null());
        match (part.field.is_list(), given) {
            (true, None) if part.nullable => Ok(Value::Null),
            (true, None) => Ok(Value::Array(Vec::new())),
            (true, Some(Value::Array(items))) => items.iter().map(|item| self.one(part, item)).collect(),
            (true, Some(other)) => Err(format!("`{}` is no list: {other}", part.field.name())),
            (false, None) if part.field.supports_presence() => Ok(Value::Null),
            (false, None) => Ok(value::zero(&part.field)),
            (false, Some(value)) => self.one(part, value),
        }
    }

    fn one(&self, part: &Part, value: &Value) -> Judged<Value> {
        match (&part.inside, part.field.kind()) {
            (Inside::Plain, kind) => value::neutral_leaf(value, &kind),
            (Inside::Json, _) => {
                let text = value.as_str().ok_or_else(|| format!("`{}` is no text", part.field.name()))?;
                serde_json::from_str(text).map_err(|e| format!("`{}` is no JSON: {e}", part.field.name()))
            }
            (Inside::Key(key), _) => match value.as_object() {
                Some(members) if members.len() == 1 => {
                    members.get(key.json_name()).cloned().ok_or_else(|| format!("{value} has no key"))
                }
                _ => Err(format!("`{}` was not asked for, and {value} answered", part.field.name())),
            },
            (Inside::Record(parts), Kind::Message(message)) => self.record(parts, &message, value),
            (Inside::Record(_), _) => Err(format!("`{}` is no message", part.field.name())),
        }
    }

    fn record(&self, parts: &[Part], message: &MessageDescriptor, value: &Value) -> Judged<Value> {
        let members = value.as_object().ok_or_else(|| format!("{value} is no record"))?;
        let asked = |name: &&String| !parts.iter().any(|part| part.field.json_name() == **name);
        if let Some(name) = members.keys().find(asked) {
            return Err(format!("`{name}` of `{}` was answered and not asked for", message.full_name()));
        }
        let mut out = Map::new();
        for part in parts {
            if let Some((resource, field)) = part.closed
                && !members.contains_key(part.field.json_name())
                && (self.is_closed)(resource, field)?
            {
                continue;
            }
            let found = self.part(part, value)?;
            out.extend(part.shown.clone().map(|shown| (shown, found)));
        }
        Ok(out.into())
    }

    /// An empty message stands where a record was deleted.
    fn batch(&self, part: &Part, message: &Value, input: &Input) -> Judged<Value> {
        let given = message.get(part.field.json_name()).and_then(Value::as_array);
        let items = given.map(Vec::as_slice).unwrap_or_default();
        let operations = input.data.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
        if items.len() != operations {
            return Err(format!("{} records for {operations} operations", items.len()));
        }
        let each = items.iter().map(|item| match item.as_object().is_some_and(Map::is_empty) {
            true => Ok(Value::Null),
            false => self.one(part, item),
        });
        each.collect()
    }
}

fn groups(message: &Value, response: &MessageDescriptor, input: &Input) -> Judged<Value> {
    let Some(Kind::Message(group)) = response.get_field_by_name("groups").map(|field| field.kind()) else {
        return Err("the response has no groups".to_owned());
    };
    let Some(Kind::Message(key)) = group.get_field_by_name("key").map(|field| field.kind()) else {
        return Err("a group has no key".to_owned());
    };
    let groups = message.get("groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let each = groups.iter().map(|found| {
        let mut out = Map::new();
        for name in &input.by {
            let field = value::field(&key, name).ok_or_else(|| format!("`{name}` is no part of a key"))?;
            let value = found.pointer(&format!("/key/{}", field.json_name())).unwrap_or(&Value::Null);
            out.insert(name.clone(), value::neutral_leaf(value, &field.kind())?);
        }
        let Value::Object(measured) = totals(found, &group, input)? else { return Err("no totals".into()) };
        out.extend(measured);
        Ok(Value::Object(out))
    });
    each.collect()
}

/// The part of `Totals` that a function is.
pub fn part_of_totals(function: Function) -> &'static str {
    match function {
        Function::Sum => "sums",
        Function::Avg => "averages",
        Function::Min => "least",
        Function::Max => "greatest",
    }
}

fn totals(message: &Value, around: &MessageDescriptor, input: &Input) -> Judged<Value> {
    let totals = message.get("totals").unwrap_or(&Value::Null);
    let Some(Kind::Message(ty)) = around.get_field_by_name("totals").map(|field| field.kind()) else {
        return Err("there are no totals".to_owned());
    };
    let mut out = Map::new();
    for measure in &input.measures {
        let found = match &measure.of {
            Of::Rows => {
                let count = totals.get("count").and_then(Value::as_str).unwrap_or("0");
                count.parse::<u64>().map_err(|_| format!("`{count}` is no number"))?.into()
            }
            Of::Field(function, name) => {
                let part = part_of_totals(*function);
                let kind = ty.get_field_by_name(part).map(|field| field.kind());
                let Some(Kind::Message(ty)) = kind else { return Err(format!("there are no {part}")) };
                let field = value::field(&ty, name).ok_or_else(|| format!("`{part}` has no `{name}`"))?;
                let found = totals.pointer(&format!("/{part}/{}", field.json_name()));
                value::neutral_leaf(found.unwrap_or(&Value::Null), &field.kind())?
            }
        };
        out.insert(measure.shown.clone(), found);
    }
    Ok(out.into())
}
