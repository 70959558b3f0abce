//! Reading queries. A part without a word in it is left out, as PostgreSQL leaves out stop words.

use super::query::{Place, Query};
use super::{QUERY_DEPTH_MAX, words};
use std::iter::Peekable;
use std::str::CharIndices;

type Parsed = Result<Option<Query>, &'static str>;

/// All the words.
pub(super) fn plain(text: &str) -> Parsed {
    let lower = text.to_lowercase();
    Ok(words(&lower).map(word).fold(None, |all, word| joined(all, Some(word), Query::And)))
}

/// The words one after another.
pub(super) fn phrase(text: &str) -> Parsed {
    Ok(adjacent(text).map(Query::At))
}

/// Words, "a phrase", or, -not.
pub(super) fn web(text: &str) -> Parsed {
    let (mut any, mut all) = (None, None);
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (negated, from) = match rest.strip_prefix('-') {
            Some(after) => (true, after),
            None => (false, rest),
        };
        let (term, after) = web_term(from);
        rest = after.trim_start();
        if !negated && term.eq_ignore_ascii_case("or") {
            any = joined(any, all.take(), Query::Or);
            continue;
        }
        let found = adjacent(term).map(Query::At);
        let found = if negated { found.map(|query| Query::Not(Box::new(query))) } else { found };
        all = joined(all, found, Query::And);
    }
    Ok(joined(any, all, Query::Or))
}

/// The first term of a text, and what comes after it. A quotation mark that is not closed is one at the end.
fn web_term(text: &str) -> (&str, &str) {
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    }
}

/// Two parts, either of which may have been left out.
fn joined(
    left: Option<Query>,
    right: Option<Query>,
    how: fn(Box<Query>, Box<Query>) -> Query,
) -> Option<Query> {
    match (left, right) {
        (Some(left), Some(right)) => Some(how(Box::new(left), Box::new(right))),
        (left, right) => left.or(right),
    }
}

fn word(word: &str) -> Query {
    Query::At(Place::Word(word.to_owned()))
}

/// The words of a text one after another.
fn adjacent(text: &str) -> Option<Place> {
    let lower = text.to_lowercase();
    let places = words(&lower).map(|word| Place::Word(word.to_owned()));
    places.reduce(|before, word| Place::Then(Box::new(before), 1, Box::new(word)))
}

/// `fat & (cat | rat) & !dog`, `a <-> b`, `a <2> b`, `prefix:*`, `'two words'`: `!` binds most, then `<->`,
/// `&`, `|`.
pub(super) fn operators(text: &str) -> Parsed {
    let mut parser = Operators { text, rest: text.char_indices().peekable(), depth: 0 };
    if parser.peek().is_none() {
        return Ok(None);
    }
    let query = parser.any()?;
    match parser.peek() {
        None => Ok(query),
        Some(_) => Err("a search query has something after its end"),
    }
}

struct Operators<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
    depth: u32,
}

impl Operators<'_> {
    /// The next character that is not white space, which stays.
    fn peek(&mut self) -> Option<char> {
        while self.rest.next_if(|(_, c)| c.is_whitespace()).is_some() {}
        self.rest.peek().map(|(_, c)| *c)
    }

    fn take(&mut self, wanted: char) -> bool {
        self.peek() == Some(wanted) && self.rest.next().is_some()
    }

    /// Characters while a test holds.
    fn while_some(&mut self, test: impl Fn(char) -> bool) -> &str {
        let start = self.at();
        while self.rest.next_if(|(_, c)| test(*c)).is_some() {}
        let end = self.at();
        &self.text[start..end]
    }

    fn at(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn any(&mut self) -> Parsed {
        let mut any = self.all()?;
        while self.take('|') {
            any = joined(any, self.all()?, Query::Or);
        }
        Ok(any)
    }

    fn all(&mut self) -> Parsed {
        let mut all = self.then()?;
        while self.take('&') {
            all = joined(all, self.then()?, Query::And);
        }
        Ok(all)
    }

    fn then(&mut self) -> Parsed {
        let mut first = self.not()?;
        while self.take('<') {
            let gap = self.gap()?;
            let next = self.not()?;
            first = match (first, next) {
                (Some(before), Some(after)) => Some(Query::At(followed(before, gap, after)?)),
                (before, after) => before.or(after),
            };
        }
        Ok(first)
    }

    /// `->` or `2>`.
    fn gap(&mut self) -> Result<usize, &'static str> {
        let gap = match self.while_some(|c| c == '-' || c.is_ascii_digit()) {
            "-" => Some(1),
            number => number.parse::<u16>().ok().map(usize::from),
        };
        match gap {
            Some(gap) if self.take('>') => Ok(gap),
            _ => Err("a search query has a distance that is not one"),
        }
    }

    fn not(&mut self) -> Parsed {
        match self.take('!') {
            true => {
                let of = self.deeper(Self::not)?;
                Ok(of.map(|query| Query::Not(Box::new(query))))
            }
            false => self.primary(),
        }
    }

    fn primary(&mut self) -> Parsed {
        if self.take('(') {
            let query = self.deeper(Self::any)?;
            return if self.take(')') { Ok(query) } else { Err("a search query has an open parenthesis") };
        }
        if self.take('\'') {
            let words = adjacent(self.while_some(|c| c != '\''));
            return match self.rest.next() {
                Some(_) => self.labelled(words),
                None => Err("a search query has an open quotation"),
            };
        }
        let text = self.while_some(|c| !c.is_whitespace() && !"&|!()<>:'".contains(c));
        match text.is_empty() {
            true => Err("a search query lacks a word"),
            false => {
                let words = adjacent(text);
                self.labelled(words)
            }
        }
    }

    /// `:*` makes the last word a prefix; the letters of weights are read and mean nothing.
    fn labelled(&mut self, words: Option<Place>) -> Parsed {
        if self.rest.next_if(|(_, c)| *c == ':').is_none() {
            return Ok(words.map(Query::At));
        }
        let labels = self.while_some(|c| c == '*' || c.is_alphanumeric());
        if labels.is_empty() || !labels.chars().all(|c| "*ABCDabcd".contains(c)) {
            return Err("a search query has an unknown label");
        }
        let prefix = labels.contains('*');
        Ok(words.map(|words| Query::At(if prefix { prefixed(words) } else { words })))
    }

    fn deeper(&mut self, what: fn(&mut Self) -> Parsed) -> Parsed {
        if self.depth == QUERY_DEPTH_MAX {
            return Err("a search query is too deep");
        }
        self.depth += 1;
        let parsed = what(self);
        self.depth -= 1;
        parsed
    }
}

fn followed(before: Query, gap: usize, after: Query) -> Result<Place, &'static str> {
    match (before.place(), after.place()) {
        (Some(before), Some(after)) => Ok(Place::Then(Box::new(before), gap, Box::new(after))),
        _ => Err("a search query has & or ! inside <->"),
    }
}

fn prefixed(place: Place) -> Place {
    match place {
        Place::Word(word) => Place::Prefix(word),
        Place::Then(before, gap, last) => Place::Then(before, gap, Box::new(prefixed(*last))),
        other @ (Place::Prefix(_) | Place::Either(..)) => other,
    }
}
