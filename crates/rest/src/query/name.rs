//! Names, quoted texts and steps into JSON values.

use super::budget::{JSON_STEPS_MAX, NAME_BYTES_MAX};
use super::cursor::Cursor;
use super::mistake::Mistake;
use engine::{JsonPath, JsonStep};

/// A name; a quoted one is never a word of the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) quoted: bool,
}

impl Name {
    /// Whether it is this word of the grammar.
    pub(crate) fn is(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }
}

/// Letters, digits, `_`, `$`, and `-` where it does not begin an arrow.
fn in_name(c: char, rest: &str) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || (c == '-' && !rest.starts_with("->"))
}

/// A plain or quoted name.
pub(crate) fn name(cursor: &mut Cursor<'_>) -> Result<Name, Mistake> {
    let start = *cursor;
    let name = if cursor.peek() == Some('"') {
        Name { text: quoted(cursor)?, quoted: true }
    } else {
        Name { text: cursor.take_while(in_name).to_owned(), quoted: false }
    };
    match name.text.len() {
        0 => Err(start.unexpected("a name")),
        1..=NAME_BYTES_MAX => Ok(name),
        _ => Err(start.mistake(format!("a name has more than {NAME_BYTES_MAX} bytes"))),
    }
}

/// A text in double quotes; `\` takes the next character as it is.
pub(crate) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, Mistake> {
    let start = *cursor;
    cursor.expect("\"")?;
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some('"') => return Ok(text),
            Some('\\') => text.extend(cursor.next()),
            Some(c) => text.push(c),
            None => return Err(start.mistake("a quoted text is not closed; it begins")),
        }
    }
}

/// `->a->0->>b`, possibly nothing.
pub(crate) fn json_path(cursor: &mut Cursor<'_>) -> Result<JsonPath, Mistake> {
    let mut path = JsonPath::default();
    while cursor.rest().starts_with("->") {
        if path.as_text {
            return Err(cursor.mistake("nothing can follow a `->>` step"));
        }
        if path.steps.len() == JSON_STEPS_MAX {
            return Err(cursor.mistake(format!("a JSON path has more than {JSON_STEPS_MAX} steps")));
        }
        path.as_text = cursor.eat("->>");
        if !path.as_text {
            cursor.expect("->")?;
        }
        path.steps.push(json_step(cursor)?);
    }
    Ok(path)
}

/// A number is an item of an array, everything else a member of an object.
fn json_step(cursor: &mut Cursor<'_>) -> Result<JsonStep, Mistake> {
    let step = name(cursor)?;
    match step.text.parse::<i64>() {
        Ok(index) if !step.quoted => Ok(JsonStep::Index(index)),
        _ => Ok(JsonStep::Member(step.text)),
    }
}
