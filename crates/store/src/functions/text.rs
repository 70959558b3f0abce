//! Tests of texts, exact and case sensitive unless they say otherwise.

use super::work::spend;
use super::{ENDS_WITH, LIKE, LIKE_IGNORING_CASE, SIZE, STARTS_WITH, bad_value, pure, text, texts};
use rusqlite::Connection;
use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use std::str::Chars;

/// Bytes of a LIKE pattern at the most: matching takes up to pattern × text steps.
const PATTERN_BYTES_MAX: usize = 1_000;
/// Steps of matching that are counted together.
const STEPS_COUNTED: usize = 1 << 12;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    pure(conn, LIKE, 2, |context| like(context, |a, b| a == b))?;
    pure(conn, LIKE_IGNORING_CASE, 2, |context| like(context, same_letter))?;
    pure(conn, STARTS_WITH, 2, |context| both(context, |text, with| text.starts_with(with)))?;
    pure(conn, ENDS_WITH, 2, |context| both(context, |text, with| text.ends_with(with)))?;
    pure(conn, SIZE, 1, size)
}

fn both(context: &Context<'_>, test: fn(&str, &str) -> bool) -> rusqlite::Result<Option<bool>> {
    Ok(texts(context)?.map(|(text, with)| test(text, with)))
}

/// Characters of a text, where SQL's `length` stops at a NUL; bytes of a blob.
fn size(context: &Context<'_>) -> rusqlite::Result<Option<i64>> {
    let size = match context.get_raw(0) {
        ValueRef::Blob(bytes) => Some(bytes.len()),
        _ => text(context, 0)?.map(|text| text.chars().count()),
    };
    Ok(size.and_then(|size| i64::try_from(size).ok()))
}

fn same_letter(a: char, b: char) -> bool {
    a == b || a.to_lowercase().eq(b.to_lowercase())
}

fn like(context: &Context<'_>, same: fn(char, char) -> bool) -> rusqlite::Result<Option<bool>> {
    let Some((text, pattern)) = texts(context)? else { return Ok(None) };
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(bad_value("a pattern is too long"));
    }
    let tokens = context.get_or_create_aux(1, |_| Ok::<_, rusqlite::Error>(tokens(pattern)))?;
    matches(&tokens, text, same).map(Some)
}

/// A part of a LIKE pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `%`.
    Anything,
    /// `_`.
    AnyCharacter,
    /// A character, perhaps after `\`.
    Character(char),
    /// A character of a class (GLOB).
    OneOf {
        /// From one character to another.
        ranges: Vec<(char, char)>,
        /// Whether it is one that is not in the class.
        is_negated: bool,
    },
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut characters = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(character) = characters.next() {
        tokens.push(match character {
            '%' => Token::Anything,
            '_' => Token::AnyCharacter,
            '\\' => Token::Character(characters.next().unwrap_or('\\')),
            other => Token::Character(other),
        });
    }
    tokens
}

/// Whether all of a text matches. Only the last `%` is ever tried again: what stood before it has been found
/// as early as it can be.
pub(super) fn matches(tokens: &[Token], text: &str, same: fn(char, char) -> bool) -> rusqlite::Result<bool> {
    let mut rest = text.chars();
    let mut at = 0;
    let mut again: Option<(usize, Chars<'_>)> = None;
    let mut steps = 0;
    loop {
        steps += 1;
        if steps >= STEPS_COUNTED {
            spend(std::mem::take(&mut steps))?;
        }
        let token = tokens.get(at);
        if token == Some(&Token::Anything) {
            at += 1;
            again = Some((at, rest.clone()));
            continue;
        }
        let fits = match (token, rest.next()) {
            (None, None) => return spend(steps).map(|()| true),
            (Some(_), None) => return spend(steps).map(|()| false),
            (None, Some(_)) => false,
            (Some(Token::Character(wanted)), Some(found)) => same(*wanted, found),
            (Some(Token::AnyCharacter | Token::Anything), Some(_)) => true,
            (Some(Token::OneOf { ranges, is_negated }), Some(found)) => {
                steps += ranges.len();
                ranges.iter().any(|(from, to)| (from..=to).contains(&&found)) != *is_negated
            }
        };
        match (fits, again.as_mut()) {
            (true, _) => at += 1,
            (false, None) => return spend(steps).map(|()| false),
            (false, Some((after, from))) => {
                from.next();
                (at, rest) = (*after, from.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_means_what_sql_says() {
        let cases = [
            ("", "", true),
            ("%", "", true),
            ("_", "", false),
            ("abc", "abc", true),
            ("abc", "ABC", false),
            ("a%", "abc", true),
            ("%c", "abc", true),
            ("%b%", "abc", true),
            ("a_c", "aéc", true),
            ("a_c", "ac", false),
            ("%ab%ab", "abxabab", true),
            ("%ab%ab", "abxaba", false),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("a\\_b", "a_b", true),
            ("a\\\\b", "a\\b", true),
            ("a\\", "a\\", true),
            ("%%", "x", true),
            ("a%b", "a\nb", true),
        ];
        for (pattern, text, wanted) in cases {
            assert_eq!(matches(&tokens(pattern), text, |a, b| a == b), Ok(wanted), "{pattern} {text}");
        }
        assert_eq!(matches(&tokens("ÄP%"), "äpfel", same_letter), Ok(true));
        assert_eq!(matches(&tokens("ÄP%"), "apfel", same_letter), Ok(false));
    }
}
