//! The operators of the grammar, listed once.

use super::mistake::{Mistake, shown};
use contract::Compare;
use engine::{JsonTest, Scalarwise, SearchMode, TestOperator, TextTest};

/// What an operator does with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// A comparison with one value.
    Compare(Compare),
    /// A pattern in which `*` stands for `%`.
    Like(TextTest),
    /// A regular expression.
    Match(TextTest),
    /// Membership of a list.
    In,
    /// null, true, false, unknown.
    Is,
    /// Inequality in which null is a value.
    Distinct,
    /// Full-text search.
    Search(SearchMode),
    /// A test of a JSON value or a list.
    Json(JsonTest),
    /// A test of ranges, which contracts do not have.
    Range,
}

/// Every operator by its name.
const OPERATORS: &[(&str, Operator)] = &[
    ("eq", Operator::Compare(Compare::Equal)),
    ("neq", Operator::Compare(Compare::NotEqual)),
    ("gt", Operator::Compare(Compare::Greater)),
    ("gte", Operator::Compare(Compare::GreaterOrEqual)),
    ("lt", Operator::Compare(Compare::Less)),
    ("lte", Operator::Compare(Compare::LessOrEqual)),
    ("like", Operator::Like(TextTest::Like)),
    ("ilike", Operator::Like(TextTest::LikeIgnoringCase)),
    ("match", Operator::Match(TextTest::Matches)),
    ("imatch", Operator::Match(TextTest::MatchesIgnoringCase)),
    ("in", Operator::In),
    ("is", Operator::Is),
    ("isdistinct", Operator::Distinct),
    ("fts", Operator::Search(SearchMode::Query)),
    ("plfts", Operator::Search(SearchMode::Plain)),
    ("phfts", Operator::Search(SearchMode::Phrase)),
    ("wfts", Operator::Search(SearchMode::Web)),
    ("cs", Operator::Json(JsonTest::Contains)),
    ("cd", Operator::Json(JsonTest::ContainedIn)),
    ("ov", Operator::Json(JsonTest::Overlaps)),
    ("sl", Operator::Range),
    ("sr", Operator::Range),
    ("nxr", Operator::Range),
    ("nxl", Operator::Range),
    ("adj", Operator::Range),
];

impl Operator {
    pub(crate) fn named(name: &str) -> Option<Self> {
        OPERATORS.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        OPERATORS.iter().map(|(name, _)| *name)
    }

    /// The operator as one that can be asked of several values, where it can.
    pub(crate) fn quantifiable(self) -> Option<TestOperator> {
        match self {
            Operator::Compare(Compare::NotEqual) => None,
            Operator::Compare(compare) => Some(TestOperator::Compare(compare)),
            Operator::Like(test) | Operator::Match(test) => Some(TestOperator::Text(test)),
            Operator::In
            | Operator::Is
            | Operator::Distinct
            | Operator::Search(_)
            | Operator::Json(_)
            | Operator::Range => None,
        }
    }
}

/// What stands in brackets after an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Modifier {
    /// `(any)` or `(all)`: the value is a list.
    Each(Scalarwise),
    /// A search's language. There is one, which stems nothing.
    Simple,
}

impl Modifier {
    /// Reads a modifier of this operator.
    pub(crate) fn of(operator: Operator, word: &str) -> Result<Self, Mistake> {
        match (operator, word) {
            (Operator::Search(_), "simple") => Ok(Modifier::Simple),
            (Operator::Search(_), other) => {
                Err(refused(other, "full-text search has one language, `simple`"))
            }
            (operator, "any") if operator.quantifiable().is_some() => Ok(Modifier::Each(Scalarwise::Any)),
            (operator, "all") if operator.quantifiable().is_some() => Ok(Modifier::Each(Scalarwise::All)),
            (operator, other) if operator.quantifiable().is_some() => {
                Err(refused(other, "expected `any` or `all`"))
            }
            (_, other) => Err(refused(other, "the operator has no modifiers")),
        }
    }
}

fn refused(word: &str, reason: &str) -> Mistake {
    Mistake::new("SYNTAX", format!("modifier `({})`: {reason}", shown(word)))
}
