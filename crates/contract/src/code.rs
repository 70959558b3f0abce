//! The codes of findings about a contract. They are stable: tools may match on them.

use std::fmt;

/// A code. Only this table makes them, so that it, and the reference that is compared with it, has them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(&'static str);

impl Code {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident),* $(,)?) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code(stringify!($name));)*

        /// Every code with what it means.
        pub const ALL: &[(Code, &str)] = &[$(($name, concat!($($doc),+))),*];
    };
}

codes! {
    /// A file could not be read, or a name of a file leads out of the folder.
    FILE,
    /// The text is not GraphQL.
    SYNTAX,
    /// There is more of something than a contract may have.
    TOO_MANY,
    /// Types, constants or required inputs nest too deep.
    TOO_DEEP,
    /// A rule of the GraphQL specification is broken.
    SCHEMA,
    /// A name is used for two things.
    DUPLICATE,
    /// A name is kept for Septet, GraphQL or the database.
    RESERVED,
    /// A name has letters or a form that it cannot have.
    BAD_NAME,
    /// There is no such type.
    UNKNOWN_TYPE,
    /// There is no such directive.
    UNKNOWN_DIRECTIVE,
    /// There is no such argument.
    UNKNOWN_ARGUMENT,
    /// There is no such field.
    UNKNOWN_FIELD,
    /// There is no such value.
    UNKNOWN_VALUE,
    /// There is no such channel.
    UNKNOWN_CHANNEL,
    /// No operation emits such an event.
    UNKNOWN_EVENT,
    /// An argument or a combination of arguments is missing.
    MISSING_ARGUMENT,
    /// Arguments or directives exclude each other.
    CONFLICT,
    /// A directive stands where it means nothing.
    MISPLACED,
    /// A value is not of the type or in the range that is asked for.
    BAD_VALUE,
    /// A type cannot be used in this place.
    BAD_TYPE,
    /// The contract has no `@contract`, or two.
    CONTRACT,
    /// A resource has no key `id: ID!`.
    KEY,
    /// A relation does not lead back.
    RELATION,
    /// `@login` does not name a unique field and a secret one.
    LOGIN,
    /// A `@secret` field where it would be shown or compared.
    SECRET,
    /// An operation has no binding, or more than one.
    BINDING,
    /// A result is not of the type that the binding answers.
    RESULT,
    /// An argument has no meaning for the binding.
    ARGUMENT,
    /// A `@create` leaves required fields unset.
    UNSET_FIELD,
    /// A path is malformed or names no argument.
    PATH,
    /// Two operations have the same place on a wire.
    ROUTE,
    /// A line of `numbers.lock` that cannot be read, or a number that is there twice.
    NUMBER,
    /// The contract and `numbers.lock` differ.
    DRIFT,
    /// Two things would have one name or number in gRPC.
    PROTO,
    /// SQL text that cannot be split into statements.
    SQL,
    /// An `-- expect:` comment is malformed or names no `@error`.
    EXPECT,
    /// A statement of `@sql` is not one that the database can run.
    INVALID_SQL,
    /// The tables cannot be made, so no `@sql` can be checked.
    INVALID_TABLES,
    /// A statement of `@sql` does what it may not: it touches tables of the server, or more than rows.
    SQL_NOT_ALLOWED,
    /// A statement of `@sql` names a table that is not there.
    UNKNOWN_TABLE,
    /// A statement of `@sql` names a column that is not there.
    UNKNOWN_COLUMN,
    /// A statement of `@sql` leaves out a column that must have a value.
    MISSING_VALUE,
    /// The last statement of `@sql` answers a `Decimal` with other digits than its field has.
    DECIMAL_UNITS,
    /// A statement of `@sql` calls a function that is not there.
    UNKNOWN_FUNCTION,
    /// A statement of `@sql` has a parameter that is no argument.
    UNKNOWN_PARAMETER,
    /// A comment in `@sql` names no `@error` of the operation.
    UNKNOWN_ERROR_CODE,
    /// The last statement of `@sql` has no rows, and the operation answers something.
    NO_RESULT,
    /// The operation's result is not of a type that `@sql` can answer.
    INVALID_RESULT,
    /// The last statement of `@sql` lacks a column that the result has.
    MISSING_RESULT_COLUMN,
    /// The last statement of `@sql` has columns that nobody is answered.
    UNUSED_COLUMNS,
    /// No statement of `@sql` uses the argument.
    UNUSED_ARGUMENT,
    /// A mistake in a rule or an expression.
    RULE,
    /// It can be written, and this version does not serve it yet.
    NOT_SERVED,
    /// Nobody can reach it: a resource, a channel or an operation without rules.
    CLOSED,
}
