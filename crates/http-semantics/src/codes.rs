//! The stable codes of what a request gets wrong before there is a call.

/// The media type is not one the operation reads.
pub const UNSUPPORTED_MEDIA_TYPE: &str = "UNSUPPORTED_MEDIA_TYPE";
/// The answer's media type is not one the caller accepts.
pub const NOT_ACCEPTABLE: &str = "NOT_ACCEPTABLE";
/// The path is there, the method is not.
pub const METHOD_NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
/// Nothing is at the path.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// The body is larger than allowed.
pub const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
/// The body did not arrive in time.
pub const BODY_TOO_SLOW: &str = "BODY_TOO_SLOW";
/// The query string is longer than allowed.
pub const QUERY_TOO_LONG: &str = "QUERY_TOO_LONG";
