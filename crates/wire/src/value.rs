//! Owned values: decoded inputs and statement parameters. Never used for replies.

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
}

impl Value {
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
        }
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }
}
