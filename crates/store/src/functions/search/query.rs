//! What a full-text query asks of the words of a text.

use super::super::bad_value;
use super::super::work::spend;
use super::words;
use rusqlite::Result;

/// Places in one text at the most, of any part of a query.
const SPANS_MAX: usize = 100_000;

/// What a byte of text is counted as: it is put into lower case, and words are looked for in it.
const UNITS_A_BYTE: usize = 8;

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Query {
    /// Something that stands at places in the text.
    At(Place),
    /// Both.
    And(Box<Query>, Box<Query>),
    /// One of them.
    Or(Box<Query>, Box<Query>),
    /// Not.
    Not(Box<Query>),
}

/// Something that stands at places in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A word.
    Word(String),
    /// Any word with this beginning.
    Prefix(String),
    /// One of them.
    Either(Box<Place>, Box<Place>),
    /// One, then so many words further the other.
    Then(Box<Place>, usize, Box<Place>),
}

/// The first and the last word of a place.
type Span = (usize, usize);

impl Query {
    /// Whether a text is what the query asks for.
    pub fn matches(&self, text: &str) -> Result<bool> {
        spend(text.len().saturating_mul(UNITS_A_BYTE))?;
        let lower = text.to_lowercase();
        let words: Vec<&str> = words(&lower).collect();
        self.holds(&words)
    }

    fn holds(&self, words: &[&str]) -> Result<bool> {
        Ok(match self {
            Query::At(place) => place.is_in(words)?,
            Query::And(left, right) => left.holds(words)? && right.holds(words)?,
            Query::Or(left, right) => left.holds(words)? || right.holds(words)?,
            Query::Not(of) => !of.holds(words)?,
        })
    }

    /// The query as a place, if it is one.
    pub fn place(self) -> Option<Place> {
        match self {
            Query::At(place) => Some(place),
            Query::Or(left, right) => Some(Place::Either(Box::new(left.place()?), Box::new(right.place()?))),
            Query::And(..) | Query::Not(_) => None,
        }
    }
}

impl Place {
    fn is_in(&self, words: &[&str]) -> Result<bool> {
        spend(words.len())?;
        Ok(match self {
            Place::Word(wanted) => words.iter().any(|word| word == wanted),
            Place::Prefix(wanted) => words.iter().any(|word| word.starts_with(wanted)),
            Place::Either(left, right) => left.is_in(words)? || right.is_in(words)?,
            Place::Then(..) => !self.spans(words)?.is_empty(),
        })
    }

    /// Where it stands, in order and each once.
    fn spans(&self, words: &[&str]) -> Result<Vec<Span>> {
        spend(words.len())?;
        let mut spans: Vec<Span> = match self {
            Place::Word(wanted) => single(words, |word| word == wanted),
            Place::Prefix(wanted) => single(words, |word| word.starts_with(wanted)),
            Place::Either(left, right) => [left.spans(words)?, right.spans(words)?].concat(),
            Place::Then(left, gap, right) => follow(&left.spans(words)?, *gap, &right.spans(words)?)?,
        };
        spend(spans.len())?;
        spans.sort_unstable();
        spans.dedup();
        Ok(spans)
    }
}

fn single(words: &[&str], test: impl Fn(&str) -> bool) -> Vec<Span> {
    (0..words.len()).filter(|at| test(words[*at])).map(|at| (at, at)).collect()
}

/// The spans of `left` that one of `right` follows at a distance; `right` is in order.
fn follow(left: &[Span], gap: usize, right: &[Span]) -> Result<Vec<Span>> {
    let after = |(first, last): &Span| {
        let wanted = last + gap;
        let from = right.partition_point(|(start, _)| *start < wanted);
        let first = *first;
        right[from..].iter().take_while(move |(start, _)| *start == wanted).map(move |(_, end)| (first, *end))
    };
    let spans: Vec<Span> = left.iter().flat_map(after).take(SPANS_MAX + 1).collect();
    if spans.len() > SPANS_MAX { Err(bad_value("a search finds too many places")) } else { Ok(spans) }
}
