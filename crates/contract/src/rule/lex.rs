//! Text to tokens.

use super::compile::Errors;
use super::syntax::Place;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'s> {
    Name(&'s str),
    /// The digits' value; a sign is a token of its own.
    Int(u64),
    Double(&'s str),
    Text(String),
    True,
    False,
    Null,
    /// Punctuation, operators and `in`.
    Symbol(&'static str),
    /// Something that has been reported already.
    Bad,
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 24] = [
    "<=", ">=", "==", "!=", "&&", "||", "(", ")", "[", "]", "{", "}", ".", ",", "?", ":", "!", "-", "+", "*",
    "/", "%", "<", ">",
];

/// What people write who are used to other languages, what it is here, and the symbol it is read as.
const SLIPS: [(&str, &str, &str); 8] = [
    ("===", "==", "=="),
    ("!==", "!=", "!="),
    ("<>", "!=", "!="),
    ("=>", ">=", ">="),
    ("=<", "<=", "<="),
    ("=", "==", "=="),
    ("&", "&&", "&&"),
    ("|", "||", "||"),
];

/// Words that CEL keeps for languages it is embedded in.
pub(super) const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// All tokens of `source` with their places, [`Token::End`] last. What cannot be read is reported and is
/// [`Token::Bad`].
pub(super) fn lex<'s>(source: &'s str, errors: &mut Errors) -> Vec<(Token<'s>, Place)> {
    let mut lexer = Lexer { source, at: 0, errors };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let token = lexer.token();
        let end = token == Token::End;
        tokens.push((token, Place { start, end: lexer.at }));
        if end {
            return tokens;
        }
    }
}

struct Lexer<'s, 'e> {
    source: &'s str,
    at: usize,
    errors: &'e mut Errors,
}

impl<'s> Lexer<'s, '_> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|c| c != '\n');
        }
    }

    fn token(&mut self) -> Token<'s> {
        let rest = self.rest();
        let mut ahead = rest.chars();
        match ahead.next() {
            None => Token::End,
            Some('0'..='9') => self.number(),
            Some('.') if ahead.next().is_some_and(|c| c.is_ascii_digit()) => self.number(),
            Some('"' | '\'') => self.text(Escapes::Read),
            Some('a'..='z' | 'A'..='Z' | '_') => self.word(),
            Some(_) => self.symbol(),
        }
    }

    fn word(&mut self) -> Token<'s> {
        let start = self.at;
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        let quoted = self.rest().starts_with(['"', '\'']);
        match word {
            "r" | "R" if quoted => self.text(Escapes::Keep),
            "b" | "B" | "br" | "bR" | "Br" | "BR" | "rb" | "rB" | "Rb" | "RB" if quoted => {
                let escapes = if word.len() == 1 { Escapes::Read } else { Escapes::Keep };
                self.text(escapes);
                self.bad(start, "bytes are not part of the rule language", "leave the `b` out to write text")
            }
            "true" => Token::True,
            "false" => Token::False,
            "null" => Token::Null,
            "in" => Token::Symbol("in"),
            word => Token::Name(word),
        }
    }

    fn symbol(&mut self) -> Token<'s> {
        let start = self.at;
        let slip = SLIPS.iter().find(|(text, ..)| self.rest().starts_with(text));
        let symbol = SYMBOLS.into_iter().find(|symbol| self.rest().starts_with(symbol));
        match (slip, symbol) {
            (Some((text, write, read)), symbol) if symbol.is_none_or(|s| s.len() < text.len()) => {
                self.at += text.len();
                self.errors
                    .add(Place { start, end: self.at }, format!("`{text}` is not an operator"))
                    .help(format!("write `{write}`"));
                Token::Symbol(read)
            }
            (_, Some(symbol)) => {
                self.at += symbol.len();
                Token::Symbol(symbol)
            }
            (_, None) => self.stray(),
        }
    }

    fn stray(&mut self) -> Token<'s> {
        let start = self.at;
        let found = self.rest().chars().next().unwrap_or(' ');
        self.at += found.len_utf8();
        match found {
            '`' => {
                self.take_while(|c| c != '`');
                self.at += usize::from(self.rest().starts_with('`'));
                self.bad(start, "names in backticks are not part of the rule language", "write `[\"name\"]`")
            }
            '“' | '”' | '‘' | '’' => {
                self.take_while(|c| !matches!(c, '“' | '”' | '‘' | '’'));
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                self.bad(start, "typographic quotes do not begin a text", "write `\"` or `'`")
            }
            _ => self.bad(start, format!("unexpected character `{}`", found.escape_debug()), ""),
        }
    }

    fn bad(&mut self, start: usize, message: impl Into<String>, help: &str) -> Token<'s> {
        let error = self.errors.add(Place { start, end: self.at }, message);
        if !help.is_empty() {
            error.help(help);
        }
        Token::Bad
    }

    fn number(&mut self) -> Token<'s> {
        let start = self.at;
        let rest = self.rest();
        let token = if rest.starts_with("0x") || rest.starts_with("0X") {
            self.at += 2;
            let digits = self.take_while(|c| c.is_ascii_hexdigit());
            u64::from_str_radix(digits, 16).ok().map(Token::Int)
        } else {
            self.decimal_number()
        };
        match token {
            _ if self.rest().starts_with(['u', 'U']) => {
                self.take_while(|c| c.is_ascii_alphanumeric());
                self.bad(start, "unsigned integers are not part of the rule language", "leave the `u` out")
            }
            _ if self.rest().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') => {
                self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
                self.bad(start, "a number is followed by letters", "")
            }
            Some(token) => token,
            None => self.bad(start, "the number is too large", "integers have 64 bits"),
        }
    }

    /// `None` when the number does not fit.
    fn decimal_number(&mut self) -> Option<Token<'s>> {
        let start = self.at;
        self.take_while(|c| c.is_ascii_digit());
        let mut whole = true;
        let mut point = self.rest().chars();
        if point.next() == Some('.') && point.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
            whole = false;
        }
        let exponent = self.rest().strip_prefix(['e', 'E']).map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
        if exponent.is_some_and(|e| e.starts_with(|c: char| c.is_ascii_digit())) {
            self.at += self.rest().len() - exponent.map_or(0, str::len);
            self.take_while(|c| c.is_ascii_digit());
            whole = false;
        }
        let text = &self.source[start..self.at];
        if whole { text.parse().ok().map(Token::Int) } else { finite(text).map(|_| Token::Double(text)) }
    }

    /// A text from its opening quote on.
    fn text(&mut self, escapes: Escapes) -> Token<'s> {
        let start = self.at;
        let rest = self.rest();
        let triple = ["\"\"\"", "'''"].into_iter().find(|q| rest.starts_with(q));
        let quote = triple.unwrap_or(&rest[..1]);
        self.at += quote.len();
        let mut text = String::new();
        loop {
            if self.rest().starts_with(quote) {
                self.at += quote.len();
                return Token::Text(text);
            }
            match self.rest().chars().next() {
                None => return self.bad(start, "the text has no end", &format!("close it with `{quote}`")),
                Some('\n' | '\r') if triple.is_none() => {
                    return self.bad(
                        start,
                        "the text has no end on its line",
                        &format!("close it with `{quote}`"),
                    );
                }
                Some('\\') if escapes == Escapes::Read => text.extend(self.escape()),
                Some(c) => {
                    self.at += c.len_utf8();
                    text.push(c);
                }
            }
        }
    }

    /// The character that an escape sequence stands for; `None` when it is none, which is reported.
    fn escape(&mut self) -> Option<char> {
        let start = self.at;
        let letter = self.source[start + 1..].chars().next();
        self.at += 1 + letter.map_or(0, char::len_utf8);
        let simple = match letter? {
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            same @ ('\\' | '?' | '"' | '\'' | '`') => same,
            'x' | 'X' => return self.code(start, self.at, 2, 16),
            'u' => return self.code(start, self.at, 4, 16),
            'U' => return self.code(start, self.at, 8, 16),
            '0'..='3' => return self.code(start, start + 1, 3, 8),
            other => {
                let place = Place { start, end: self.at };
                self.errors
                    .add(place, format!("`\\{}` is not an escape sequence", other.escape_debug()))
                    .help("write `\\\\` for a backslash");
                return None;
            }
        };
        Some(simple)
    }

    /// The character with the code that is written in exactly `count` digits from byte `from` on.
    fn code(&mut self, start: usize, from: usize, count: usize, radix: u32) -> Option<char> {
        let digits =
            self.source.get(from..from + count).filter(|text| text.chars().all(|c| c.is_digit(radix)));
        let found = digits.and_then(|text| u32::from_str_radix(text, radix).ok()).and_then(char::from_u32);
        match found {
            Some(_) => self.at = from + count,
            None => {
                let place = Place { start, end: self.at };
                self.errors.add(
                    place,
                    format!("this escape sequence needs {count} digits that are a character's code"),
                );
            }
        }
        found
    }
}

/// The value of a number's text, when it is finite.
pub(super) fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// What a backslash means in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// It begins an escape sequence.
    Read,
    /// It is a character like any other.
    Keep,
}
