//! What stands in a response's `errors`.

pub(crate) use crate::codes::VALIDATION_FAILED;

use apollo_compiler::parser::{LineColumn, SourceMap, SourceSpan};
use engine::{Budget, Fault, FieldFault, Kind};
use std::borrow::Cow;
use wire::PathPart;

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

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::from(&fault)
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
