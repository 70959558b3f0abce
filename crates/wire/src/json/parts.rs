//! Walking JSON text without a tree: the items of an array, the members of an object, each as a slice of the
//! text.

use super::DEPTH_MAX;
use super::lexer::{Flaw, Lexer, Problem};

/// Checks that `text` is one JSON value.
pub(crate) fn check(text: &str) -> Result<(), Flaw> {
    let mut lexer = Lexer::new(text);
    skip(&mut lexer)?;
    lexer.end()
}

/// Which bracket a nested value is in: a stack of bits, because [`DEPTH_MAX`] of them fit into one integer.
#[derive(Default)]
struct Nesting {
    objects: u128,
    depth: usize,
}

const _: () = assert!(DEPTH_MAX <= u128::BITS as usize);

impl Nesting {
    fn push(&mut self, bracket: u8) -> Option<()> {
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(bracket == b'{');
        (self.depth <= DEPTH_MAX).then_some(())
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

/// Steps over one value of any depth up to [`DEPTH_MAX`], checking it, without recursion.
pub(crate) fn skip(lexer: &mut Lexer<'_>) -> Result<(), Flaw> {
    let mut nesting = Nesting::default();
    loop {
        match lexer.peek() {
            Some(bracket @ (b'{' | b'[')) => {
                nesting.push(bracket).ok_or(lexer.flaw(Problem::TooDeep))?;
                lexer.advance();
                if !lexer.eat(bracket + 2) {
                    key(lexer, &nesting)?;
                    continue;
                }
                nesting.pop();
            }
            first => leaf(lexer, first)?,
        }
        if !next(lexer, &mut nesting)? {
            return Ok(());
        }
    }
}

/// After a value: closes what ends here; whether another value follows.
fn next(lexer: &mut Lexer<'_>, nesting: &mut Nesting) -> Result<bool, Flaw> {
    while nesting.depth > 0 {
        if lexer.eat(b',') {
            key(lexer, nesting)?;
            return Ok(true);
        }
        let (bracket, problem) = match nesting.in_object() {
            true => (b'}', Problem::ExpectedCommaOrBrace),
            false => (b']', Problem::ExpectedCommaOrBracket),
        };
        if !lexer.eat(bracket) {
            return Err(lexer.flaw(problem));
        }
        nesting.pop();
    }
    Ok(false)
}

/// In an object, the key and its colon.
fn key(lexer: &mut Lexer<'_>, nesting: &Nesting) -> Result<(), Flaw> {
    if nesting.in_object() { member_key(lexer).map(drop) } else { Ok(()) }
}

/// A key and its colon; the key is still escaped.
pub(crate) fn member_key<'a>(lexer: &mut Lexer<'a>) -> Result<&'a str, Flaw> {
    if lexer.peek() != Some(b'"') {
        return Err(lexer.flaw(Problem::ExpectedKey));
    }
    let key = lexer.string()?;
    if !lexer.eat(b':') {
        return Err(lexer.flaw(Problem::ExpectedColon));
    }
    Ok(key)
}

fn leaf(lexer: &mut Lexer<'_>, first: Option<u8>) -> Result<(), Flaw> {
    match first {
        Some(b'"') => lexer.string().map(drop),
        Some(b'-' | b'0'..=b'9') => lexer.number().map(drop),
        Some(b'n') => lexer.word("null"),
        Some(b't') => lexer.word("true"),
        Some(b'f') => lexer.word("false"),
        _ => Err(lexer.flaw(Problem::ExpectedValue)),
    }
}

/// The items of a JSON array, one after another.
pub(crate) struct Items<'a> {
    lexer: Lexer<'a>,
    begun: bool,
}

impl<'a> Items<'a> {
    pub fn of(text: &'a str) -> Result<Self, Flaw> {
        let mut lexer = Lexer::new(text);
        if !lexer.eat(b'[') {
            return Err(lexer.flaw(Problem::ExpectedValue));
        }
        Ok(Self { lexer, begun: false })
    }

    /// The next item's text; `None` at the end of a text that holds nothing else.
    pub fn next(&mut self) -> Result<Option<&'a str>, Flaw> {
        if separator(&mut self.lexer, b']', &mut self.begun, Problem::ExpectedCommaOrBracket)? {
            return Ok(None);
        }
        value(&mut self.lexer).map(Some)
    }
}

/// The members of a JSON object, one after another.
pub(crate) struct Members<'a> {
    lexer: Lexer<'a>,
    begun: bool,
}

impl<'a> Members<'a> {
    pub fn of(text: &'a str) -> Result<Self, Flaw> {
        let mut lexer = Lexer::new(text);
        if !lexer.eat(b'{') {
            return Err(lexer.flaw(Problem::ExpectedValue));
        }
        Ok(Self { lexer, begun: false })
    }

    /// The next member's key, still escaped, and its value's text; `None` at the end of a text that holds
    /// nothing else.
    pub fn next(&mut self) -> Result<Option<(&'a str, &'a str)>, Flaw> {
        if separator(&mut self.lexer, b'}', &mut self.begun, Problem::ExpectedCommaOrBrace)? {
            return Ok(None);
        }
        let key = member_key(&mut self.lexer)?;
        Ok(Some((key, value(&mut self.lexer)?)))
    }
}

/// Before an item: the comma, unless it is the first; or the closing bracket with the end of the text.
fn separator(lexer: &mut Lexer<'_>, closing: u8, begun: &mut bool, problem: Problem) -> Result<bool, Flaw> {
    if lexer.eat(closing) {
        return lexer.end().map(|()| true);
    }
    if *begun && !lexer.eat(b',') {
        return Err(lexer.flaw(problem));
    }
    *begun = true;
    Ok(false)
}

fn value<'a>(lexer: &mut Lexer<'a>) -> Result<&'a str, Flaw> {
    lexer.peek();
    let start = lexer.at();
    skip(lexer)?;
    Ok(lexer.since(start))
}
