//! Reading JSON token by token, with exact places of what is wrong.

use super::escape::first_special;
use std::fmt;

/// What is wrong with a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text begins with a byte order mark (RFC 8259, section 8.1 forbids sending one).
    ByteOrderMark,
    /// A value should stand here.
    ExpectedValue,
    /// A key in quotes should stand here.
    ExpectedKey,
    /// A colon should stand here.
    ExpectedColon,
    /// A comma or the end of the array should stand here.
    ExpectedCommaOrBracket,
    /// A comma or the end of the object should stand here.
    ExpectedCommaOrBrace,
    /// Something follows the value.
    TrailingData,
    /// A string has no end.
    UnterminatedString,
    /// A control character stands in a string as it is.
    ControlCharacter,
    /// An escape sequence that does not exist.
    BadEscape,
    /// Half of a surrogate pair.
    LoneSurrogate,
    /// A number that is not written as JSON writes numbers.
    BadNumber,
    /// A number of more bytes than the bound.
    NumberTooLong,
    /// A number beyond the range of a double.
    NumberTooLarge,
    /// The key was there before in the same object.
    DuplicateKey,
    /// Arrays and objects nest deeper than the bound.
    TooDeep,
    /// More values than the bound.
    TooManyValues,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Problem::NotUtf8 => "the text is not UTF-8",
            Problem::ByteOrderMark => "the text begins with a byte order mark, which JSON does not allow",
            Problem::ExpectedValue => "expected a value",
            Problem::ExpectedKey => "expected a key in double quotes",
            Problem::ExpectedColon => "expected a colon",
            Problem::ExpectedCommaOrBracket => "expected a comma or a closing bracket",
            Problem::ExpectedCommaOrBrace => "expected a comma or a closing brace",
            Problem::TrailingData => "something follows the value",
            Problem::UnterminatedString => "the string has no end",
            Problem::ControlCharacter => "a control character in a string must be escaped",
            Problem::BadEscape => "no such escape sequence",
            Problem::LoneSurrogate => "half of a surrogate pair",
            Problem::BadNumber => "not a number as JSON writes them",
            Problem::NumberTooLong => "the number has too many digits",
            Problem::NumberTooLarge => "the number is beyond the range of a double",
            Problem::DuplicateKey => "the key is in the object twice",
            Problem::TooDeep => "arrays and objects are nested too deep",
            Problem::TooManyValues => "too many values",
        })
    }
}

/// A problem and the byte where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub at: usize,
    pub problem: Problem,
}

/// A place in a JSON text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte it stands at.
    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// What stands between a byte and here.
    pub fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    pub fn flaw(&self, problem: Problem) -> Flaw {
        Flaw { at: self.at, problem }
    }

    /// The next byte that is not white space.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Steps over the byte that [`Lexer::peek`] showed.
    #[inline]
    pub fn advance(&mut self) {
        self.at += 1;
    }

    /// Steps over `byte`, after white space, if it is next.
    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Steps over `null`, `true` or `false`.
    pub fn word(&mut self, word: &str) -> Result<(), Flaw> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.flaw(Problem::ExpectedValue));
        }
        self.at += word.len();
        Ok(())
    }

    /// Nothing but white space follows.
    pub fn end(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.flaw(Problem::TrailingData)),
        }
    }

    /// A string, beginning at its opening quote: what stands between the quotes, still escaped but checked.
    #[inline]
    pub fn string(&mut self) -> Result<&'a str, Flaw> {
        let opening = self.at;
        self.at += 1;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let Some(length) = first_special(rest) else {
                return Err(Flaw { at: opening, problem: Problem::UnterminatedString });
            };
            self.at += length;
            match rest[length] {
                b'"' => {
                    self.at += 1;
                    return Ok(&self.text[opening + 1..self.at - 1]);
                }
                b'\\' => self.escape_sequence()?,
                _ => return Err(self.flaw(Problem::ControlCharacter)),
            }
        }
    }

    fn escape_sequence(&mut self) -> Result<(), Flaw> {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let (_, bytes) =
                    unicode(&self.text.as_bytes()[self.at..]).map_err(|problem| self.flaw(problem))?;
                self.at += bytes;
            }
            _ => return Err(self.flaw(Problem::BadEscape)),
        }
        Ok(())
    }

    /// A number, beginning at its sign or first digit, as written.
    #[inline]
    pub fn number(&mut self) -> Result<&'a str, Flaw> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits(start)?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits(start)?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits(start)?;
        }
        match self.byte() {
            Some(b'0'..=b'9') => Err(Flaw { at: start, problem: Problem::BadNumber }),
            _ => Ok(self.since(start)),
        }
    }

    /// At least one digit of the number that began at `start`.
    #[inline]
    fn digits(&mut self, start: usize) -> Result<(), Flaw> {
        let first = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at == first { Err(Flaw { at: start, problem: Problem::BadNumber }) } else { Ok(()) }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// The character of a `\uXXXX` sequence or a pair of them, and how many bytes it took.
fn unicode(bytes: &[u8]) -> Result<(char, usize), Problem> {
    let first = code_unit(bytes).ok_or(Problem::BadEscape)?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, 6));
    }
    let second = bytes.get(6..).and_then(code_unit).ok_or(Problem::LoneSurrogate)?;
    let pair = [first as u16, second as u16];
    match char::decode_utf16(pair).next() {
        Some(Ok(character)) => Ok((character, 12)),
        _ => Err(Problem::LoneSurrogate),
    }
}

/// The 16 bits of a `\uXXXX` sequence.
fn code_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// Appends what a string that [`Lexer::string`] returned stands for.
pub(crate) fn unescape(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (character, bytes) = escaped_character(&rest.as_bytes()[at..]);
        out.push(character);
        rest = &rest[at + bytes..];
    }
    out.push_str(rest);
}

fn escaped_character(bytes: &[u8]) -> (char, usize) {
    match bytes.get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => unicode(bytes).expect("the lexer checked the escape"),
        Some(other) => (char::from(*other), 2),
        None => unreachable!("the lexer checked the escape"),
    }
}
