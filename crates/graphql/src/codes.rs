//! The stable codes of what GraphQL adds to the engine's and HTTP's.

/// The document is not GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document does not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// Which operation of the document is meant cannot be told.
pub const OPERATION_UNKNOWN: &str = "OPERATION_RESOLUTION_FAILURE";
/// A variable or an argument does not fit its type.
pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// The document is larger than allowed in some way; the message names the bound.
pub const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";
/// No document is kept under this digest or id.
pub const PERSISTED_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// Documents are not kept for clients.
pub const PERSISTED_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
/// The document is not one that the operator lists.
pub const NOT_TRUSTED: &str = "DOCUMENT_NOT_TRUSTED";
/// The schema is not told to this caller.
pub const INTROSPECTION_DISABLED: &str = "INTROSPECTION_DISABLED";
/// A page of another site could have sent the request.
pub const CSRF_REFUSED: &str = "CSRF_REFUSED";
/// The body is a list of requests.
pub const BATCHING_UNSUPPORTED: &str = "BATCHING_UNSUPPORTED";
/// There is no value, or the caller may not read it, where the schema promises one.
pub const VALUE_UNAVAILABLE: &str = "VALUE_UNAVAILABLE";
