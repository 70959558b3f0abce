//! Regular expressions in linear time.

mod search;
mod size;

use super::work::spend;
use super::{MATCHES, MATCHES_IGNORING_CASE, bad_value, pure, texts};
use rusqlite::Connection;
use rusqlite::functions::Context;
use search::Regex;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use size::regex_bytes;

/// Bytes of an expression at the most.
const REGEX_BYTES_MAX: usize = 1_000;
/// Bytes of a compiled expression, and of its lazily built automaton, at the most.
const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Bytes, as [`regex_bytes`] estimates them, of the different expressions of one call at the most. A connection keeps as
/// much, so that a statement compiles each of its expressions once.
pub const REGEXES_BYTES_MAX: usize = 8 << 20;
/// What a byte of a compiled expression is counted as when it is compiled.
const UNITS_A_COMPILED_BYTE: usize = 8;
/// Levels of an expression at the most.
const REGEX_DEPTH_MAX: u32 = 50;

pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let same = kept.clone();
    pure(conn, MATCHES, 2, move |context| matches(context, &kept, Case::Sensitive))?;
    pure(conn, MATCHES_IGNORING_CASE, 2, move |context| matches(context, &same, Case::Ignored))
}

fn matches(context: &Context<'_>, kept: &Mutex<Kept>, case: Case) -> rusqlite::Result<Option<bool>> {
    let Some((text, pattern)) = texts(context)? else { return Ok(None) };
    // The lock is never waited for: a connection is used by one thread at a time.
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.get(pattern, case)?.is_match(text).map(Some)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Sensitive,
    Ignored,
}

/// The expressions of a connection that were used last.
#[derive(Debug, Default)]
struct Kept {
    sensitive: HashMap<Box<str>, Entry>,
    ignoring: HashMap<Box<str>, Entry>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    regex: Regex,
    bytes: usize,
    /// The number of its last use.
    used: u64,
}

impl Kept {
    fn of(&mut self, case: Case) -> &mut HashMap<Box<str>, Entry> {
        match case {
            Case::Sensitive => &mut self.sensitive,
            Case::Ignored => &mut self.ignoring,
        }
    }

    fn get(&mut self, pattern: &str, case: Case) -> rusqlite::Result<&mut Regex> {
        self.uses += 1;
        let used = self.uses;
        if !self.of(case).contains_key(pattern) {
            let bytes = regex_bytes(pattern).ok_or_else(not_valid)?;
            spend(bytes.saturating_mul(UNITS_A_COMPILED_BYTE))?;
            let regex = Regex::new(pattern, case).ok_or_else(not_valid)?;
            self.make_room(bytes);
            self.bytes += bytes;
            self.of(case).insert(pattern.into(), Entry { regex, bytes, used });
        }
        let entry = self.of(case).get_mut(pattern).ok_or_else(not_valid)?;
        entry.used = used;
        Ok(&mut entry.regex)
    }

    /// Forgets those that have not been used for longest.
    fn make_room(&mut self, bytes: usize) {
        while self.bytes + bytes > REGEXES_BYTES_MAX {
            let oldest = |of: &HashMap<Box<str>, Entry>| {
                of.iter()
                    .min_by_key(|(_, entry)| entry.used)
                    .map(|(pattern, entry)| (entry.used, pattern.clone()))
            };
            let gone = match (oldest(&self.sensitive), oldest(&self.ignoring)) {
                (Some((one, _)), Some((other, pattern))) if other < one => self.ignoring.remove(&pattern),
                (Some((_, pattern)), _) => self.sensitive.remove(&pattern),
                (None, Some((_, pattern))) => self.ignoring.remove(&pattern),
                (None, None) => return,
            };
            self.bytes -= gone.map_or(0, |entry| entry.bytes);
        }
    }
}

fn not_valid() -> rusqlite::Error {
    bad_value("a regular expression is not valid")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::functions::work::counted;

    #[test]
    fn the_latest_expressions_are_kept() {
        let mut kept = Kept::default();
        for number in 0..1000 {
            kept.get(&format!("^{number}$"), Case::Sensitive).unwrap();
            assert!(kept.get("^first$", Case::Sensitive).unwrap().is_match("first").unwrap());
            assert!(kept.bytes <= REGEXES_BYTES_MAX);
        }
        assert!(kept.sensitive.len() > 50 && kept.sensitive.contains_key("^first$"));
        assert!(kept.get("^FIRST$", Case::Ignored).unwrap().is_match("first").unwrap());
        assert!(!kept.get("^FIRST$", Case::Sensitive).unwrap().is_match("first").unwrap());
    }

    /// All that one call may have are compiled once, however many rows there are, and compiling them is counted.
    #[test]
    fn the_expressions_of_a_statement_are_compiled_once() {
        let patterns: Vec<String> = (0..).map(|n| format!("\\w{{2}}{n}")).take(40).collect();
        assert!(patterns.iter().map(|p| regex_bytes(p).unwrap()).sum::<usize>() <= REGEXES_BYTES_MAX);
        let mut kept = Kept::default();
        let mut all = || patterns.iter().for_each(|p| assert!(kept.get(p, Case::Sensitive).is_ok()));
        assert!(counted(&mut all) > 1_000_000);
        assert_eq!(counted(&mut all), 0);
    }

    #[test]
    fn an_expression_is_bounded() {
        let classes = "\\w".repeat(400);
        for pattern in ["(", "(?:a{1000}){1000}", &"(".repeat(60), &"a".repeat(REGEX_BYTES_MAX + 1), &classes]
        {
            assert_eq!(regex_bytes(pattern), None, "{pattern}");
        }
    }
}
