//! JSON texts (RFC 8259) to values, strictly and within bounds.

use crate::Value;
use crate::json::DEPTH_MAX;
use crate::json::lexer::{Flaw, Lexer, unescape};
use crate::json::parts::member_key;
use std::fmt;

pub use crate::json::lexer::Problem;

/// Members up to which an object's keys are compared each with each, which is faster than sorting them.
const SMALL_OBJECT_MEMBERS: usize = 8;

/// What a JSON text may hold, or a message in protocol buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeBounds {
    /// How deep arrays and objects may nest (messages and repeated fields); [`DEPTH_MAX`] is the limit of any.
    pub depth_max: usize,
    /// Values in all: scalars, arrays and objects (each time that a field is there).
    pub values_max: usize,
    /// Bytes of a number that is not an integer of 64 bits.
    pub number_bytes_max: usize,
}

impl Default for DecodeBounds {
    fn default() -> Self {
        Self { depth_max: 64, values_max: 100_000, number_bytes_max: 128 }
    }
}

/// A JSON text that is refused, with the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The byte in the text, from 0.
    pub byte: usize,
    /// What is wrong there.
    pub problem: Problem,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.problem, self.line, self.column)
    }
}

impl std::error::Error for DecodeError {}

impl DecodeError {
    /// Finds the line and column of a byte in what is UTF-8 up to there.
    fn new(bytes: &[u8], Flaw { at, problem }: Flaw) -> Self {
        let before = &bytes[..at];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let starts_character = |byte: &&u8| **byte & 0xc0 != 0x80;
        Self {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: before[line_start..].iter().filter(starts_character).count() + 1,
            byte: at,
            problem,
        }
    }
}

/// Reads one JSON value.
///
/// Stricter than the RFC asks for: keys are unique within an object, strings hold no lone surrogates, and
/// numbers are finite as doubles. Integers of 64 bits become [`Value::Int`]; all other numbers are kept as
/// written.
pub fn decode_json(bytes: &[u8], bounds: &DecodeBounds) -> Result<Value, DecodeError> {
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(DecodeError::new(bytes, Flaw { at: 0, problem: Problem::ByteOrderMark }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        DecodeError::new(bytes, Flaw { at: error.valid_up_to(), problem: Problem::NotUtf8 })
    })?;
    decode_text(text, bounds).map_err(|flaw| DecodeError::new(bytes, flaw))
}

fn decode_text(text: &str, bounds: &DecodeBounds) -> Result<Value, Flaw> {
    let mut decoder = Decoder {
        lexer: Lexer::new(text),
        depth_left: bounds.depth_max.min(DEPTH_MAX),
        values_left: bounds.values_max,
        number_bytes_max: bounds.number_bytes_max,
        key_places: Vec::new(),
    };
    let value = decoder.value()?;
    decoder.lexer.end()?;
    Ok(value)
}

struct Decoder<'a> {
    lexer: Lexer<'a>,
    depth_left: usize,
    values_left: usize,
    number_bytes_max: usize,
    /// Where the keys of the objects begun so far stand, for the error about a second one.
    key_places: Vec<usize>,
}

impl Decoder<'_> {
    /// Recursive, at most [`DEPTH_MAX`] deep.
    fn value(&mut self) -> Result<Value, Flaw> {
        let first = self.lexer.peek();
        self.values_left = self.values_left.checked_sub(1).ok_or(self.lexer.flaw(Problem::TooManyValues))?;
        match first {
            Some(b'"') => Ok(Value::Text(owned(self.lexer.string()?))),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.lexer.word("null").map(|()| Value::Null),
            Some(b't') => self.lexer.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.lexer.word("false").map(|()| Value::Bool(false)),
            _ => Err(self.lexer.flaw(Problem::ExpectedValue)),
        }
    }

    fn nested(&mut self, inside: impl FnOnce(&mut Self) -> Result<Value, Flaw>) -> Result<Value, Flaw> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(self.lexer.flaw(Problem::TooDeep))?;
        self.lexer.advance();
        let value = inside(self)?;
        self.depth_left += 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Value, Flaw> {
        let mut items = Vec::new();
        if self.lexer.eat(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.lexer.eat(b']') {
                return Ok(Value::List(items));
            }
            if !self.lexer.eat(b',') {
                return Err(self.lexer.flaw(Problem::ExpectedCommaOrBracket));
            }
        }
    }

    fn object(&mut self) -> Result<Value, Flaw> {
        let mut members = Vec::new();
        if self.lexer.eat(b'}') {
            return Ok(Value::Object(members));
        }
        let first_place = self.key_places.len();
        loop {
            self.lexer.peek();
            self.key_places.push(self.lexer.at());
            let key = owned(member_key(&mut self.lexer)?);
            members.push((key, self.value()?));
            if self.lexer.eat(b'}') {
                break;
            }
            if !self.lexer.eat(b',') {
                return Err(self.lexer.flaw(Problem::ExpectedCommaOrBrace));
            }
        }
        if let Some(second) = repeated_key(&members) {
            return Err(Flaw { at: self.key_places[first_place + second], problem: Problem::DuplicateKey });
        }
        self.key_places.truncate(first_place);
        Ok(Value::Object(members))
    }

    fn number(&mut self) -> Result<Value, Flaw> {
        let start = self.lexer.at();
        let text = self.lexer.number()?;
        let flaw = |problem| Err(Flaw { at: start, problem });
        // A negative zero is not an integer: kept as written it stays one where a double is wanted.
        match text.parse::<i64>() {
            Ok(integer) if text != "-0" => Ok(Value::Int(integer)),
            _ if text.len() > self.number_bytes_max => flaw(Problem::NumberTooLong),
            _ if text.parse::<f64>().is_ok_and(f64::is_finite) => Ok(Value::Number(text.into())),
            _ => flaw(Problem::NumberTooLarge),
        }
    }
}

/// What the inside of a string stands for.
fn owned(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    unescape(raw, &mut text);
    text
}

/// The position of a member whose key an earlier member has.
fn repeated_key(members: &[(String, Value)]) -> Option<usize> {
    if members.len() <= SMALL_OBJECT_MEMBERS {
        return (1..members.len()).find(|i| members[..*i].iter().any(|(key, _)| *key == members[*i].0));
    }
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_unstable_by(|a, b| members[*a].0.cmp(&members[*b].0).then(a.cmp(b)));
    order.windows(2).filter(|pair| members[pair[0]].0 == members[pair[1]].0).map(|pair| pair[1]).min()
}
