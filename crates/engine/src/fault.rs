//! The only error that leaves the engine.

use crate::call::Budget;
use std::borrow::Cow;

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

impl Kind {
    /// All kinds, for tables.
    pub const ALL: [Kind; 14] = [
        Kind::Unauthenticated,
        Kind::Denied,
        Kind::Invalid,
        Kind::NotFound,
        Kind::Conflict,
        Kind::Precondition,
        Kind::Mismatch,
        Kind::TooLarge,
        Kind::Throttled,
        Kind::Timeout,
        Kind::Cancelled,
        Kind::Unsupported,
        Kind::Unavailable,
        Kind::Internal,
    ];
}

/// The stable codes of the server itself. A contract adds `<RESOURCE>_NOT_FOUND` for each resource and its `@error`s.
pub mod codes {
    /// No credentials, and the operation needs some.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// Credentials that are not a valid token.
    pub const INVALID_TOKEN: &str = "INVALID_TOKEN";
    /// The rules do not allow it.
    pub const ACCESS_DENIED: &str = "ACCESS_DENIED";
    /// The rules never let this caller see or set a field that the call names.
    pub const FIELD_DENIED: &str = "FIELD_DENIED";
    /// The input makes no sense; the fields say why.
    pub const INVALID_INPUT: &str = "INVALID_INPUT";
    /// A unique value is taken.
    pub const ALREADY_EXISTS: &str = "ALREADY_EXISTS";
    /// A key in the input points to a row that is not there.
    pub const REFERENCE_NOT_FOUND: &str = "REFERENCE_NOT_FOUND";
    /// Other rows point to the row.
    pub const STILL_REFERENCED: &str = "STILL_REFERENCED";
    /// The row has changed since the caller saw it.
    pub const VERSION_MISMATCH: &str = "VERSION_MISMATCH";
    /// The idempotency key was used with another input.
    pub const IDEMPOTENCY_MISMATCH: &str = "IDEMPOTENCY_MISMATCH";
    /// It was done with the idempotency key before, and its answer was too large to be kept.
    pub const ANSWER_NOT_KEPT: &str = "ANSWER_NOT_KEPT";
    /// The answer would be larger than allowed.
    pub const REPLY_TOO_LARGE: &str = "REPLY_TOO_LARGE";
    /// The caller's budget is used up, or its share of what may be under way.
    pub const THROTTLED: &str = "THROTTLED";
    /// The call asks for more at once than any budget allows.
    pub const COST_EXCEEDED: &str = "COST_EXCEEDED";
    /// A stream has more items, or bytes, than allowed.
    pub const STREAM_TOO_LARGE: &str = "STREAM_TOO_LARGE";
    /// Messages, or an answer, came faster than the caller took them.
    pub const TOO_SLOW: &str = "TOO_SLOW";
    /// The deadline passed.
    pub const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
    /// A write would hold the writer for longer than it may.
    pub const WRITE_TOO_LONG: &str = "WRITE_TOO_LONG";
    /// The answer of a write takes longer to read than it may before the write is done.
    pub const ANSWER_TOO_LONG: &str = "ANSWER_TOO_LONG";
    /// The write is done, and its answer could not be read.
    pub const WRITTEN_UNANSWERED: &str = "WRITTEN_UNANSWERED";
    /// The caller went away before the answer.
    pub const CANCELLED: &str = "CANCELLED";
    /// The server has too much to do.
    pub const OVERLOADED: &str = "OVERLOADED";
    /// The disk, or the file with the data, fails.
    pub const STORAGE_FAILED: &str = "STORAGE_FAILED";
    /// What the operation is bound to is not served by this version.
    pub const UNSUPPORTED: &str = "UNSUPPORTED";
    /// A defect.
    pub const INTERNAL: &str = "INTERNAL";
}

/// A refusal or failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Its kind.
    pub kind: Kind,
    /// Its stable code, `USER_NOT_FOUND`; [`codes`] lists those of the server itself.
    pub code: Cow<'static, str>,
    /// What the peer is told: lower case, no full stop.
    pub message: String,
    /// What only the log is told.
    pub detail: Option<Box<str>>,
    /// The fields that are wrong.
    pub fields: Vec<FieldFault>,
    /// When trying again makes sense.
    pub retry_after_s: Option<u32>,
    /// A token was given and it is not valid (so that an adapter can tell it from a missing one).
    pub bad_token: bool,
    /// What is left of the caller's budget, when it was looked at.
    pub budget: Option<Budget>,
}

/// Fields that one fault names at the most: the rest is counted.
pub const FIELDS_TOLD_MAX: usize = 100;
/// Bytes of a field's path at the most; of a longer one the beginning is told.
const PATH_BYTES_MAX: usize = 256;

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

impl FieldFault {
    /// A wrong field.
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let mut field = field.into();
        if field.len() > PATH_BYTES_MAX {
            field.truncate(field.floor_char_boundary(PATH_BYTES_MAX));
            field.push('…');
        }
        Self { field, code, message: message.into() }
    }
}

impl Fault {
    /// A fault with nothing but its kind, code and message.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            detail: None,
            fields: Vec::new(),
            retry_after_s: None,
            bad_token: false,
            budget: None,
        }
    }

    /// Input that makes no sense, with the places: the first [`FIELDS_TOLD_MAX`], and how many there are.
    pub fn invalid(mut fields: Vec<FieldFault>) -> Self {
        let message = match fields.as_slice() {
            [only] => format!("`{}` {}", only.field, only.message),
            all if all.len() > FIELDS_TOLD_MAX => {
                format!("{} fields are not valid, of which these are the first {FIELDS_TOLD_MAX}", all.len())
            }
            all => format!("{} fields are not valid", all.len()),
        };
        fields.truncate(FIELDS_TOLD_MAX);
        Self { fields, ..Self::new(Kind::Invalid, codes::INVALID_INPUT, message) }
    }

    /// Input that makes no sense in one place.
    pub fn invalid_field(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldFault::new(field, code, message)])
    }

    /// A defect. The detail goes to the log only.
    pub fn internal(detail: impl Into<Box<str>>) -> Self {
        let fault = Self::new(Kind::Internal, codes::INTERNAL, "something went wrong inside the server");
        Self { detail: Some(detail.into()), ..fault }
    }
}
