//! A parameter's name: whose it is and what it sets.

use super::cursor::Cursor;
use super::filter::{Logic, Sense};
use super::mistake::Mistake;
use super::name::{Name, json_path, name};
use engine::Path;

/// Words of the grammar that a parameter may be named by.
pub(crate) const WORDS: &[&str] = &["select", "order", "limit", "offset", "after", "before", "and", "or"];

/// A parameter's name, read.
#[derive(Debug, PartialEq)]
pub(crate) struct Key {
    /// The embedded relations it is under, outermost first.
    pub(crate) under: Vec<String>,
    /// What it sets.
    pub(crate) word: Word,
}

/// What a parameter sets.
#[derive(Debug, PartialEq)]
pub(crate) enum Word {
    /// `select`.
    Select,
    /// `order`.
    Order,
    /// `limit`.
    Limit,
    /// `offset`.
    Offset,
    /// `after`.
    After,
    /// `before`.
    Before,
    /// `and`, `or`, with `not.` before it.
    Group(Logic, Sense),
    /// A condition on a field.
    Field(Path),
}

impl Key {
    /// Reads a decoded name. The words that most requests use need no reading.
    pub(crate) fn read(text: &str) -> Result<Self, Mistake> {
        match text {
            "select" => Ok(Self::root(Word::Select)),
            "order" => Ok(Self::root(Word::Order)),
            "limit" => Ok(Self::root(Word::Limit)),
            "offset" => Ok(Self::root(Word::Offset)),
            "after" => Ok(Self::root(Word::After)),
            "before" => Ok(Self::root(Word::Before)),
            _ => Self::read_path(text),
        }
    }

    fn root(word: Word) -> Self {
        Self { under: Vec::new(), word }
    }

    fn read_path(text: &str) -> Result<Self, Mistake> {
        let mut cursor = Cursor::new(text);
        let mut names = vec![name(&mut cursor)?];
        while cursor.eat(".") {
            names.push(name(&mut cursor)?);
        }
        let json = json_path(&mut cursor)?;
        cursor.expect_end()?;
        let last = names.pop().expect("one name was read");
        let word = match word(&last).filter(|_| json.steps.is_empty()) {
            Some(Word::Group(logic, _)) => Word::Group(logic, take_not(&mut names)),
            Some(word) => word,
            None => Word::Field(Path { names: vec![last.text], json }),
        };
        Ok(Self { under: names.into_iter().map(|name| name.text).collect(), word })
    }
}

fn word(name: &Name) -> Option<Word> {
    match name.text.as_str() {
        _ if name.quoted => None,
        "select" => Some(Word::Select),
        "order" => Some(Word::Order),
        "limit" => Some(Word::Limit),
        "offset" => Some(Word::Offset),
        "after" => Some(Word::After),
        "before" => Some(Word::Before),
        "and" => Some(Word::Group(Logic::And, Sense::Holds)),
        "or" => Some(Word::Group(Logic::Or, Sense::Holds)),
        _ => None,
    }
}

/// `not` stands right before the group's word, or first.
fn take_not(names: &mut Vec<Name>) -> Sense {
    let before = names.last().is_some_and(|name| name.is("not"));
    let first = names.first().is_some_and(|name| name.is("not"));
    if before {
        names.pop();
    } else if first {
        names.remove(0);
    }
    if before || first { Sense::Fails } else { Sense::Holds }
}
