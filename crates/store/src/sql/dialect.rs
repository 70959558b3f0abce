//! What differs between the databases.

use crate::query::{Direction, Nulls};
use contract::Compare;

/// The databases whose SQL is spoken. PostgreSQL joins this set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite 3.
    Sqlite,
}

impl Dialect {
    /// An identifier, whatever is in it.
    pub fn quoted(self, name: &str) -> String {
        match self {
            Dialect::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A text that is written out: only of names in the contract.
    pub fn literal(self, text: &str) -> String {
        match self {
            Dialect::Sqlite => format!("'{}'", text.replace('\'', "''")),
        }
    }

    /// A value as text.
    pub fn text(self, value: &str) -> String {
        match self {
            Dialect::Sqlite => format!("CAST({value} AS TEXT)"),
        }
    }

    /// The parameter at a position, from 1.
    pub fn parameter(self, position: usize) -> String {
        match self {
            Dialect::Sqlite => format!("?{position}"),
        }
    }

    /// A truth value. In SQLite it is an integer: `x IS TRUE` would be a test that no index helps with.
    pub fn boolean(self, value: bool) -> &'static str {
        match (self, value) {
            (Dialect::Sqlite, true) => "1",
            (Dialect::Sqlite, false) => "0",
        }
    }

    /// A comparison for which null is a value.
    pub fn null_safe(self, compare: Compare) -> &'static str {
        match (self, compare) {
            (Dialect::Sqlite, Compare::Equal) => "IS",
            (Dialect::Sqlite, Compare::NotEqual) => "IS NOT",
            (Dialect::Sqlite, _) => self.compare(compare),
        }
    }

    /// A comparison that is null when a side is.
    pub fn compare(self, compare: Compare) -> &'static str {
        match compare {
            Compare::Equal => "=",
            Compare::NotEqual => "<>",
            Compare::Less => "<",
            Compare::LessOrEqual => "<=",
            Compare::Greater => ">",
            Compare::GreaterOrEqual => ">=",
        }
    }

    /// Whether `value` is among what `item` says of each `value` of the JSON array `list`.
    pub fn in_list(self, value: &str, item: &str, list: &str) -> String {
        match self {
            Dialect::Sqlite => format!("{value} IN (SELECT {item} FROM json_each({list}))"),
        }
    }

    /// Whether the text in `column` begins with `prefix`, said as a range so that an index helps. No byte of
    /// UTF-8 is as great as FF, and texts compare byte by byte, so the range holds exactly the texts with
    /// this beginning.
    pub fn starts_with_range(self, column: &str, prefix: &str) -> String {
        match self {
            Dialect::Sqlite => {
                format!("({column} >= {prefix} AND {column} < ({prefix} || CAST(x'FF' AS TEXT)))")
            }
        }
    }

    /// The number of items of a JSON array.
    pub fn list_size(self, list: &str) -> String {
        match self {
            Dialect::Sqlite => format!("json_array_length({list})"),
        }
    }

    /// Which way a term of an order goes.
    pub fn direction(self, direction: Direction) -> &'static str {
        match direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        }
    }

    /// Where nulls stand, said only where it is not so anyway: for the database's own way any index is good.
    pub fn nulls(self, direction: Direction, nulls: Nulls) -> &'static str {
        match (self, direction, nulls) {
            (Dialect::Sqlite, Direction::Ascending, Nulls::First)
            | (Dialect::Sqlite, Direction::Descending, Nulls::Last) => "",
            (Dialect::Sqlite, Direction::Ascending, Nulls::Last) => " NULLS LAST",
            (Dialect::Sqlite, Direction::Descending, Nulls::First) => " NULLS FIRST",
        }
    }

    /// A truth value as ORDER BY takes it: SQLite simplifies `0 AND x` to 0, and a number by itself is the
    /// position of a column.
    pub fn not_a_position(self, truth: &str) -> String {
        match self {
            Dialect::Sqlite => format!("coalesce({truth}, NULL)"),
        }
    }

    /// Whether `text` contains `part`.
    pub fn contains(self, text: &str, part: &str) -> String {
        match self {
            Dialect::Sqlite => format!("(instr({text}, {part}) > 0)"),
        }
    }

    /// A row that is there for each row before it. SQLite takes CROSS for the word to come to the table after the one
    /// before it (<https://www.sqlite.org/optoverview.html>, "Manual Control Of Query Plans Using CROSS JOIN"): to begin
    /// with a table that is only looked up in would be to read all of it.
    pub fn join_present(self, table: &str, on: &str) -> String {
        match self {
            Dialect::Sqlite => format!(" CROSS JOIN {table} ON {on}"),
        }
    }

    /// One row more than a page has, which tells whether there are more.
    pub fn one_more(self, limit: &str) -> String {
        match self {
            Dialect::Sqlite => format!("{limit} + 1"),
        }
    }

    /// The end of a statement that answers some of the rows.
    pub fn page(self, limit: Option<&str>, offset: Option<&str>) -> String {
        match (self, limit, offset) {
            (_, None, None) => String::new(),
            (_, Some(limit), None) => format!(" LIMIT {limit}"),
            (_, Some(limit), Some(offset)) => format!(" LIMIT {limit} OFFSET {offset}"),
            (Dialect::Sqlite, None, Some(offset)) => format!(" LIMIT -1 OFFSET {offset}"),
        }
    }
}
