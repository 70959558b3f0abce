//! Intentions: what to read and to write, with no SQL text and no protocol.
//!
//! An intention holds no values, only positions of parameters, so the same request by another caller compiles
//! to the same plan, and plans are cached by the intention itself (`Eq + Hash`).

use contract::rule::Held;
use contract::{Arithmetic, Compare, FieldId, Quantifier, ResourceId};

/// The position of a parameter in the list given when a plan runs. Values are [`wire::Value`] scalars in
/// stored form (decimal units, RFC 3339 text, key text …); lists are JSON text.
pub type Param = u16;

/// Rows of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Select {
    /// Whose rows.
    pub from: ResourceId,
    /// What is wanted of each, in the order of the reply's shape.
    pub outputs: Vec<Output>,
    /// Which rows: the request's filter and the caller's residual rule.
    pub filter: Predicate,
    /// In which order; the key is added at the end unless it is there, so that pages are stable.
    pub order: Vec<Order>,
    /// At most this many.
    pub limit: Option<Param>,
    /// After leaving out this many.
    pub offset: Option<Param>,
    /// The rows are a page between cursors: whether there are more, and the cursors of the first and last, are part
    /// of the reply.
    pub edges: Option<Edges>,
}

/// How rows are a page between cursors.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edges {
    /// What a row's cursor is made of ([`Operand::Cursor`]).
    pub cursor: Operand,
    /// Which end of the rows the page is taken from.
    pub end: End,
}

/// An end of a list of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The first rows in the order.
    First,
    /// The last rows: they are read in the opposite of `order`, and answered in it.
    Last,
}

/// One thing wanted of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Output {
    /// A scalar.
    Value(Operand),
    /// The row that a to-one field points to. `select.filter` is the target's rule: where it does not hold
    /// the output is null, and with `inner` the parent row is left out.
    One {
        /// The to-one field.
        field: FieldId,
        /// What is wanted of it; order, limit and offset are not used.
        select: Box<Select>,
        /// Leave out parents without one.
        inner: bool,
    },
    /// The rows of a to-many field.
    Many {
        /// The to-many field.
        field: FieldId,
        /// Which and what of each.
        select: Box<Select>,
        /// Leave out parents without any.
        inner: bool,
    },
    /// Whether and how many rows a to-many field has.
    Count {
        /// The to-many field.
        field: FieldId,
        /// Which count.
        filter: Box<Predicate>,
    },
    /// The record that a to-one field points to, of which nothing is wanted but its key: that stands in the row itself.
    Reference {
        /// The key, or null.
        key: Operand,
        /// What is wanted, for a field of layout [`wire::Layout::One`].
        outputs: Vec<OfReference>,
    },
    /// The name of the row's type ([`wire::Shape::type_name`]); nothing is read for it.
    TypeName,
    /// More of the same row, as a record of its own: its outputs, for a field of layout [`wire::Layout::One`].
    Group(Vec<Output>),
}

/// What is wanted of a record that is only pointed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfReference {
    /// Its key.
    Key,
    /// The name of its type.
    TypeName,
}

/// Values over rows: of all of them, or of each group of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// Whose rows.
    pub from: ResourceId,
    /// What is wanted, in the order of the reply's shape.
    pub outputs: Vec<AggregateOutput>,
    /// Which rows count.
    pub filter: Predicate,
    /// At most this many groups, which are in the order of their keys, nulls last. Where one record is read
    /// ([`crate::Root::One`]), this and `offset` are not used.
    pub limit: Option<Param>,
    /// After leaving out this many.
    pub offset: Option<Param>,
}

/// One thing wanted of a group of rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AggregateOutput {
    /// A value that all rows of the group share. Where an aggregate has none there is one group: of all rows.
    Key(Operand),
    /// A value over the rows of the group.
    Measure(Measure),
    /// The name of the type.
    TypeName,
    /// More of the same group, as a record of its own.
    Group(Vec<AggregateOutput>),
}

/// A function over the rows of a group. Nulls do not take part; of no value it is null, a count is 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Measure {
    /// How many rows.
    Count,
    /// How many rows in which it is not null.
    CountOf(Operand),
    /// The sum. One that its type cannot hold is [`crate::Error::BadValue`].
    Sum(Operand),
    /// The average, a double; of a decimal with this many digits after the point, in whole units.
    Average {
        /// Of what.
        of: Operand,
        /// Digits after the point of a decimal, 0 for other numbers.
        scale: u8,
    },
    /// The least.
    Least(Operand),
    /// The greatest.
    Greatest(Operand),
}

/// One term of an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    /// By what.
    pub by: Operand,
    /// Which way.
    pub direction: Direction,
    /// Where nulls stand.
    pub nulls: Nulls,
}

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// Where nulls stand in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before everything.
    First,
    /// After everything.
    Last,
}

/// A scalar of the row in scope, or a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A value given when the plan runs.
    Param(Param),
    /// NULL.
    Null,
    /// true or false.
    Bool(bool),
    /// A column, possibly of a row reached through to-one fields; NULL when a hop is.
    Column(Column),
    /// The version of the row in scope 0.
    Version,
    /// These values as one opaque text from which they can be read again ([`crate::cursor`]).
    Cursor(Vec<Operand>),
    /// A part of a JSON value: the steps are parameters (text for a member, integer for an item).
    Json {
        /// The JSON value.
        of: Box<Operand>,
        /// The steps.
        path: Vec<Param>,
        /// As text rather than JSON (`->>`).
        as_text: bool,
    },
    /// A JSON value, or a list or object that is kept as JSON, as bytes that are equal where the values mean the same and
    /// in the order that PostgreSQL has for jsonb; NULL for what is not JSON.
    JsonOrder(Box<Operand>),
    /// A key as text, also where it is kept as an integer.
    KeyText(Box<Operand>),
    /// The operand where it is of this type, NULL elsewhere.
    Held(Held, Box<Operand>),
    /// The operand where the predicate holds, NULL elsewhere (a field that is hidden in some rows).
    Masked(Box<Predicate>, Box<Operand>),
    /// `if … then … else`; NULL when the condition is.
    If(Box<Predicate>, Box<Operand>, Box<Operand>),
    /// A predicate as a boolean.
    Test(Box<Predicate>),
    /// Arithmetic. Overflow and division by zero are NULL.
    Arithmetic(Arithmetic, Box<Operand>, Box<Operand>),
    /// Two texts, one after the other.
    Concat(Box<Operand>, Box<Operand>),
    /// ASCII letters in lower case.
    Lower(Box<Operand>),
    /// ASCII letters in upper case.
    Upper(Box<Operand>),
    /// Characters of a text, bytes of a blob, or items of a list column.
    Size(Box<Operand>),
    /// The number of rows of a to-many relation; NULL when a hop to it is.
    Count(Column),
}

/// A field of a record in scope, reached through to-one fields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// 0 is the innermost row in scope; [`Predicate::Related`] adds one around it.
    pub scope: u8,
    /// The resource of that row.
    pub resource: ResourceId,
    /// To-one fields to follow.
    pub hops: Vec<FieldId>,
    /// The field, of the last hop's target.
    pub field: FieldId,
}

/// A condition, with SQL's three values: NULL is not true, and stays NULL under negation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// Holds.
    True,
    /// Does not.
    False,
    /// Cannot be known (an error in a rule).
    Unknown,
    /// All hold.
    And(Vec<Predicate>),
    /// Some holds.
    Or(Vec<Predicate>),
    /// Does not hold.
    Not(Box<Predicate>),
    /// A comparison. [`Compare::Equal`] and [`Compare::NotEqual`] treat null as a value (`IS`), the others
    /// give NULL.
    Compare(Compare, Operand, Operand),
    /// A comparison with SQL's `=` and `<>`: NULL when a side is (the request grammar's `eq` and `neq`).
    SqlCompare(Compare, Operand, Operand),
    /// Is null.
    IsNull(Operand),
    /// A boolean operand is true; NULL when the operand is.
    IsTrue(Operand),
    /// Is among the items of a JSON array parameter, which are in stored form; NULL when it is null, or when
    /// it is not found and an item is, unless the list is empty. The items of a list that an [`Operand::JsonOrder`] is
    /// looked for in are texts of JSON values.
    InList(Operand, Param),
    /// Is among the items of a list that is kept as those of a column are (the column itself, or what it was before a
    /// change), null being an item like others; NULL when the list is null.
    InColumn {
        /// What is looked for.
        of: Operand,
        /// The list.
        list: Operand,
        /// Whose lists it is one of.
        column: Column,
    },
    /// Is among these.
    InOperands(Operand, Vec<Operand>),
    /// A text test with a parameter or operand on the right.
    Text(TextTest, Operand, Operand),
    /// A test of a JSON or list column against a JSON parameter.
    Json(JsonTest, Operand, Operand),
    /// Full-text search of a text.
    Search(SearchMode, Operand, Operand),
    /// Rows of a to-many relation satisfy a condition; inside it the related row is scope 0. A condition that
    /// is not known of a row is one that the row does not satisfy. NULL when a hop to the relation is.
    Related {
        /// Some, all, or exactly one of them.
        quantifier: Quantifier,
        /// The relation (`field` is to-many).
        over: Column,
        /// The condition.
        filter: Box<Predicate>,
    },
    /// The row in scope 0 is among those that the to-many `field` of the `parent` with this key has.
    RelatedTo {
        /// Whose relation.
        parent: ResourceId,
        /// The to-many field.
        field: FieldId,
        /// The parent's key.
        key: Param,
        /// The condition on the rows of a join that count; inside it such a row is scope 0.
        link: Box<Predicate>,
    },
    /// The row in scope 0 was reached through a join, and by a row of it that satisfies a condition; inside it that
    /// row is scope 0.
    Linked(Box<Predicate>),
    /// The row that a to-one field points to exists and satisfies a condition; inside it that row is scope 0.
    Reached {
        /// The to-one field, hops included.
        over: Column,
        /// The condition.
        filter: Box<Predicate>,
    },
}

/// A test of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextTest {
    /// SQL LIKE with `%`, `_` and `\`, case sensitive.
    Like,
    /// The same, ignoring case.
    LikeIgnoringCase,
    /// A regular expression matches somewhere (linear time).
    Matches,
    /// The same, ignoring case.
    MatchesIgnoringCase,
    /// Begins with.
    StartsWith,
    /// Ends with.
    EndsWith,
    /// Contains.
    Contains,
}

/// A test of a JSON value or list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonTest {
    /// The left contains the right (PostgreSQL's `@>`).
    Contains,
    /// The left is contained in the right (`<@`).
    ContainedIn,
    /// Two lists share an item (`&&`).
    Overlaps,
}

/// How a full-text query is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchMode {
    /// `to_tsquery`: `fat & (cat | rat) & !dog`, `<->`, `prefix:*`.
    Query,
    /// `plainto_tsquery`: all the words.
    Plain,
    /// `phraseto_tsquery`: the words one after another.
    Phrase,
    /// `websearch_to_tsquery`: words, "a phrase", or, -not.
    Web,
}

/// A field whose JSON value is patched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Merge {
    /// The field.
    pub field: FieldId,
    /// The patch, as JSON.
    pub patch: Param,
    /// The members that have to be there afterwards, as JSON: `true` for one that is required, `[true, {…}]` for one that is
    /// an object with such members itself, `[false, {…}]` where that may be missing.
    pub required: Param,
}

/// When the version of a row grows with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Growth {
    /// When a field really changes.
    WhenChanged,
    /// With every change. Where the caller cannot read what it sets, a version that stays would tell it that the value
    /// was there already.
    Always,
}

/// A change of rows in one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Write {
    /// A new row.
    Insert {
        /// Of which resource.
        resource: ResourceId,
        /// The fields that are set (the key among them unless the database makes it).
        set: Vec<(FieldId, Param)>,
        /// The rule for the new row.
        check: Predicate,
    },
    /// Some fields of one row.
    Update {
        /// Of which resource.
        resource: ResourceId,
        /// Which row: the request's key and conditions together with nothing of the rules.
        filter: Predicate,
        /// Which rows the caller can see at all: outside of it the row is not found.
        visible: Predicate,
        /// The rule before the change: outside of it the change is denied.
        before: Predicate,
        /// The fields that are set.
        set: Vec<(FieldId, Param)>,
        /// The fields whose JSON value is patched (RFC 7396).
        merges: Vec<Merge>,
        /// What the rule after the change needs of the row as it was, and the parameters that take it.
        kept: Vec<(Operand, Param)>,
        /// When the version grows.
        growth: Growth,
        /// The rule after it.
        after: Predicate,
        /// The version the caller saw, if it said so.
        version: Option<Param>,
    },
    /// Creates the row with this key, or sets these fields of it.
    Upsert {
        /// Of which resource.
        resource: ResourceId,
        /// The key.
        key: Param,
        /// The fields set when it is created (the key among them).
        insert: Vec<(FieldId, Param)>,
        /// The rule for a new row.
        create_check: Predicate,
        /// The fields set when it is there.
        update: Vec<(FieldId, Param)>,
        /// When the version of a row that is there grows.
        growth: Growth,
        /// Fields that are given and cannot change, each with the condition under which the row may be taken to have
        /// that value already: elsewhere the change is refused ([`crate::Unfit::Immutable`]).
        fixed: Vec<(FieldId, Predicate)>,
        /// Which rows the caller can see at all.
        visible: Predicate,
        /// The rule before the change.
        before: Predicate,
        /// What the rule after the change needs of the row as it was, and the parameters that take it.
        kept: Vec<(Operand, Param)>,
        /// The rule after it.
        after: Predicate,
        /// The version the caller saw, if it said so.
        version: Option<Param>,
    },
    /// Removes one row.
    Delete {
        /// Of which resource.
        resource: ResourceId,
        /// Which row.
        filter: Predicate,
        /// Which rows the caller can see at all.
        visible: Predicate,
        /// The rule: outside of it the delete is denied.
        before: Predicate,
        /// The version the caller saw, if it said so.
        version: Option<Param>,
    },
}
