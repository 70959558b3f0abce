//! What a field can be tested for: printed as the fields of filter inputs, and read by the same table.

use contract::{Arity, Base, Compare, EnumId, Field, Scalar, names};

/// One test of a field: a field of filter inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// Its name in filters, `likeAny`. No two have one.
    pub name: &'static str,
    /// What it asks.
    pub test: Test,
    /// Which filters have it.
    pub fits: Fits,
    /// What stands beside its name.
    pub takes: Takes,
    /// What it asks, in words.
    pub description: &'static str,
}

impl Operator {
    /// Its name in protocol buffers, `like_any`.
    pub fn proto_name(&self) -> String {
        names::snake(self.name)
    }

    /// Its number in protocol buffers: its place in the table, from 1.
    pub fn number(&self) -> u32 {
        let mut numbered = (1..).zip(OPERATORS);
        let found = numbered.find(|(_, operator)| operator.name == self.name);
        found.expect("each operator is in the table").0
    }
}

/// What an operator asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// A comparison; null on either side is no match.
    Compare(Compare),
    /// A test of a text.
    Text(TextTest),
    /// A test that holds for any or for all of several values.
    Quantified(Quantity, Quantifiable),
    /// Among these.
    In,
    /// Not among these.
    NotIn,
    /// Whether it is null: `false` asks for what is not.
    IsNull,
    /// Differs, null being a value.
    Distinct,
    /// Full-text search.
    Search(SearchMode),
    /// A test of a JSON value or of a list.
    Json(JsonTest),
    /// True; `false` asks for what is not true, null included.
    IsTrue,
    /// False; `false` asks for what is not false, null included.
    IsFalse,
    /// A test of a part of a JSON value.
    Part,
}

/// A test of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextTest {
    /// A pattern with `%` and `_`.
    Like,
    /// The same, ignoring case.
    LikeIgnoringCase,
    /// A regular expression matches somewhere.
    Matches,
    /// The same, ignoring case.
    MatchesIgnoringCase,
}

/// Any or all of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Holds for one of them.
    Any,
    /// Holds for all of them.
    All,
}

/// A test that can be made with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifiable {
    /// A comparison.
    Compare(Compare),
    /// A test of a text.
    Text(TextTest),
}

/// How a full-text query is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchMode {
    /// `fat & (cat | rat) & !dog`, as PostgreSQL's `to_tsquery`.
    Query,
    /// All the words.
    Plain,
    /// The words one after another.
    Phrase,
    /// Words, "a phrase", or, -not.
    Web,
}

/// A test of a JSON value or of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonTest {
    /// The field contains the value.
    Contains,
    /// The value contains the field.
    ContainedIn,
    /// The two share an item.
    Overlaps,
}

/// Which filters have an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fits {
    /// All.
    Every,
    /// Those of values with an order: all single ones but Boolean, JSON and Bytes.
    Ordered,
    /// Those of texts: String, ID, URL, Email and UUID.
    Texts,
    /// That of String.
    Strings,
    /// That of Boolean.
    Booleans,
    /// Those of lists, and that of JSON.
    Structured,
    /// Those of lists.
    Lists,
    /// That of JSON.
    Json,
}

/// What stands beside an operator's name, for a filter of values of type `T`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `T`.
    Value,
    /// `[T!]`.
    Values,
    /// `Boolean`.
    Boolean,
    /// `String`.
    Text,
    /// `[String!]`.
    Texts,
    /// The filter of a part of a JSON value ([`Compared::JsonPart`]).
    Part,
}

/// What a filter is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compared {
    /// A scalar; the scale of a decimal is of no account.
    Scalar(Scalar),
    /// A part of a JSON value, as text: it has `path` beside the operators of String.
    JsonPart,
    /// A stored list of scalars.
    ScalarList(Scalar),
    /// An enum.
    Enum(EnumId),
    /// A stored list of an enum's values.
    EnumList(EnumId),
}

impl Compared {
    fn fits(self, fits: Fits) -> bool {
        match self {
            Self::Scalar(scalar) => scalar_fits(scalar, fits),
            Self::JsonPart => scalar_fits(Scalar::String, fits),
            Self::Enum(_) => matches!(fits, Fits::Every | Fits::Ordered),
            Self::ScalarList(_) | Self::EnumList(_) => {
                matches!(fits, Fits::Every | Fits::Structured | Fits::Lists)
            }
        }
    }
}

fn scalar_fits(scalar: Scalar, fits: Fits) -> bool {
    match fits {
        Fits::Every => true,
        Fits::Ordered => is_ordered(scalar),
        Fits::Texts => is_text(scalar),
        Fits::Strings => scalar == Scalar::String,
        Fits::Booleans => scalar == Scalar::Boolean,
        Fits::Structured | Fits::Json => scalar == Scalar::Json,
        Fits::Lists => false,
    }
}

/// Whether one value of the scalar can be less than another.
pub(crate) fn is_ordered(scalar: Scalar) -> bool {
    !matches!(scalar, Scalar::Boolean | Scalar::Json | Scalar::Bytes)
}

fn is_text(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::String | Scalar::Id | Scalar::Url | Scalar::Email | Scalar::Uuid)
}

/// What the filter of a field is of; none for relations, which are filtered by their records. A stored object is
/// filtered as the JSON that it is kept as.
pub fn compared(field: &Field) -> Option<Compared> {
    match (field.ty.base, field.ty.arity) {
        (Base::Scalar(scalar), Arity::One) => Some(Compared::Scalar(unscaled(scalar))),
        (Base::Scalar(scalar), Arity::List { .. }) => Some(Compared::ScalarList(unscaled(scalar))),
        (Base::Enum(id), Arity::One) => Some(Compared::Enum(id)),
        (Base::Enum(id), Arity::List { .. }) => Some(Compared::EnumList(id)),
        (Base::Object(_), _) => Some(Compared::Scalar(Scalar::Json)),
        (Base::Resource(_) | Base::Input(_) | Base::Abstract(_), _) => None,
    }
}

/// The same scalar for all decimals.
pub(crate) fn unscaled(scalar: Scalar) -> Scalar {
    match scalar {
        Scalar::Decimal { .. } => Scalar::Decimal { scale: 0 },
        other => other,
    }
}

/// The operators of a filter, in the order in which they are printed.
pub fn operators(of: Compared) -> impl Iterator<Item = &'static Operator> {
    OPERATORS.iter().filter(move |operator| of.fits(operator.fits))
}

/// The operator of this name.
pub fn operator(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name)
}

const fn compare(name: &'static str, compare: Compare, description: &'static str) -> Operator {
    let fits = match compare {
        Compare::Equal | Compare::NotEqual => Fits::Every,
        Compare::Less | Compare::LessOrEqual | Compare::Greater | Compare::GreaterOrEqual => Fits::Ordered,
    };
    Operator { name, test: Test::Compare(compare), fits, takes: Takes::Value, description }
}

const fn compare_each(
    name: &'static str,
    quantity: Quantity,
    compare: Compare,
    description: &'static str,
) -> Operator {
    let test = Test::Quantified(quantity, Quantifiable::Compare(compare));
    Operator { name, test, fits: Fits::Ordered, takes: Takes::Values, description }
}

const fn text(name: &'static str, test: TextTest, description: &'static str) -> Operator {
    Operator { name, test: Test::Text(test), fits: Fits::Texts, takes: Takes::Text, description }
}

const fn text_each(
    name: &'static str,
    quantity: Quantity,
    test: TextTest,
    description: &'static str,
) -> Operator {
    let test = Test::Quantified(quantity, Quantifiable::Text(test));
    Operator { name, test, fits: Fits::Texts, takes: Takes::Texts, description }
}

const fn every(name: &'static str, test: Test, takes: Takes, description: &'static str) -> Operator {
    Operator { name, test, fits: Fits::Every, takes, description }
}

const fn search(name: &'static str, mode: SearchMode, description: &'static str) -> Operator {
    Operator { name, test: Test::Search(mode), fits: Fits::Strings, takes: Takes::Text, description }
}

const fn boolean(name: &'static str, test: Test, description: &'static str) -> Operator {
    Operator { name, test, fits: Fits::Booleans, takes: Takes::Boolean, description }
}

const fn json(name: &'static str, test: JsonTest, fits: Fits, description: &'static str) -> Operator {
    Operator { name, test: Test::Json(test), fits, takes: Takes::Value, description }
}

/// All operators, in the order in which they are printed. Their places are their numbers in protocol buffers: new ones
/// come last.
pub const OPERATORS: &[Operator] = &[
    compare("eq", Compare::Equal, "Equals. Null equals nothing."),
    compare("neq", Compare::NotEqual, "Differs. Null differs from nothing."),
    every("in", Test::In, Takes::Values, "Is one of these."),
    every("notIn", Test::NotIn, Takes::Values, "Is none of these."),
    every("isNull", Test::IsNull, Takes::Boolean, "Is null, or with `false` is not."),
    every("distinctFrom", Test::Distinct, Takes::Value, "Differs, null being a value like others."),
    compare("gt", Compare::Greater, "Is greater."),
    compare("gte", Compare::GreaterOrEqual, "Is greater or equal."),
    compare("lt", Compare::Less, "Is less."),
    compare("lte", Compare::LessOrEqual, "Is less or equal."),
    compare_each("eqAny", Quantity::Any, Compare::Equal, "Equals one of them."),
    compare_each("eqAll", Quantity::All, Compare::Equal, "Equals all of them."),
    compare_each("neqAny", Quantity::Any, Compare::NotEqual, "Differs from one of them."),
    compare_each("neqAll", Quantity::All, Compare::NotEqual, "Differs from all of them."),
    compare_each("gtAny", Quantity::Any, Compare::Greater, "Is greater than one of them."),
    compare_each("gtAll", Quantity::All, Compare::Greater, "Is greater than all of them."),
    compare_each("gteAny", Quantity::Any, Compare::GreaterOrEqual, "Is greater or equal to one of them."),
    compare_each("gteAll", Quantity::All, Compare::GreaterOrEqual, "Is greater or equal to all of them."),
    compare_each("ltAny", Quantity::Any, Compare::Less, "Is less than one of them."),
    compare_each("ltAll", Quantity::All, Compare::Less, "Is less than all of them."),
    compare_each("lteAny", Quantity::Any, Compare::LessOrEqual, "Is less or equal to one of them."),
    compare_each("lteAll", Quantity::All, Compare::LessOrEqual, "Is less or equal to all of them."),
    text("like", TextTest::Like, "Matches the pattern: `%` is any text, `_` any character."),
    text("ilike", TextTest::LikeIgnoringCase, "Matches the pattern, ignoring case."),
    text("matches", TextTest::Matches, "The regular expression matches somewhere (linear time)."),
    text("imatches", TextTest::MatchesIgnoringCase, "The regular expression matches, ignoring case."),
    text_each("likeAny", Quantity::Any, TextTest::Like, "Matches one of the patterns."),
    text_each("likeAll", Quantity::All, TextTest::Like, "Matches all of the patterns."),
    text_each("ilikeAny", Quantity::Any, TextTest::LikeIgnoringCase, "Matches one, ignoring case."),
    text_each("ilikeAll", Quantity::All, TextTest::LikeIgnoringCase, "Matches all, ignoring case."),
    text_each("matchesAny", Quantity::Any, TextTest::Matches, "One of the regular expressions matches."),
    text_each("matchesAll", Quantity::All, TextTest::Matches, "All of the regular expressions match."),
    text_each("imatchesAny", Quantity::Any, TextTest::MatchesIgnoringCase, "One matches, ignoring case."),
    text_each("imatchesAll", Quantity::All, TextTest::MatchesIgnoringCase, "All match, ignoring case."),
    search(
        "search",
        SearchMode::Query,
        "Full-text query: `fat & (cat | rat) & !dog`, `big <-> cat`, `ca:*`.",
    ),
    search("searchPlain", SearchMode::Plain, "Full text: has all the words."),
    search("searchPhrase", SearchMode::Phrase, "Full text: has the words one after another."),
    search("searchWeb", SearchMode::Web, "Full text, as in a web search: `cat or \"fat rat\" -dog`."),
    boolean("isTrue", Test::IsTrue, "Is true, or with `false` is not (false or null)."),
    boolean("isFalse", Test::IsFalse, "Is false, or with `false` is not (true or null)."),
    json("contains", JsonTest::Contains, Fits::Structured, "Contains all of this."),
    json("containedIn", JsonTest::ContainedIn, Fits::Structured, "Is contained in this."),
    json("overlaps", JsonTest::Overlaps, Fits::Lists, "Shares an item with this."),
    Operator {
        name: crate::graphql::names::AT,
        test: Test::Part,
        fits: Fits::Json,
        takes: Takes::Part,
        description: "A part of the value, as text.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (i, operator) in OPERATORS.iter().enumerate() {
            assert!(OPERATORS[i + 1..].iter().all(|other| other.name != operator.name), "{}", operator.name);
            let proto_name = operator.proto_name();
            assert!(OPERATORS[i + 1..].iter().all(|other| other.proto_name() != proto_name), "{proto_name}");
            assert_eq!(operator.number() as usize, i + 1);
        }
    }

    /// Numbers that clients have been built with.
    #[test]
    fn numbers_stay() {
        let known = ["eq", "not_in", "eq_any", "like", "search", "is_true", "contains", "at"];
        let of_name = |name: &str| OPERATORS.iter().find(|operator| operator.proto_name() == name);
        let numbers = known.map(|name| of_name(name).map(Operator::number));
        assert_eq!(numbers, [1, 4, 11, 23, 35, 39, 41, 44].map(Some));
        assert_eq!((OPERATORS.len(), of_name("notIn")), (44, None));
    }

    #[test]
    fn filters_have_what_fits() {
        let names = |of| operators(of).map(|o| o.name).collect::<Vec<_>>();
        assert_eq!(
            names(Compared::Scalar(Scalar::Boolean)),
            ["eq", "neq", "in", "notIn", "isNull", "distinctFrom", "isTrue", "isFalse"]
        );
        assert_eq!(
            names(Compared::ScalarList(Scalar::Int)),
            ["eq", "neq", "in", "notIn", "isNull", "distinctFrom", "contains", "containedIn", "overlaps"]
        );
        assert_eq!(names(Compared::Scalar(Scalar::Bytes)).len(), 6);
        assert_eq!(names(Compared::Scalar(Scalar::Json))[6..], ["contains", "containedIn", "at"]);
        assert_eq!(names(Compared::Scalar(Scalar::Date)).len(), 22);
        assert_eq!(names(Compared::Enum(EnumId(0))), names(Compared::Scalar(Scalar::Date)));
        assert_eq!(names(Compared::JsonPart), names(Compared::Scalar(Scalar::String)));
        assert_eq!(names(Compared::Scalar(Scalar::Email)).len(), 34);
        assert_eq!(names(Compared::Scalar(Scalar::String)).len(), 38);
    }
}
