//! Regular expressions in linear time.

use super::work::spend;
use super::{MATCHES, MATCHES_IGNORING_CASE, bad_value, pure, text};
use regex::{Regex, RegexBuilder};
use rusqlite::Connection;
use rusqlite::functions::Context;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of an expression at the most.
const REGEX_BYTES_MAX: usize = 1_000;
/// Bytes of a compiled expression, and of its lazily built automaton, at the most: matching takes up to compiled
/// expression × text steps, which nothing can interrupt.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// What a byte of text is counted as: some hundred parts of an expression may be tried at it.
const UNITS_A_BYTE: usize = 64;
/// Levels of an expression at the most.
const REGEX_DEPTH_MAX: u32 = 50;
/// Compiled expressions that a connection keeps.
const KEPT_MAX: usize = 16;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let same = kept.clone();
    pure(conn, MATCHES, 2, move |context| matches(context, &kept, Case::Sensitive))?;
    pure(conn, MATCHES_IGNORING_CASE, 2, move |context| matches(context, &same, Case::Ignored))
}

fn matches(context: &Context<'_>, kept: &Mutex<Kept>, case: Case) -> rusqlite::Result<Option<bool>> {
    let (Some(text), Some(pattern)) = (text(context, 0), text(context, 1)) else { return Ok(None) };
    // The lock is never waited for: a connection is used by one thread at a time.
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = kept.get(pattern, case)?;
    spend(text.len().saturating_mul(UNITS_A_BYTE))?;
    Ok(Some(regex.is_match(text)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Sensitive,
    Ignored,
}

/// The expressions of a connection that were used last, the latest first.
#[derive(Debug, Default)]
struct Kept(Vec<(Box<str>, Case, Regex)>);

impl Kept {
    fn get(&mut self, pattern: &str, case: Case) -> rusqlite::Result<&Regex> {
        match self.0.iter().position(|(kept, of, _)| **kept == *pattern && *of == case) {
            Some(0) => {}
            Some(at) => self.0[..=at].rotate_right(1),
            None => {
                let regex = compiled(pattern, case)?;
                self.0.truncate(KEPT_MAX - 1);
                self.0.insert(0, (pattern.into(), case, regex));
            }
        }
        Ok(&self.0[0].2)
    }
}

/// Whether a pattern is a regular expression within the bounds that the store can match.
pub fn is_regex(pattern: &str) -> bool {
    compiled(pattern, Case::Sensitive).is_ok()
}

fn compiled(pattern: &str, case: Case) -> rusqlite::Result<Regex> {
    if pattern.len() > REGEX_BYTES_MAX {
        return Err(bad_value("a regular expression is too long"));
    }
    RegexBuilder::new(pattern)
        .case_insensitive(case == Case::Ignored)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .nest_limit(REGEX_DEPTH_MAX)
        .build()
        .map_err(|_| bad_value("a regular expression is not valid"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_latest_expressions_are_kept() {
        let mut kept = Kept::default();
        for number in 0..2 * KEPT_MAX {
            kept.get(&format!("^{number}$"), Case::Sensitive).unwrap();
            assert!(kept.get("^first$", Case::Sensitive).unwrap().is_match("first"));
        }
        assert_eq!(kept.0.len(), KEPT_MAX);
        assert!(kept.get("^FIRST$", Case::Ignored).unwrap().is_match("first"));
        assert!(!kept.get("^FIRST$", Case::Sensitive).unwrap().is_match("first"));
    }

    #[test]
    fn an_expression_is_bounded() {
        for pattern in ["(", "(?:a{1000}){1000}", &"(".repeat(60), &"a".repeat(REGEX_BYTES_MAX + 1)] {
            assert!(compiled(pattern, Case::Sensitive).is_err(), "{pattern}");
        }
    }
}
