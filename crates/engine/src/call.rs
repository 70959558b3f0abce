//! What somebody wants, in contract terms, and what they get.

use contract::{Cache, OperationId};
use std::net::IpAddr;
use std::time::Duration;
use wire::{Format, Value};

/// The words of the store's intentions that calls share, so that adapters need not know the store.
pub use store::{Direction, End, JsonTest, Nulls, PageEdges, SearchMode, TextTest};
pub use wire::{NullAt, PathPart};

/// What somebody wants. Untrusted; knows no protocol.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which operation.
    pub operation: OperationId,
    /// With what.
    pub input: Input,
    /// What of the result.
    pub selection: Selected,
    /// How the answer is to be written.
    pub format: Format,
    /// Who, from where, until when.
    pub context: Context,
}

/// What of a result is wanted.
#[derive(Debug, Clone)]
pub enum Selected {
    /// Everything readable that is not a relation; of a delete and a batch, nothing.
    Default,
    /// This.
    These(Selection),
    /// This, checked before ([`crate::Engine::prepare_selection`]).
    Prepared(std::sync::Arc<crate::Prepared>),
}

/// The circumstances of a call.
#[derive(Debug, Clone)]
pub struct Context {
    /// The protocol's name in metrics and logs, `rest`.
    pub protocol: &'static str,
    /// The id that ties log lines, faults and the peer's own records together.
    pub request_id: String,
    /// W3C `traceparent`, when a valid one came.
    pub traceparent: Option<String>,
    /// The address the call came from.
    pub peer: IpAddr,
    /// What the caller shows for itself.
    pub credentials: Credentials,
    /// The caller's idempotency key.
    pub idempotency_key: Option<String>,
    /// The caller does not wait longer than this.
    pub timeout: Option<Duration>,
    /// The version of the row that the caller saw (`If-Match`).
    pub version: Option<i64>,
    /// Bytes of the answer at the most, where that is less than of any: what is left of an answer that several calls
    /// make together.
    pub reply_bytes_max: Option<usize>,
}

/// What a caller shows for itself.
#[derive(Clone)]
pub enum Credentials {
    /// Nothing.
    None,
    /// A bearer token.
    Bearer(String),
    /// Something that is not a bearer token at all.
    Malformed,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Credentials::None => "None",
            Credentials::Bearer(_) => "Bearer(…)",
            Credentials::Malformed => "Malformed",
        })
    }
}

/// The input of a call.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The key of the row (get, update, upsert, delete) or of the parent (a nested collection).
    pub key: Option<String>,
    /// Field values (create, update, upsert), arguments (own operations): an object.
    pub data: Option<Value>,
    /// What an update does with JSON values and stored objects.
    pub change: Change,
    /// Which rows of a list.
    pub list: ListArgs,
    /// Whether the number of all rows is wanted beside a page of them.
    pub total: Total,
    /// Whether a list is a page between cursors.
    pub paging: Paging,
    /// Whether an aggregate is of all rows or of groups of them.
    pub grouping: Grouping,
}

/// What an update does with JSON values and stored objects that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Change {
    /// They take the place of what was there.
    #[default]
    Replace,
    /// Their members do, and those that are null are removed (RFC 7396).
    Merge,
}

/// Whether a list is a page between cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paging {
    /// Rows, and nothing more.
    #[default]
    Plain,
    /// The answer says whether there are more, and the cursors of the first and last row ([`Answer::edges`]).
    Cursors,
}

/// What an aggregate is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// Of all rows: one record. Its selection names no field by itself.
    #[default]
    Whole,
    /// Of each group of rows that agree in the fields the selection names: a list.
    ByFields,
}

/// Whether the number of all rows is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Total {
    /// No.
    #[default]
    Unwanted,
    /// Yes, counted.
    Exact,
}

/// What is wanted of a record. Names are untrusted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// In the order of the answer.
    pub items: Vec<Item>,
    /// What [`Item::TypeName`] answers, where it is not the name of the resource.
    pub type_name: Option<String>,
}

/// One thing wanted of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Everything readable that is not a relation (`*`).
    All,
    /// A field, or a part of a JSON field.
    Field {
        /// Its name.
        name: String,
        /// Another name in the answer.
        alias: Option<String>,
        /// Steps into a JSON value.
        json: JsonPath,
    },
    /// A relation with what is wanted of its rows.
    Relation {
        /// Its name.
        name: String,
        /// Another name in the answer.
        alias: Option<String>,
        /// What of its rows.
        selection: Selection,
        /// Which of its rows (to-many).
        list: ListArgs,
        /// Leave out records that have none.
        inner: bool,
        /// Write the fields of a to-one relation into the record itself.
        spread: bool,
    },
    /// The number of rows of a to-many relation.
    Count {
        /// Its name.
        name: String,
        /// Another name in the answer; `<name>Count` when none.
        alias: Option<String>,
        /// Which of them.
        filter: Option<Filter>,
    },
    /// The name of the record's type.
    TypeName {
        /// Its name in the answer.
        alias: String,
    },
    /// The version of the record.
    Version {
        /// Its name in the answer.
        alias: String,
    },
    /// The record's place in the order of its list, from which reading can go on ([`ListArgs::after`]).
    Cursor {
        /// Its name in the answer.
        alias: String,
    },
    /// A value over the rows of a group (aggregates only).
    Measure {
        /// Which.
        measure: Measure,
        /// Of which field; none for the number of rows.
        name: Option<String>,
        /// Its name in the answer.
        alias: String,
    },
    /// More of the same record, as a record of its own.
    Group {
        /// What.
        selection: Selection,
        /// Its name in the answer.
        alias: String,
        /// Its number in protocol buffers; 0 where the answer is not in them.
        number: u32,
    },
}

/// A function over the rows of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// How many rows, or in how many of them the field is not null.
    Count,
    /// The sum of a number or duration.
    Sum,
    /// The average of a number, a double.
    Average,
    /// The least value.
    Least,
    /// The greatest value.
    Greatest,
}

/// Steps into a JSON value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonPath {
    /// The steps; empty for the whole value.
    pub steps: Vec<JsonStep>,
    /// As text rather than JSON (`->>`).
    pub as_text: bool,
}

/// One step into a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonStep {
    /// A member of an object.
    Member(String),
    /// An item of an array; negative from the end.
    Index(i64),
}

/// Which rows of a list, in which order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListArgs {
    /// Which.
    pub filter: Option<Filter>,
    /// In which order.
    pub order: Vec<OrderTerm>,
    /// At most this many.
    pub limit: Option<u64>,
    /// After leaving out this many.
    pub offset: Option<u64>,
    /// Only rows that stand after this cursor. A cursor is of one order.
    pub after: Option<String>,
    /// Only rows that stand before this cursor.
    pub before: Option<String>,
    /// Which end of the rows `limit` takes them from: the first, unless this says the last.
    pub end: Option<End>,
}

/// One term of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderTerm {
    /// By what.
    pub path: Path,
    /// Greatest first.
    pub direction: store::Direction,
    /// Where nulls stand; `None`: last when ascending, first when descending, as in PostgreSQL.
    pub nulls: Option<store::Nulls>,
}

/// A field, possibly of a related record, possibly a part of a JSON value. Untrusted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Path {
    /// To-one relations to follow, then the field.
    pub names: Vec<String>,
    /// Steps into a JSON value.
    pub json: JsonPath,
}

/// A condition on a record. Untrusted.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All hold.
    And(Vec<Filter>),
    /// Some holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A test of a field.
    Test {
        /// The field.
        path: Path,
        /// The test.
        test: Test,
    },
    /// A condition on the rows of a relation.
    Related {
        /// The relation's name.
        name: String,
        /// On how many of its rows.
        quantifier: Related,
        /// The condition; `None` for "has one at all".
        filter: Option<Box<Filter>>,
    },
}

/// On how many rows of a relation a condition must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Related {
    /// At least one.
    Some,
    /// All (also when there are none).
    Every,
    /// None.
    None,
}

/// A test of a field. Texts that came from a query string are [`Value::Text`] whatever the field's type is: the engine
/// reads them by the field's type.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// A comparison with one value; null on either side is not a match.
    Compare(contract::Compare, Value),
    /// A comparison that holds for any or for all of several values (`eq(any).{1,2}`).
    Quantified(Scalarwise, Box<TestOperator>, Vec<Value>),
    /// A text test.
    Text(store::TextTest, Value),
    /// Among these.
    In(Vec<Value>),
    /// `is.null`.
    Is(Is),
    /// Differs, null being a value (`isdistinct`).
    Distinct(Value),
    /// Full-text search.
    Search(store::SearchMode, String),
    /// A test of a JSON value or a list; the value is JSON or `{a,b}`.
    Json(store::JsonTest, Value),
}

/// Any or all of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalarwise {
    /// Holds for one of them.
    Any,
    /// Holds for all of them.
    All,
}

/// A test that may be quantified over several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TestOperator {
    /// A comparison.
    Compare(contract::Compare),
    /// A text test.
    Text(store::TextTest),
}

/// What `is` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Is {
    /// Null.
    Null,
    /// Not null.
    NotNull,
    /// True.
    True,
    /// False.
    False,
    /// A boolean that is null.
    Unknown,
}

/// What a call gets.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The result in the format asked for; empty when the operation answers nothing.
    pub body: Vec<u8>,
    /// Rows in it.
    pub rows: u64,
    /// The number of all rows, when wanted.
    pub total: Option<u64>,
    /// How many rows were left out before it.
    pub offset: u64,
    /// Of a page between cursors.
    pub edges: Option<PageEdges>,
    /// What is null although the contract says it never is ([`Format::Graphql`] only).
    pub nulls: Vec<NullAt>,
    /// Units of the caller's budget that it took.
    pub cost: u32,
    /// Statements that were run: one for each list, once per record around it.
    pub statements: u32,
    /// Times that the store was asked: never more for more rows.
    pub round_trips: u32,
    /// The key of the row it is about.
    pub key: Option<String>,
    /// The version of that row.
    pub version: Option<i64>,
    /// A new row was made.
    pub created: bool,
    /// It is the answer of an earlier call with the same idempotency key.
    pub replayed: bool,
    /// How long it stays fresh.
    pub cache: Option<Cache>,
    /// What is left of the caller's budget.
    pub budget: Option<Budget>,
    /// What the body is held by: to be kept until it is sent.
    pub held: Option<std::sync::Arc<quota::Reservation>>,
}

/// The state of a caller's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Units in a full bucket.
    pub limit: u32,
    /// Units left.
    pub remaining: u32,
    /// Seconds until it is full again.
    pub reset_s: u32,
}
