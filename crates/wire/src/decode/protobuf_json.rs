//! ProtoJSON to values (<https://protobuf.dev/programming-guides/json/>).
//!
//! A member may have either name of its field; null is as good as absent. Unknown members, the same one twice, and two of
//! one `oneof` are refused, as Google's implementations do.

use super::json::{DecodeBounds, decode_json};
use super::messages::{Kind, Label, Message, MessageError, MessageField, Messages, Read};
use super::record::{Record, is_absent_when_empty, without_key};
use super::well_known::{self, json_error};
use crate::Value;
use crate::json::DEPTH_MAX;
use crate::scalar::ascii::Ascii;
use crate::scalar::number::{self, NumberError};
use crate::scalar::{span, text, time};
use contract::Scalar;
use std::borrow::Cow;

/// Reads a message of the table into an object, the same that [`crate::decode_protobuf`] makes of the same message.
///
/// # Panics
/// When the table has no such message.
pub fn decode_protobuf_json(
    messages: &Messages,
    message: usize,
    bytes: &[u8],
    bounds: &DecodeBounds,
) -> Result<Value, MessageError> {
    let read = |bytes| -> Read<Value> {
        let json = decode_json(bytes, bounds).map_err(|error| json_error("MALFORMED", &error))?;
        let decoder = Decoder { messages, bounds };
        decoder.message(messages.message(message), json, bounds.depth_max.min(DEPTH_MAX))
    };
    read(bytes).map_err(|error| *error)
}

struct Decoder<'t> {
    messages: &'t Messages,
    bounds: &'t DecodeBounds,
}

impl Decoder<'_> {
    /// A message. Recursive, as deep as the JSON, which is bounded.
    fn message(&self, message: &Message, json: Value, depth_left: usize) -> Read<Value> {
        let Value::Object(members) = json else { return Err(wrong_type("an object", &json)) };
        let depth_left = depth_left.saturating_sub(1);
        let mut record = Record::default();
        for (name, json) in members {
            let Some((at, field)) = message.by_name(&name) else {
                return Err(MessageError::new("UNKNOWN", "there is no such field").inside(&name, None));
            };
            if json == Value::Null {
                continue;
            }
            if record.has(at) {
                return Err(under_both_names(field));
            }
            if let Some(one_of) = field.one_of.filter(|one_of| record.has_one_of(message, *one_of)) {
                return Err(second_of(message, one_of, field));
            }
            if let Some(value) = self.field(field, json, depth_left)? {
                record.set(message, at, field, value);
            }
        }
        record.finish(self.messages, message)
    }

    /// What stands in a field; `None` where that is as good as absent.
    fn field(&self, field: &MessageField, json: Value, depth_left: usize) -> Read<Option<Value>> {
        let inside = |item| move |error: Box<MessageError>| error.inside(&field.proto, item);
        match (field.label, json) {
            (Label::One, Value::Text(text)) if text.is_empty() && is_absent_when_empty(field) => Ok(None),
            (Label::One, json) => self.value(field.kind, json, depth_left).map_err(inside(None)),
            (Label::Repeated, Value::List(items)) => {
                let item = |(at, json)| {
                    let value = self.value(field.kind, json, depth_left.saturating_sub(1));
                    let value = value.and_then(|value| value.ok_or_else(no_value));
                    value.map_err(inside(Some(at)))
                };
                let items: Read<Vec<Value>> = items.into_iter().enumerate().map(item).collect();
                items.map(Value::List).map(Some)
            }
            (Label::Repeated, json) => Err(wrong_type("a list", &json)).map_err(inside(None)),
        }
    }

    fn value(&self, kind: Kind, json: Value, depth_left: usize) -> Read<Option<Value>> {
        match kind {
            Kind::Scalar(scalar) => self.scalar(scalar, json, depth_left).map(Some),
            Kind::Enum(of) => self.enumeration(of, &json),
            Kind::Message(of) => self.message(self.messages.message(of), json, depth_left).map(Some),
            Kind::Reference { message, key } => self.key(message, key, json, depth_left).map(Some),
            Kind::FieldMask => {
                paths(&plain_text("paths in lowerCamelCase, with commas between them", json)?).map(Some)
            }
        }
    }

    fn scalar(&self, scalar: Scalar, json: Value, depth_left: usize) -> Read<Value> {
        match scalar {
            Scalar::Int => match integer(&json)? {
                number if i32::try_from(number).is_ok() => Ok(Value::Int(number)),
                _ => Err(range("expected an integer from -2147483648 to 2147483647")),
            },
            Scalar::Long => integer(&json).map(Value::Int),
            Scalar::Float => double(&json).map(Value::Float),
            Scalar::Boolean => match json {
                Value::Bool(_) => Ok(json),
                _ => Err(wrong_type("a boolean", &json)),
            },
            Scalar::Bytes => {
                let mut bytes = Vec::new();
                text::base64_bytes(&plain_text("base64 text", json)?, &mut bytes)
                    .ok_or_else(|| MessageError::new("FORMAT", "expected base64"))?;
                Ok(Value::Bytes(bytes))
            }
            Scalar::Json => {
                let bounds = DecodeBounds { depth_max: depth_left, ..*self.bounds };
                well_known::json(&plain_text("JSON as text", json)?, &bounds)
            }
            Scalar::DateTime => plain_text("RFC 3339 text", json).map(instant),
            Scalar::Duration => duration(&plain_text("seconds as text", json)?),
            Scalar::Id
            | Scalar::String
            | Scalar::Decimal { .. }
            | Scalar::Date
            | Scalar::Time
            | Scalar::Uuid
            | Scalar::Url
            | Scalar::Email => plain_text("text", json).map(Value::Text),
        }
    }

    /// A value of an enum by its name or number.
    fn enumeration(&self, of: usize, json: &Value) -> Read<Option<Value>> {
        let (value, given) = match json {
            Value::Text(name) => (self.messages.enum_value_named(of, name), Cow::Borrowed(name.as_str())),
            Value::Int(_) | Value::Float(_) | Value::Number(_) => {
                let number = integer(json)?;
                let value =
                    i32::try_from(number).ok().and_then(|number| self.messages.enum_value(of, number));
                (value, Cow::Owned(format!("of number {number}")))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Object(_)
            | Value::Secret(_) => {
                return Err(wrong_type("the name of a value of the enum", json));
            }
        };
        match value {
            Some(value) if value.name.is_empty() => Ok(None),
            Some(value) => Ok(Some(Value::Text(String::from(&*value.name)))),
            None => Err(MessageError::new("ENUM", format!("the enum has no value {given}"))),
        }
    }

    /// Of a record only the field of a number.
    fn key(&self, of: usize, key: u32, json: Value, depth_left: usize) -> Read<Value> {
        let Value::Object(members) = json else { return Err(wrong_type("an object with a key", &json)) };
        let message = self.messages.message(of);
        let mut found = None;
        for (name, json) in members {
            let Some((_, field)) = message.by_name(&name) else {
                return Err(MessageError::new("UNKNOWN", "there is no such field").inside(&name, None));
            };
            if field.number == key && json != Value::Null {
                if found.is_some() {
                    return Err(under_both_names(field));
                }
                found = self.field(field, json, depth_left.saturating_sub(1))?;
            }
        }
        found.ok_or_else(|| without_key(message, key))
    }
}

#[cold]
fn wrong_type(expected: &str, json: &Value) -> Box<MessageError> {
    MessageError::new("TYPE", format!("expected {expected}, not {}", json.kind()))
}

#[cold]
fn range(expected: &str) -> Box<MessageError> {
    MessageError::new("RANGE", expected)
}

#[cold]
fn no_value() -> Box<MessageError> {
    MessageError::new("ENUM", "expected a value of the enum other than number 0")
}

#[cold]
fn under_both_names(field: &MessageField) -> Box<MessageError> {
    let message = format!("the field {} is there under both of its names", field.proto);
    MessageError::new("MALFORMED", message)
}

/// Two fields of a `oneof`.
#[cold]
fn second_of(message: &Message, one_of: u32, second: &MessageField) -> Box<MessageError> {
    let fields = message.fields.iter().filter(|field| field.one_of == Some(one_of));
    let names: Vec<&str> = fields.map(|field| &*field.proto).collect();
    MessageError::new("ONE_OF", format!("expected only one of {}", names.join(", ")))
        .inside(&second.proto, None)
}

fn plain_text(expected: &str, json: Value) -> Read<String> {
    match json {
        Value::Text(text) => Ok(text),
        json => Err(wrong_type(expected, &json)),
    }
}

/// A number's text, with quotes or without.
fn number_text<'a>(expected: &str, json: &'a Value) -> Read<Cow<'a, str>> {
    match json {
        Value::Text(text) => Ok(Cow::Borrowed(text)),
        Value::Number(text) => Ok(Cow::Borrowed(text)),
        Value::Int(_) | Value::Float(_) => Ok(Cow::Owned(json.json_text())),
        Value::Null
        | Value::Bool(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Object(_)
        | Value::Secret(_) => Err(wrong_type(expected, json)),
    }
}

fn integer(json: &Value) -> Read<i64> {
    if let Value::Int(number) = json {
        return Ok(*number);
    }
    number::integer(&number_text("an integer", json)?).map_err(|problem| match problem {
        NumberError::Syntax | NumberError::Fraction => MessageError::new("FORMAT", "expected an integer"),
        NumberError::Range => range("expected an integer of 64 bits"),
    })
}

fn double(json: &Value) -> Read<f64> {
    let text = number_text("a number", json)?;
    if let "NaN" | "Infinity" | "-Infinity" = &*text {
        return Err(range("expected a finite number"));
    }
    number::double(&text).map_err(|problem| match problem {
        NumberError::Syntax => MessageError::new("FORMAT", "expected a number"),
        NumberError::Fraction | NumberError::Range => range("the number is beyond the range of a double"),
    })
}

/// An instant in its usual form, cut to microseconds as the message of bytes is. What is none is left for the contract to
/// refuse.
fn instant(text: String) -> Value {
    let text = cut_to_micros(text);
    let Ok(utc) = time::instant(&text) else { return Value::Text(text) };
    let mut normal = Ascii::new();
    time::write_instant(&mut normal, utc);
    Value::Text(normal.as_str().to_owned())
}

/// A Timestamp has up to nine digits of a second in JSON; those after the sixth are left out.
fn cut_to_micros(mut text: String) -> String {
    let Some(first) = text.find('.').map(|point| point + 1) else { return text };
    let digits = text[first..].bytes().take_while(u8::is_ascii_digit).count();
    if (7..=9).contains(&digits) {
        text.replace_range(first + 6..first + digits, "");
    }
    text
}

/// `5400.5s`.
fn duration(text: &str) -> Read<Value> {
    let (seconds, nanos) = span::seconds_and_nanos(text)
        .ok_or_else(|| MessageError::new("FORMAT", "expected seconds such as 1.5s"))?;
    well_known::span(seconds, nanos)
}

/// `createdAt,posts.title` as `created_at` and `posts.title`
/// (<https://protobuf.dev/reference/protobuf/google.protobuf/#field-mask>).
fn paths(text: &str) -> Read<Value> {
    if text.is_empty() {
        return Ok(Value::List(Vec::new()));
    }
    let path = |path: &str| {
        if path.is_empty() || path.contains('_') {
            return Err(MessageError::new(
                "FORMAT",
                "expected paths in lowerCamelCase, with commas between them",
            ));
        }
        let mut snake = String::with_capacity(path.len() + 2);
        for character in path.chars() {
            if character.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(character.to_ascii_lowercase());
        }
        Ok(Value::Text(snake))
    };
    text.split(',').map(path).collect::<Read<Vec<Value>>>().map(Value::List)
}
