//! A place in a parameter's text.

use super::mistake::Mistake;

/// Reads a text from left to right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character, left in place.
    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads one character.
    pub(crate) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Reads `wanted` if it comes next.
    pub(crate) fn eat(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Reads as long as `wanted` holds of the next character and the text from it on.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(char, &str) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.char_indices().find(|(i, c)| !wanted(*c, &rest[*i..])).map_or(rest.len(), |(i, _)| i);
        self.at += end;
        &rest[..end]
    }

    /// Reads everything that is left.
    pub(crate) fn take_rest(&mut self) -> &'a str {
        let rest = self.rest();
        self.at = self.text.len();
        rest
    }

    pub(crate) fn skip_spaces(&mut self) {
        self.take_while(|c, _| c == ' ');
    }

    /// Reads `wanted` or says what stands there instead.
    pub(crate) fn expect(&mut self, wanted: &str) -> Result<(), Mistake> {
        if self.eat(wanted) { Ok(()) } else { Err(self.unexpected(&format!("`{wanted}`"))) }
    }

    /// Checks that everything has been read.
    pub(crate) fn expect_end(&self) -> Result<(), Mistake> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    /// A mistake at this place.
    pub(crate) fn mistake(&self, message: impl Into<String>) -> Mistake {
        Mistake::at(self.column(), message)
    }

    /// "expected …, found …" at this place.
    pub(crate) fn unexpected(&self, wanted: &str) -> Mistake {
        match self.peek() {
            Some(found) => self.mistake(format!("expected {wanted}, found `{}`", found.escape_debug())),
            None => self.mistake(format!("expected {wanted}, found the end")),
        }
    }

    /// The column of this place in characters, from 1.
    fn column(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }
}
