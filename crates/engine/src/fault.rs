//! The only error that leaves the engine.

use crate::call::Budget;

/// What kind of failure it is: closed, and matched without a wildcard by every adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is not known who calls, and it has to be.
    Unauthenticated,
    /// It is known who calls, and it may not.
    Denied,
    /// The input makes no sense.
    Invalid,
    /// What is named is not there, as far as the caller may know.
    NotFound,
    /// The state of things does not allow it.
    Conflict,
    /// A condition the caller stated does not hold.
    Precondition,
    /// An idempotency key came again with another input.
    Mismatch,
    /// The input or the answer is larger than allowed.
    TooLarge,
    /// The caller's budget is used up for now.
    Throttled,
    /// It took longer than allowed.
    Timeout,
    /// The caller went away.
    Cancelled,
    /// It is not something this server or operation does.
    Unsupported,
    /// The server cannot do it now; later it may.
    Unavailable,
    /// A defect; the caller learns nothing but an id to ask about.
    Internal,
}

/// A refusal or failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Its kind.
    pub kind: Kind,
    /// Its stable code, `USER_NOT_FOUND`; [`codes`](crate::fault) lists those of the server itself.
    pub code: String,
    /// What the peer is told: lower case, no full stop.
    pub message: String,
    /// What only the log is told.
    pub detail: Option<String>,
    /// The fields that are wrong.
    pub fields: Vec<FieldFault>,
    /// When trying again makes sense.
    pub retry_after_s: Option<u32>,
    /// A token was given and it is not valid (so that an adapter can tell it from a missing one).
    pub bad_token: bool,
    /// What is left of the caller's budget, when it was looked at.
    pub budget: Option<Budget>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// The path to it in the input, `email` or `items.0.quantity`, or in the query, `filter.author`.
    pub field: String,
    /// A stable code: `REQUIRED`, `TYPE`, `LENGTH`, `RANGE`, `PATTERN`, `FORMAT`, `UNKNOWN`, `IMMUTABLE`, `DENIED` …
    pub code: &'static str,
    /// What is wrong with it.
    pub message: String,
}
