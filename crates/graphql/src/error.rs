//! What stands in a response's `errors`.

use apollo_compiler::parser::{LineColumn, SourceMap, SourceSpan};
use engine::{Budget, Fault, FieldFault, Kind};
use std::borrow::Cow;
use wire::PathPart;

/// The document is not GraphQL.
pub(crate) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document does not fit the schema.
pub(crate) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// Variables do not fit the operation.
pub(crate) const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
/// The operation to run cannot be told from the request.
pub(crate) const OPERATION_UNKNOWN: &str = "OPERATION_RESOLUTION_FAILURE";
/// The document asks for more than any may: the message names the bound.
pub(crate) const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";

/// No document is kept under the digest; the client sends it whole. Apollo's clients know it by the message.
pub(crate) const PERSISTED_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
/// Documents are not kept for clients.
pub(crate) const PERSISTED_NOT_SUPPORTED: &str = "PERSISTED_QUERY_NOT_SUPPORTED";
/// The document is not one of the operator's list.
pub(crate) const NOT_TRUSTED: &str = "DOCUMENT_NOT_TRUSTED";
/// The schema is not told to this caller.
pub(crate) const INTROSPECTION_DISABLED: &str = "INTROSPECTION_DISABLED";
/// A page of another site could have sent the request.
pub(crate) const CSRF_REFUSED: &str = "CSRF_REFUSED";
/// The body is a list of requests.
pub(crate) const BATCHING_UNSUPPORTED: &str = "BATCHING_UNSUPPORTED";

/// One error of a response.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    /// What the peer is told: lower case, no full stop.
    pub message: String,
    /// Where in the document.
    pub locations: Vec<Location>,
    /// Where in `data`; empty for an error of the request itself.
    pub path: Vec<PathPart>,
    /// Its stable code.
    pub code: Cow<'static, str>,
    /// Its kind.
    pub kind: Kind,
    /// The inputs that are wrong.
    pub fields: Vec<FieldFault>,
    /// When trying again makes sense.
    pub retry_after_s: Option<u32>,
    /// A token was given and it is not valid.
    pub bad_token: bool,
    /// What is left of the caller's budget, when it was looked at.
    pub budget: Option<Budget>,
}

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

impl Location {
    /// Where a node of a parsed document stands.
    pub(crate) fn of(span: Option<SourceSpan>, sources: &SourceMap) -> Option<Self> {
        span?.line_column(sources).map(Self::from)
    }
}

impl From<LineColumn> for Location {
    fn from(place: LineColumn) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: number(place.line), column: number(place.column) }
    }
}

impl Problem {
    /// A problem without a place.
    pub(crate) fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            locations: Vec::new(),
            path: Vec::new(),
            code: code.into(),
            kind,
            fields: Vec::new(),
            retry_after_s: None,
            bad_token: false,
            budget: None,
        }
    }

    /// The same inside a root field, where it is at no place of its own.
    pub(crate) fn under(mut self, key: &str, locations: &[Location]) -> Self {
        self.path.insert(0, PathPart::Field(key.into()));
        if self.locations.is_empty() {
            self.locations = locations.to_vec();
        }
        self
    }

    /// The same at these places of the document.
    pub(crate) fn at(self, locations: Vec<Location>) -> Self {
        Self { locations, ..self }
    }
}

impl From<&Fault> for Problem {
    /// The fault's private detail stays behind.
    fn from(fault: &Fault) -> Self {
        Self {
            fields: fault.fields.clone(),
            retry_after_s: fault.retry_after_s,
            bad_token: fault.bad_token,
            budget: fault.budget,
            ..Self::new(fault.kind, fault.code.clone(), fault.message.clone())
        }
    }
}
