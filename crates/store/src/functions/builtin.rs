//! SQLite's own functions whose work may grow faster than what they are given: the same, in linear time or counted.
//!
//! What is left to SQLite is linear in values, which are bounded (`VALUE_BYTES_MAX`), and the clock is looked at between
//! its steps.

use super::pure;
use super::text::{Token, matches};
use super::work::spend;
use memchr::memmem;
use rusqlite::Connection;
use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use std::borrow::Cow;
use std::collections::HashSet;

/// What a byte is counted as where a function looks at it a few times.
const UNITS_A_BYTE: usize = 2;
/// Bytes of a pattern at the most: matching takes up to pattern × text steps, which are counted.
const PATTERN_BYTES_MAX: usize = 50_000;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, "instr", 2, instr)?;
    pure(conn, "replace", 3, replace)?;
    pure(conn, "like", 2, |context| like(context, None))?;
    pure(conn, "like", 3, |context| match escape(context)? {
        Some(escape) => like(context, Some(escape)),
        None => Ok(None),
    })?;
    pure(conn, "glob", 2, glob)?;
    pure(conn, "trim", 2, |context| trim(context, Ends::Both))?;
    pure(conn, "ltrim", 2, |context| trim(context, Ends::Start))?;
    pure(conn, "rtrim", 2, |context| trim(context, Ends::End))
}

/// An argument as SQLite makes a text of it; null is nothing.
fn text<'a>(context: &'a Context<'_>, at: usize) -> rusqlite::Result<Option<Cow<'a, str>>> {
    Ok(Some(match context.get_raw(at) {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(number) => Cow::Owned(number.to_string()),
        ValueRef::Real(number) => Cow::Owned(format!("{number:?}")),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            spend(bytes.len().saturating_mul(UNITS_A_BYTE))?;
            String::from_utf8_lossy(bytes)
        }
    }))
}

/// The place of a text in another, in characters from 1, or of bytes in others; 0 where it is not.
fn instr(context: &Context<'_>) -> rusqlite::Result<Option<i64>> {
    if let (ValueRef::Blob(whole), ValueRef::Blob(part)) = (context.get_raw(0), context.get_raw(1)) {
        spend(whole.len())?;
        return Ok(place(memmem::find(whole, part)));
    }
    let (Some(whole), Some(part)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
    Ok(place(memmem::find(whole.as_bytes(), part.as_bytes()).map(|at| whole[..at].chars().count())))
}

fn place(found: Option<usize>) -> Option<i64> {
    i64::try_from(found.map_or(0, |at| at + 1)).ok()
}

fn replace(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let (Some(whole), Some(part)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
    let Some(with) = text(context, 2)? else { return Ok(None) };
    if part.is_empty() {
        return Ok(Some(whole.into_owned()));
    }
    let places = memmem::find_iter(whole.as_bytes(), part.as_bytes()).count();
    let made = whole.len().saturating_add(places.saturating_mul(with.len()));
    spend(made)?;
    // As SQLite says of its own: nothing that is too large is made.
    match made > crate::sqlite::open::VALUE_BYTES_MAX as usize {
        true => Err(super::bad_value("a text is too large")),
        false => Ok(Some(whole.replace(&*part, &with))),
    }
}

/// The third argument of LIKE: one character.
fn escape(context: &Context<'_>) -> rusqlite::Result<Option<char>> {
    let Some(escape) = text(context, 2)? else { return Ok(None) };
    let mut characters = escape.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) => Ok(Some(one)),
        _ => Err(super::bad_value("what escapes in LIKE is one character")),
    }
}

/// `text LIKE pattern` is `like(pattern, text)`; letters of ASCII are the same in both cases.
fn like(context: &Context<'_>, escape: Option<char>) -> rusqlite::Result<Option<bool>> {
    tested(context, |pattern| like_tokens(pattern, escape), |a, b| a.eq_ignore_ascii_case(&b))
}

fn glob(context: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    tested(context, glob_tokens, |a, b| a == b)
}

fn tested(
    context: &Context<'_>,
    tokens: impl Fn(&str) -> Option<Vec<Token>>,
    same: fn(char, char) -> bool,
) -> rusqlite::Result<Option<bool>> {
    let (Some(pattern), Some(text)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(super::bad_value("a pattern is too long"));
    }
    match tokens(&pattern) {
        Some(tokens) => matches(&tokens, &text, same).map(Some),
        // A pattern that does not end matches nothing.
        None => Ok(Some(false)),
    }
}

fn like_tokens(pattern: &str, escape: Option<char>) -> Option<Vec<Token>> {
    let mut characters = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            _ if Some(character) == escape => Token::Character(characters.next()?),
            '%' => Token::Anything,
            '_' => Token::AnyCharacter,
            other => Token::Character(other),
        });
    }
    Some(tokens)
}

/// `*`, `?` and `[…]`, in which `^` first is not, `]` first is itself, and `-` between two is a range.
fn glob_tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut characters = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '*' => Token::Anything,
            '?' => Token::AnyCharacter,
            '[' => class(&mut characters)?,
            other => Token::Character(other),
        });
    }
    Some(tokens)
}

fn class(characters: &mut std::str::Chars<'_>) -> Option<Token> {
    let mut next = characters.next()?;
    let is_negated = next == '^';
    if is_negated {
        next = characters.next()?;
    }
    let mut ranges = Vec::new();
    let mut before = None;
    if next == ']' {
        ranges.push((']', ']'));
        next = characters.next()?;
    }
    while next != ']' {
        let after = characters.clone().next()?;
        match (next, before) {
            ('-', Some(from)) if after != ']' => {
                ranges.push((from, after));
                characters.next();
                before = None;
            }
            (one, _) => {
                ranges.push((one, one));
                before = Some(one);
            }
        }
        next = characters.next()?;
    }
    Some(Token::OneOf { ranges, is_negated })
}

/// Where a text is trimmed.
#[derive(Debug, Clone, Copy)]
enum Ends {
    Both,
    Start,
    End,
}

/// A text without the characters of another at its ends.
fn trim(context: &Context<'_>, ends: Ends) -> rusqlite::Result<Option<String>> {
    let (Some(whole), Some(of)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
    let of: HashSet<char> = of.chars().collect();
    let is_one = |c| of.contains(&c);
    let rest = match ends {
        Ends::Both => whole.trim_matches(is_one),
        Ends::Start => whole.trim_start_matches(is_one),
        Ends::End => whole.trim_end_matches(is_one),
    };
    Ok(Some(rest.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use rusqlite::types::Value;

    /// Ours answer as SQLite's do.
    #[test]
    fn they_answer_as_sqlite_does() {
        let (own, theirs) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
        super::register(&own).unwrap();
        let texts = [
            "NULL",
            "''",
            "'a'",
            "'abc'",
            "'ABC'",
            "'aXbXc'",
            "'ääbä'",
            "12",
            "1.5",
            "x'6162'",
            "'a%b_c'",
            "'[a]'",
            "'a-c'",
            "'a]'",
            "'  a '",
            "'a*b'",
            "'-'",
        ];
        let patterns = [
            "NULL",
            "''",
            "'%'",
            "'a%'",
            "'%C'",
            "'_b_'",
            "'*'",
            "'a*'",
            "'*c'",
            "'?b?'",
            "'[a-c]*'",
            "'[^a]*'",
            "'[]]'",
            "'a[]]'",
            "'[a-]'",
            "'[abc'",
            "'[^]a]'",
            "'X'",
            "'b'",
            "'ä'",
            "2",
            "x'62'",
            "'ac'",
            "' '",
            "'a-z'",
            "'[a-c-z]'",
            "'[-a]'",
        ];
        for text in texts {
            for pattern in patterns {
                for call in [
                    format!("instr({text}, {pattern})"),
                    format!("replace({text}, {pattern}, 'zz')"),
                    format!("{text} LIKE {pattern}"),
                    format!("{text} LIKE {pattern} ESCAPE 'a'"),
                    format!("{text} GLOB {pattern}"),
                    format!("trim({text}, {pattern})"),
                    format!("ltrim({text}, {pattern})"),
                    format!("rtrim({text}, {pattern})"),
                ] {
                    let of = |conn: &Connection| {
                        conn.query_row(&format!("SELECT {call}"), [], |row| row.get::<_, Value>(0)).unwrap()
                    };
                    assert_eq!(of(&own), of(&theirs), "{call}");
                }
            }
        }
    }
}
