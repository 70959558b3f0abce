//! Refusals that are made here: what a request gets wrong before there is a call.

use crate::query::Mistake;
use engine::{Fault, FieldFault, Kind};

/// The media type is not one the operation reads.
pub(crate) const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";
/// The answer's media type is not one the caller accepts.
pub(crate) const NOT_ACCEPTABLE: &str = "NOT_ACCEPTABLE";
/// The path is there, the method is not.
pub(crate) const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
/// The query string is longer than allowed.
pub(crate) const QUERY_TOO_LONG: &str = "QUERY_TOO_LONG";

/// A fault of a kind with a code and a public message.
pub(crate) fn fault(kind: Kind, code: &str, message: impl Into<String>) -> Fault {
    Fault {
        kind,
        code: code.to_owned(),
        message: message.into(),
        detail: None,
        fields: Vec::new(),
        retry_after_s: None,
        bad_token: false,
        budget: None,
    }
}

/// `INVALID_INPUT` about one part of the request.
pub(crate) fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Fault {
    let message = message.into();
    let mut fault = fault(Kind::Invalid, "INVALID_INPUT", format!("`{field}`: {message}"));
    fault.fields.push(FieldFault { field: field.to_owned(), code, message });
    fault
}

/// `INVALID_INPUT` about a parameter of the query string.
pub(crate) fn bad_parameter(name: &str, mistake: Mistake) -> Fault {
    invalid(name, mistake.code, mistake.text())
}
