//! Refusals that are made here: what a request gets wrong before there is a call.

use crate::query::Mistake;
use engine::{Fault, FieldFault, Kind, codes};

/// The media type is not one the operation reads.
pub(crate) const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";
/// The answer's media type is not one the caller accepts.
pub(crate) const NOT_ACCEPTABLE: &str = "NOT_ACCEPTABLE";
/// The path is there, the method is not.
pub(crate) const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
/// Nothing is at the path.
pub(crate) const NOT_FOUND: &str = "NOT_FOUND";
/// The body is larger than allowed.
pub(crate) const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
/// The body did not arrive in time.
pub(crate) const BODY_TOO_SLOW: &str = "BODY_TOO_SLOW";
/// The query string is longer than allowed.
pub(crate) const QUERY_TOO_LONG: &str = "QUERY_TOO_LONG";

/// `INVALID_INPUT` about one part of the request.
pub(crate) fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Fault {
    let message = message.into();
    let public = format!("`{field}`: {message}");
    let fields = vec![FieldFault::new(field, code, message)];
    Fault { fields, ..Fault::new(Kind::Invalid, codes::INVALID_INPUT, public) }
}

/// `INVALID_INPUT` about a parameter of the query string.
pub(crate) fn bad_parameter(name: &str, mistake: Mistake) -> Fault {
    invalid(name, mistake.code, mistake.text())
}
