//! What a file of cases says, whatever the protocol.

use serde_json::{Map, Value};
use std::path::PathBuf;

/// The caller without an identity, known to every file.
pub const NOBODY: &str = "nobody";

/// A file: a contract, its rows, who calls, and the cases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseFile {
    /// The file.
    pub path: PathBuf,
    /// The contract's folder, as it resolves from the file's.
    pub contract: PathBuf,
    /// Settings of its servers: variables and their values.
    pub settings: Vec<(String, String)>,
    /// Rows by resource; when there are any the contract's own sample rows are not loaded.
    pub seeds: Vec<Seed>,
    /// Who calls.
    pub callers: Vec<Caller>,
    /// What is tried.
    pub cases: Vec<Case>,
}

/// Rows of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Seed {
    /// The resource.
    pub resource: String,
    /// Its rows.
    pub rows: Vec<Value>,
}

/// Somebody who calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Caller {
    /// The name in the file.
    pub name: String,
    /// The token's subject; none for [`NOBODY`].
    pub sub: Option<String>,
    /// Its roles.
    pub roles: Vec<String>,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its other claims.
    pub claims: Map<String, Value>,
}

/// A case: steps one after the other on a database of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The line it begins on.
    pub line: usize,
    /// What it shows.
    pub name: String,
    /// What is done.
    pub steps: Vec<Step>,
}

/// One call and what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The line it begins on.
    pub line: usize,
    /// Who calls.
    pub caller: String,
    /// What is called.
    pub action: Action,
    /// With what.
    pub input: Input,
    /// What must come of it.
    pub expect: Expect,
    /// How many rows there must be in all; asking for it is part of the call.
    pub total: Option<u64>,
    /// Whether there must be more rows behind a page.
    pub more: Option<More>,
    /// Texts that may be nowhere in the answer or the fault.
    pub hides: Vec<String>,
}

/// What is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A standard operation of a resource.
    Standard {
        /// Which one.
        verb: Verb,
        /// Of which resource.
        resource: String,
    },
    /// A nested collection.
    Related {
        /// The parent resource.
        parent: String,
        /// Its to-many field.
        field: String,
    },
    /// A page of rows between cursors.
    Page {
        /// The resource.
        resource: String,
    },
    /// Numbers over rows, in all or by group.
    Aggregate {
        /// The resource.
        resource: String,
    },
    /// Many writes of one resource in one transaction.
    Batch {
        /// The resource.
        resource: String,
    },
    /// An operation of the contract's own.
    Own {
        /// Its name.
        operation: String,
    },
}

/// A standard operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// One row by key.
    Get,
    /// Rows.
    List,
    /// A new row.
    Create,
    /// Some fields of a row.
    Update,
    /// A row with this key, there or not.
    Upsert,
    /// No row.
    Delete,
}

/// With what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// The row's key or the parent's.
    pub key: Option<String>,
    /// Fields or arguments.
    pub data: Option<Value>,
    /// Which rows.
    pub list: List,
    /// What of each row.
    pub select: Option<Value>,
    /// Which page of them.
    pub window: Window,
    /// What is measured of the rows, for an aggregate.
    pub measures: Vec<Measure>,
    /// The fields whose values make the groups of an aggregate; none for one group of all rows.
    pub by: Vec<String>,
    /// An idempotency key.
    pub idempotency: Option<String>,
    /// The version of the row that the caller has seen.
    pub version: Option<String>,
}

/// Which rows, in which order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// A condition, as docs/testing.md describes it.
    pub filter: Option<Value>,
    /// Terms such as `price desc nulls first`.
    pub order: Vec<String>,
    /// At most this many.
    pub limit: Option<u64>,
    /// After this many.
    pub offset: Option<u64>,
}

/// A page between cursors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// At most this many, from the beginning.
    pub first: Option<u64>,
    /// At most this many, from the end.
    pub last: Option<u64>,
    /// Behind this cursor.
    pub after: Option<String>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// Something measured over rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Its name in the answer.
    pub shown: String,
    /// What is measured.
    pub of: Of,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// The number of rows.
    Rows,
    /// A function of the values of a field.
    Field(Function, String),
}

/// A function over the values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// All of them added.
    Sum,
    /// Their mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

impl Function {
    /// A function by its name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sum" => Some(Self::Sum),
            "avg" => Some(Self::Avg),
            "min" => Some(Self::Min),
            "max" => Some(Self::Max),
            _ => None,
        }
    }

    /// Its name, which is the same on every wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// Whether there are more rows behind a page, in the direction it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// There are.
    Yes,
    /// There are none.
    No,
}

/// What must come of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// An answer.
    Answer(Match, Value),
    /// It is done and nothing is answered.
    Nothing,
    /// It is refused.
    Fault(Refusal),
    /// It is done; the answer does not matter.
    Done,
}

/// How an answer is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// No more and no less.
    Exact,
    /// Objects may have more members.
    Includes,
    /// The items of the outermost list may be in any order.
    AnyOrder,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Its kind: one of these.
    pub kinds: Vec<Kind>,
    /// Its code, when it matters.
    pub code: Option<String>,
    /// Fields that must be named, each with its code when that matters.
    pub fields: Vec<(String, Option<String>)>,
}

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// The kinds of fault, as the engine has them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the engine's own names")]
        pub enum Kind { $($kind),* }

        impl Kind {
            /// Every kind's name.
            pub const NAMES: &[&str] = &[$(stringify!($kind)),*];

            /// A kind by its name.
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($kind) => Some(Self::$kind),)*
                    _ => None,
                }
            }
        }
    };
}

kinds!(
    Unauthenticated,
    Denied,
    Invalid,
    NotFound,
    Conflict,
    Precondition,
    Mismatch,
    TooLarge,
    Throttled,
    Timeout,
    Cancelled,
    Unsupported,
    Unavailable,
    Internal,
);
