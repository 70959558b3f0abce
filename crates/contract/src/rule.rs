//! Rules: a subset of the Common Expression Language, parsed and typed at load, partially evaluated per call.

use crate::diagnostic::Span;
use crate::model::{FieldId, ResourceId, Scalar};

/// A checked rule or expression.
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
/// Errors are values here, as in CEL: `true || error` is true, `false && error` is false, and a rule that ends in an
/// error is a refusal. In SQL an error is `NULL`, whose three-valued logic is the same.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant, or a value that partial evaluation put in.
    Value(Value),
    /// A part of the caller. Gone after partial evaluation.
    Caller(CallerPart),
    /// The time of the call. Gone after partial evaluation.
    Now,
    /// An argument of the operation and the path inside it. Gone after partial evaluation.
    Argument(u16, Vec<String>),
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
    /// Arithmetic on numbers, `+` also on texts.
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    /// A function.
    Call(Function, Vec<Expr>),
    /// `relation.exists(x, …)`, `.all`, `.exists_one`, over a to-many relation. Inside the body the new record is
    /// scope 0 and all outer scopes move up by one.
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
    /// `size(relation)`.
    Count(FieldPath),
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
    /// To-one fields to follow, outermost first.
    pub hops: Vec<FieldId>,
    /// The field at the end, of the last hop's target.
    pub field: FieldId,
}

/// A constant in an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// null.
    Null,
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
    /// `caller.id`: text, or null when anonymous.
    Id,
    /// `caller.roles`: a list of texts.
    Roles,
    /// `caller.scopes`: a list of texts.
    Scopes,
    /// `caller.claims.a.b`: whatever the token says; an error when it is not there.
    Claim(Vec<String>),
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
impl Expr {
    /// tmp
    pub fn reduce(&self, _facts: &Facts<'_>) -> Reduced {
        unimplemented!()
    }
}
