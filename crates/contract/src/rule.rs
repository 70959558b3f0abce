//! Rules: a subset of the Common Expression Language, parsed and typed at load, partially evaluated per call.
//!
//! Text goes through `lex`, `parse`, `check` (names and types) and `normal` (the form that SQL can hold)
//! once, at load, in [`compile()`]. [`Expr::reduce`] puts a call's facts in, on every call.

mod check;
pub mod compile;
mod display;
mod evaluate;
mod functions;
#[doc(hidden)]
pub mod fuzz;
mod held;
mod kind;
mod lex;
mod names;
mod normal;
mod parse;
mod reduce;
#[doc(hidden)]
pub mod sample;
mod syntax;
mod time;
mod transition;
mod value;
mod walk;

pub(crate) use compile::{Awaited, Compiled, attempt};
pub use compile::{Expect, RuleError, Scope, States, compile};
pub use display::Named;
pub use held::Held;

use crate::diagnostic::Span;
use crate::model::{FieldId, ResourceId, Scalar};

/// A checked rule or expression. One that is not compiled yet has [`Expr::Error`] as its tree.
#[derive(Debug, Clone)]
pub struct Rule {
    /// As written, unescaped.
    pub source: String,
    /// The place of the text inside its string.
    pub span: Span,
    /// The typed, resolved tree.
    pub expr: Expr,
}

/// A typed expression: every name is resolved, every operator has operands it is defined for.
///
/// Errors are values here, as in CEL: `true || error` is true, `false && error` is false, and a rule that
/// ends in an error is a refusal. In SQL an error is `NULL`, whose three-valued logic is the same.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant, or a value that partial evaluation put in.
    Value(Value),
    /// A part of the caller. Gone after partial evaluation.
    Caller(CallerPart),
    /// The time of the call. Gone after partial evaluation.
    Now,
    /// An argument of the operation and the path inside it. Gone after partial evaluation.
    ///
    /// A member that is not there is null, and so is every step into null.
    Argument(u16, Vec<String>),
    /// A field of the channel message that is judged. Gone after partial evaluation; an error when
    /// [`Facts::message`] is `None`.
    Message(u16),
    /// The item of a list that an [`Expr::Each`] is at, 0 being the innermost, and the path inside it (steps
    /// as in an argument). Gone after partial evaluation.
    Item(u8, Vec<String>),
    /// A value of the call at the type of what it meets: null stays null, exact conversions are made (an
    /// integer to a decimal), anything else is an error. The list of an [`Expr::In`] is converted item by item. Gone after partial
    /// evaluation.
    As(ValueKind, Box<Expr>),
    /// A compiled regular expression, the second operand of [`Function::Matches`]. Partial evaluation leaves
    /// its text.
    Pattern(Pattern),
    /// A scalar, enum or to-one field of a record (a to-one field's value is the other row's key).
    Field(FieldPath),
    /// Negation.
    Not(Box<Expr>),
    /// All hold.
    And(Vec<Expr>),
    /// Some holds.
    Or(Vec<Expr>),
    /// A comparison. `==` and `!=` are defined for null, the others are errors on null.
    Compare(Compare, Box<Expr>, Box<Expr>),
    /// Membership of a value in a list.
    In(Box<Expr>, Box<Expr>),
    /// A list of values.
    List(Vec<Expr>),
    /// `condition ? a : b`.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Arithmetic on two numbers of one kind, or a decimal times an integer. On values of the call also `+`
    /// on texts, and times with durations; with the record in it, texts are joined by [`Function::Concat`].
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// A function.
    Call(Function, Vec<Expr>),
    /// `relation.exists(x, …)`, `.all`, `.exists_one`, over a to-many relation. Inside the body the new
    /// record is scope 0 and all outer scopes move up by one.
    Quantified {
        /// Which of the three.
        quantifier: Quantifier,
        /// The to-many relation: `field` is the relation field.
        over: FieldPath,
        /// The rows it ranges over.
        target: ResourceId,
        /// The condition on each.
        body: Box<Expr>,
    },
    /// `list.exists(x, …)`, `.all`, `.exists_one`, over a list of the call. Gone after partial evaluation:
    /// what depends on the record is written out once per item.
    Each {
        /// Which of the three.
        quantifier: Quantifier,
        /// The list; it does not depend on the record.
        list: Box<Expr>,
        /// The condition on each; [`Expr::Item`] 0 is the item.
        body: Box<Expr>,
    },
    /// `size(relation)`.
    Count(FieldPath),
    /// A computed value at the type that its field declares: what is none of it is an error. A null of the call stays
    /// one; of the record it is never null ([`Held::over`]).
    Held(Held, Box<Expr>),
    /// An expression whose evaluation failed (a missing claim, an overflow): unknown, never true.
    Error,
}

/// The path from a record to one of its fields through to-one relations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath {
    /// 0 is the innermost record in scope; each quantifier adds one around it.
    pub scope: u8,
    /// The resource of that record.
    pub resource: ResourceId,
    /// Which state of that record is meant.
    pub state: State,
    /// To-one fields to follow, outermost first.
    pub hops: Vec<FieldId>,
    /// The field at the end, of the last hop's target.
    pub field: FieldId,
}

/// Which state of a record a rule means. An `update` rule is asked of the record before and after the update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// `title`: the one that the rule is asked of.
    Asked,
    /// `old.title`: before the update.
    Old,
    /// `new.title`: after it.
    New,
}

/// A constant in an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// null.
    Null,
    /// The id of a caller who is not signed in: null, except that it equals nothing but the literal `null`. A record
    /// without an editor is not nobody's.
    Nobody,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// Text; also keys, enum values, dates and times in their stored form.
    Text(String),
    /// An exact decimal: units at a scale.
    Decimal {
        /// The value times ten to the scale.
        units: i64,
        /// Digits after the point.
        scale: u8,
    },
    /// A length of time in microseconds.
    Duration(i64),
    /// A list.
    List(Vec<Value>),
    /// A map with text keys (claims).
    Map(Vec<(String, Value)>),
}

/// A part of the caller that a rule names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerPart {
    /// `caller.id`: text, or [`Value::Nobody`] when anonymous.
    Id,
    /// `caller.roles`: a list of texts.
    Roles,
    /// `caller.scopes`: a list of texts.
    Scopes,
    /// `caller.claims.a.b`: whatever the token says; an error when it is not there.
    Claim(Vec<String>),
    /// `has(caller.claims.a.b)`: whether the token says anything there.
    HasClaim(Vec<String>),
}

/// The types a value of the call may be converted to, see [`Expr::As`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// A boolean.
    Bool,
    /// An integer.
    Int,
    /// A double, or an integer that is one exactly.
    Float,
    /// An integer or a double, as it is.
    Number,
    /// A number at this scale.
    Decimal {
        /// Digits after the point.
        scale: u8,
    },
    /// Text.
    Text,
    /// RFC 3339 text, brought to UTC with microseconds.
    Timestamp,
    /// Text `2026-11-22`.
    Date,
    /// Text `18:32:34`, brought to microseconds.
    Time,
    /// A length of time.
    Duration,
}

/// A regular expression with its compiled form.
#[derive(Debug, Clone)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// As written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`; division by zero is an error.
    Divide,
    /// `%`.
    Remainder,
}

/// A function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    /// `text.startsWith(prefix)`.
    StartsWith,
    /// `text.endsWith(suffix)`.
    EndsWith,
    /// `text.contains(part)`.
    Contains,
    /// `text.matches(regex)`; the regex is a constant, checked at load.
    Matches,
    /// `size(text)` in characters, `size(list)`.
    Size,
    /// `text.lowerAscii()`.
    LowerAscii,
    /// `text.upperAscii()`.
    UpperAscii,
    /// Two texts, one after the other: `+`.
    Concat,
    /// `timestamp(text)`, `timestamp(seconds)`. Gone after partial evaluation, like all conversions.
    Timestamp,
    /// `duration("1h30m")`.
    Duration,
    /// `int(value)`.
    Int,
    /// `double(value)`.
    Double,
    /// `string(value)`.
    String,
}

/// A quantifier over a to-many relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// Some row satisfies it.
    Exists,
    /// Every row satisfies it.
    All,
    /// Exactly one row satisfies it.
    ExistsOne,
}

/// What a rule may be partially evaluated with.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The caller's id; `None` when anonymous.
    pub caller_id: Option<&'a str>,
    /// The caller's roles.
    pub roles: &'a [String],
    /// The caller's scopes.
    pub scopes: &'a [String],
    /// All claims of the token.
    pub claims: &'a Value,
    /// The time of the call, RFC 3339 in UTC with microseconds.
    pub now: &'a str,
    /// The operation's arguments in order, empty for a resource's rules.
    pub arguments: &'a [Value],
    /// The fields of the channel message that is judged, in order; `None` where there is none.
    pub message: Option<&'a [Value]>,
}

/// A rule after partial evaluation.
#[derive(Debug, Clone, PartialEq)]
pub enum Reduced {
    /// It holds whatever the record.
    Always,
    /// It holds for no record.
    Never,
    /// It depends on the record: only [`Expr::Field`], quantifiers, counts and values are left.
    Depends(Expr),
}

/// How a scalar is compared in rules (texts with texts, numbers with numbers of the same kind, …).
pub fn comparable(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Id | Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email => "text",
        Scalar::Int | Scalar::Long => "int",
        Scalar::Float => "double",
        Scalar::Decimal { .. } => "decimal",
        Scalar::Boolean => "bool",
        Scalar::DateTime => "timestamp",
        Scalar::Date => "date",
        Scalar::Time => "time",
        Scalar::Duration => "duration",
        Scalar::Json => "json",
        Scalar::Bytes => "bytes",
    }
}
