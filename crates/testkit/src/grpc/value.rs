//! Values as ProtoJSON has them, and back.

use super::schema;
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Map, Value, json};

/// Designators of lengths of time and their seconds.
const UNITS: [(char, u64); 3] = [('H', 3600), ('M', 60), ('S', 1)];

/// What no message says, whatever the bytes.
#[derive(Debug, Default)]
pub struct Beyond(Option<&'static str>);

impl Beyond {
    /// Notes why no message says it; the first reason counts.
    pub fn say(&mut self, why: &'static str) {
        self.0.get_or_insert(why);
    }

    /// Why no message says it.
    pub fn why(&self) -> Option<&'static str> {
        self.0
    }
}

/// A member that the message has no field for.
pub const NO_FIELD: &str = "a member that its message has no field for";
/// A value that the field's type does not have.
pub const NO_VALUE: &str = "a value that is not of its field's type";
/// What stands for nothing.
const NO_NULL: &str = "null where it is not the same as nothing";

/// The field of a message for a name of the contract.
pub fn field(ty: &prost_reflect::MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    ty.get_field_by_json_name(name)
}

/// A value of a leaf: an enum's value, an instant, a length of time, or as it is.
pub fn leaf(value: &Value, kind: &Kind) -> Value {
    match (kind, value) {
        (Kind::Enum(of), Value::String(text)) => format!("{}{text}", prefix(of.name())).into(),
        (Kind::Message(of), Value::String(text)) if of.full_name() == "google.protobuf.Duration" => {
            seconds(text).map_or_else(|| value.clone(), Value::from)
        }
        (_, value) => value.clone(),
    }
}

/// `ORDER_STATUS_`.
fn prefix(name: &str) -> String {
    format!("{}_", contract::names::upper_snake(name))
}

/// A value of a leaf in the neutral form.
pub fn neutral_leaf(value: &Value, kind: &Kind) -> Result<Value, String> {
    match (kind, value) {
        (Kind::Enum(of), Value::String(text)) => match text.strip_prefix(&prefix(of.name())) {
            Some(text) => Ok(text.into()),
            None => Err(format!("`{text}` does not begin with `{}`", prefix(of.name()))),
        },
        (Kind::Message(of), Value::String(text)) => match of.full_name() {
            "google.protobuf.Timestamp" => Ok(instant(text).into()),
            "google.protobuf.Duration" => length(text).map(Value::from),
            _ => Ok(value.clone()),
        },
        (_, value) => Ok(value.clone()),
    }
}

/// What an absent field of a kind is where it has no presence.
pub fn zero(field: &FieldDescriptor) -> Value {
    match field.kind() {
        Kind::String | Kind::Bytes => "".into(),
        Kind::Bool => false.into(),
        Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => "0".into(),
        Kind::Message(_) | Kind::Enum(_) => Value::Null,
        Kind::Double | Kind::Float => 0.into(),
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Fixed32 | Kind::Sfixed32 => 0.into(),
    }
}

/// A condition or an order as a message of that type: lists in their messages, enums under their names.
pub fn condition(value: &Value, ty: &prost_reflect::MessageDescriptor, beyond: &mut Beyond) -> Value {
    let Value::Object(members) = value else {
        return listed(value, ty, beyond).unwrap_or_else(|| value.clone());
    };
    let mut out = Map::new();
    for (name, value) in members {
        let value = match field(ty, name) {
            None => {
                beyond.say(NO_FIELD);
                value.clone()
            }
            Some(_) if value.is_null() => {
                beyond.say(NO_NULL);
                value.clone()
            }
            Some(field) => operand(value, &field, beyond),
        };
        out.insert(name.clone(), value);
    }
    out.into()
}

/// A list as the message that holds its values.
fn listed(value: &Value, ty: &prost_reflect::MessageDescriptor, beyond: &mut Beyond) -> Option<Value> {
    let values = ty.get_field_by_name("values").filter(|field| field.is_list())?;
    let items = value.as_array()?;
    let items: Vec<Value> = items.iter().map(|item| one(item, &values, beyond)).collect();
    Some(json!({ "values": items }))
}

fn operand(value: &Value, field: &FieldDescriptor, beyond: &mut Beyond) -> Value {
    match value {
        Value::Array(items) if field.is_list() => items.iter().map(|item| one(item, field, beyond)).collect(),
        value => one(value, field, beyond),
    }
}

fn one(value: &Value, field: &FieldDescriptor, beyond: &mut Beyond) -> Value {
    match (field.kind(), value) {
        // Values of JSON are texts of it.
        (Kind::String, value) if is_json(field) => value.to_string().into(),
        (Kind::Message(ty), Value::Object(_) | Value::Array(_)) => condition(value, &ty, beyond),
        (kind, value) => leaf(value, &kind),
    }
}

/// Whether a filter compares JSON.
fn is_json(field: &FieldDescriptor) -> bool {
    matches!(field.parent_message().name(), "JSONFilter" | "JSONs")
}

/// `PT1H30M` as `5400s`; none for what is no length of time.
fn seconds(text: &str) -> Option<String> {
    let (sign, body) = text.strip_prefix('-').map_or(("", text), |body| ("-", body));
    let (days, time) = body.strip_prefix('P')?.split_once('T').unwrap_or((&body[1..], ""));
    let (mut total, mut fraction) = (0_u64, String::new());
    if !days.is_empty() {
        total += days.strip_suffix('D')?.parse::<u64>().ok()? * 24 * 3600;
    }
    let mut rest = time;
    for (designator, seconds) in UNITS {
        let Some((number, after)) = rest.split_once(designator) else { continue };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        total += whole.parse::<u64>().ok()? * seconds;
        if !part.is_empty() {
            fraction = format!(".{part}");
        }
        rest = after;
    }
    (rest.is_empty() && body.len() > 1).then(|| format!("{sign}{total}{fraction}s"))
}

/// `5400s` as `PT1H30M`, in the form that other protocols have: hours are the largest unit.
fn length(text: &str) -> Result<String, String> {
    let none = || format!("`{text}` is no length of time");
    let number = text.strip_suffix('s').ok_or_else(none)?;
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("-", number));
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().map_err(|_| none())?;
    let part = part.trim_end_matches('0');
    let mut out = format!("{sign}PT");
    for (designator, amount) in [('H', whole / 3600), ('M', whole / 60 % 60)] {
        if amount > 0 {
            out.push_str(&format!("{amount}{designator}"));
        }
    }
    match (whole % 60, part) {
        (0, "") if whole > 0 => {}
        (seconds, "") => out.push_str(&format!("{seconds}S")),
        (seconds, part) => out.push_str(&format!("{seconds}.{part}S")),
    }
    Ok(out)
}

/// An instant with all six digits of its microseconds.
fn instant(text: &str) -> String {
    let (second, part) =
        text.trim_end_matches('Z').split_once('.').unwrap_or((text.trim_end_matches('Z'), ""));
    let digits: String = part.chars().chain("000000".chars()).take(part.len().max(6)).collect();
    format!("{second}.{digits}Z")
}

/// A mask of paths: ProtoJSON writes each in lowerCamelCase, with commas between them.
pub fn mask(paths: &[String]) -> Value {
    let paths: Vec<String> = paths.iter().map(|path| camel(path)).collect();
    paths.join(",").into()
}

fn camel(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '_' && next.is_ascii_lowercase() => {
                out.push(next.to_ascii_uppercase());
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// A request as a message, if it is one of its type.
pub fn message(
    ty: &prost_reflect::MessageDescriptor,
    json: &Value,
) -> Result<prost_reflect::DynamicMessage, String> {
    schema::from_json(ty.clone(), json)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn lengths_of_time_have_two_forms() {
        for (iso, proto) in [("PT1H30M", "5400s"), ("PT0S", "0s"), ("-PT5M", "-300s"), ("PT0.5S", "0.5s")] {
            assert_eq!(seconds(iso).as_deref(), Some(proto));
            assert_eq!(length(proto).unwrap(), iso);
        }
        assert_eq!(seconds("P1DT1H").as_deref(), Some("90000s"));
        assert_eq!(seconds("PT90M").as_deref(), Some("5400s"));
        assert_eq!((seconds("1h"), seconds("P"), seconds("PTx")), (None, None, None));
    }

    #[test]
    fn instants_have_six_digits_and_masks_camels() {
        assert_eq!(instant("2026-11-22T18:32:34Z"), "2026-11-22T18:32:34.000000Z");
        assert_eq!(instant("2026-11-22T18:32:34.123Z"), "2026-11-22T18:32:34.123000Z");
        assert_eq!(
            mask(&["posts_count".into(), "order_by.id".into(), "*".into()]),
            "postsCount,orderBy.id,*"
        );
    }
}
