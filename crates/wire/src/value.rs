//! Owned values: decoded inputs and statement parameters. Never used for replies.

use crate::Secret;
use crate::json::escape::escape;
use crate::scalar::number::write_double;
use crate::scalar::text::push_base64;

/// A value that came from outside, or a parameter on its way to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// An integer; as a parameter also units of a decimal and microseconds of a duration.
    Int(i64),
    /// A finite double.
    Float(f64),
    /// A number that is not an integer of 64 bits, as written, so that decimals stay exact.
    Number(Box<str>),
    /// UTF-8 text; as a parameter also JSON text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// An object in the order it came; the decoders refuse duplicate keys.
    Object(Vec<(String, Value)>),
    /// What is given for a `@secret` field or argument ([`Value::sealed`]).
    Secret(Secret),
}

impl Value {
    /// Bytes of memory that it takes beside its own.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
            Value::Number(text) => text.len(),
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Secret(secret) => secret.expose().map_or(0, str::len),
            Value::List(items) => items.iter().map(|item| size_of::<Value>() + item.heap_bytes()).sum(),
            Value::Object(members) => {
                let member = |(name, value): &(String, Value)| {
                    size_of::<(String, Value)>() + name.len() + value.heap_bytes()
                };
                members.iter().map(member).sum()
            }
        }
    }

    /// What the value is, in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Float(_) | Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
            Value::Secret(secret) => secret.kind(),
        }
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Appends the value as JSON text without white space: bytes in base64, numbers as they were written,
    /// members in their order. Secrets are left out; where something has to stand they are null. Recursive, as deep as
    /// the value; what the decoders made is at most [`crate::DEPTH_MAX`] deep.
    pub fn to_json(&self, out: &mut String) {
        match self {
            Value::Null | Value::Secret(_) => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
            // JSON has no infinities; a value holds none, and null is what JavaScript writes for them.
            Value::Float(number) if !number.is_finite() => out.push_str("null"),
            Value::Float(number) => write_double(*number, |text| out.push_str(text)),
            Value::Number(text) => out.push_str(text),
            Value::Text(text) => push_string(out, text),
            Value::Bytes(bytes) => {
                out.push('"');
                push_base64(out, bytes);
                out.push('"');
            }
            Value::List(items) => {
                push_separated(out, ['[', ']'], items.iter(), |out, item| item.to_json(out))
            }
            Value::Object(members) => {
                let shown = members.iter().filter(|(_, value)| !matches!(value, Value::Secret(_)));
                push_separated(out, ['{', '}'], shown, |out, (key, value)| {
                    push_string(out, key);
                    out.push(':');
                    value.to_json(out);
                });
            }
        }
    }

    /// The value as JSON text.
    pub fn json_text(&self) -> String {
        let mut text = String::new();
        self.to_json(&mut text);
        text
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    escape(text, |piece| out.push_str(piece));
    out.push('"');
}

fn push_separated<T>(
    out: &mut String,
    brackets: [char; 2],
    items: impl Iterator<Item = T>,
    push: impl Fn(&mut String, T),
) {
    out.push(brackets[0]);
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(brackets[1]);
}
