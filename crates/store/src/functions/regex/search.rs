//! One compiled expression, and looking for it in a text.
//!
//! A text is gone through byte by byte, and a look at the limits is had every few of them: what a byte takes grows with the
//! expression, up to some microseconds where its states do not fit into the cache, and a text may have millions.

use super::{COMPILED_BYTES_MAX, Case, REGEX_DEPTH_MAX};
use crate::functions::bad_value;
use crate::functions::work::spend;
use regex_automata::Input;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures, pikevm::PikeVM};
use regex_automata::util::syntax;

/// What a byte of text is counted as: some hundred parts of an expression may be tried at it.
const UNITS_A_BYTE: usize = 64;
/// Bytes that are gone through between two counts.
const BYTES_COUNTED: usize = 64;
/// Bytes of text × states of an expression at the most, where nothing can interrupt: some tenths of a second.
const UNINTERRUPTED_MAX: usize = 1 << 26;

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Regex {
    nfa: NFA,
    dfa: DFA,
    cache: Cache,
}

impl Regex {
    /// `None` for a pattern that is not valid, or is too large when it is compiled.
    pub fn new(pattern: &str, case: Case) -> Option<Self> {
        let syntax =
            syntax::Config::new().case_insensitive(case == Case::Ignored).nest_limit(REGEX_DEPTH_MAX);
        let bounds = thompson::Config::new()
            .nfa_size_limit(Some(COMPILED_BYTES_MAX))
            .which_captures(WhichCaptures::None);
        let nfa = thompson::Compiler::new().syntax(syntax).configure(bounds).build(pattern).ok()?;
        let lazy = DFA::config()
            .cache_capacity(COMPILED_BYTES_MAX)
            .skip_cache_capacity_check(true)
            .unicode_word_boundary(true);
        let dfa = DFA::builder().configure(lazy).build_from_nfa(nfa.clone()).ok()?;
        let cache = dfa.create_cache();
        Some(Self { nfa, dfa, cache })
    }

    /// Whether it matches somewhere in a text.
    pub fn is_match(&mut self, text: &str) -> rusqlite::Result<bool> {
        match self.goes_through(text)? {
            Some(found) => Ok(found),
            None => self.matches_slowly(text),
        }
    }

    /// `None` where the automaton cannot tell: at a boundary of words beside letters that are not ASCII.
    fn goes_through(&mut self, text: &str) -> rusqlite::Result<Option<bool>> {
        let Self { dfa, cache, .. } = self;
        let Ok(mut state) = dfa.start_state_forward(cache, &Input::new(text)) else { return Ok(None) };
        for bytes in text.as_bytes().chunks(BYTES_COUNTED) {
            spend(bytes.len().saturating_mul(UNITS_A_BYTE))?;
            for byte in bytes {
                let Ok(next) = dfa.next_state(cache, state, *byte) else { return Ok(None) };
                state = next;
                if state.is_tagged() {
                    if state.is_match() || state.is_dead() {
                        return Ok(Some(state.is_match()));
                    }
                    if state.is_quit() {
                        return Ok(None);
                    }
                }
            }
        }
        Ok(dfa.next_eoi_state(cache, state).ok().map(|state| state.is_match()))
    }

    fn matches_slowly(&self, text: &str) -> rusqlite::Result<bool> {
        let steps = text.len().saturating_mul(self.nfa.states().len());
        if steps > UNINTERRUPTED_MAX {
            return Err(bad_value("a text is too long for a regular expression with boundaries of words"));
        }
        spend(steps)?;
        let vm = PikeVM::new_from_nfa(self.nfa.clone()).map_err(|_| super::not_valid())?;
        Ok(vm.is_match(&mut vm.create_cache(), text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::functions::{unwatch, watch};
    use std::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn it_answers_as_the_library_does() {
        let patterns = [
            "",
            "^$",
            "a",
            "^a",
            "a$",
            "^a$",
            "a|b",
            "[^a]",
            r"\bfoo\b",
            r"\Bo",
            r"\w+\d",
            "(?i)STRASSE",
            "é",
            ".",
            "^.$",
            r"\bé",
            "(?m)^b",
            "a*",
            r"\p{Greek}",
            "x{2,3}$",
            r"(?-u:\b)foo",
        ];
        let texts = [
            "",
            "a",
            "b",
            "ab",
            "foo",
            "a foo b",
            "éfoo",
            "foo é",
            "é",
            "straße STRASSE",
            "a\nb",
            "α1",
            "axxx",
            "xx\n",
        ];
        for pattern in patterns {
            for case in [Case::Sensitive, Case::Ignored] {
                let mut own = Regex::new(pattern, case).unwrap();
                let library = regex::RegexBuilder::new(pattern)
                    .case_insensitive(case == Case::Ignored)
                    .build()
                    .unwrap();
                for text in texts {
                    assert_eq!(own.is_match(text).unwrap(), library.is_match(text), "{pattern} {text:?}");
                }
            }
        }
    }

    /// The states of this one do not fit into any cache: each byte takes microseconds.
    #[test]
    fn a_long_search_is_interrupted() {
        let mut chance = 12_345_u64;
        let text: String = std::iter::repeat_with(|| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            if chance & 1 == 1 { '1' } else { '0' }
        })
        .take(1 << 20)
        .collect();
        let asked = Rc::new(Cell::new(0_u32));
        let looks = Rc::clone(&asked);
        watch(move |more| {
            looks.set(looks.get() + more);
            looks.get() >= 50
        });
        let outcome = Regex::new("1[01]{500}[^01]", Case::Sensitive).unwrap().is_match(&text);
        unwatch();
        assert!(outcome.is_err());
        assert!(asked.get() < 60, "{}", asked.get());
    }
}
