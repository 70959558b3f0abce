//! Collects findings.

use crate::code::{self, Code};
use crate::diagnostic::{Diagnostic, FileId, Severity, Span};
use crate::load::bounds::FINDINGS_MAX;
use std::collections::HashSet;

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    found: Vec<Diagnostic>,
    settled: HashSet<Span>,
    unresolved: HashSet<String>,
    /// Whether there are two definitions of one name.
    ambiguous: bool,
    /// Whether it is not known what one of the types is, so that what is said of it may be wrong.
    undecided: bool,
}

impl Report {
    /// Adds a finding, unless GraphQL validation has already found fault with this very place.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if !self.settled.contains(&diagnostic.span) && !self.undecided {
            self.found.push(diagnostic);
        }
    }

    /// Adds a finding of GraphQL validation: nothing further is said about its place.
    pub(crate) fn settle(&mut self, diagnostic: Diagnostic) {
        self.ambiguous |= diagnostic.code == code::DUPLICATE;
        if self.settled.insert(diagnostic.span) {
            self.found.push(diagnostic);
        }
    }

    /// Says that it is not known what one of the types is. What GraphQL validation finds is still added, and nothing of
    /// what follows from it.
    pub(crate) fn leave_undecided(&mut self) {
        self.undecided = true;
    }

    /// Adds an error.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.push(Diagnostic::error(code, span, message));
    }

    /// Adds an error about a name that is not among `known`.
    pub(crate) fn unknown<'a>(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        given: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let found = Diagnostic::error(code, span, message);
        self.push(if self.suggests() { found.suggest(given, known) } else { found });
    }

    /// Whether suggestions are still worth their time: what is cut off in the end needs none.
    pub(crate) fn suggests(&self) -> bool {
        self.found.len() <= FINDINGS_MAX
    }

    /// Remembers a field whose type could not be resolved, so that what names it is not blamed.
    pub(crate) fn leave_unresolved(&mut self, field: &str) {
        self.unresolved.insert(field.to_owned());
    }

    /// Whether the type of a field of this name could not be resolved.
    pub(crate) fn is_unresolved(&self, field: &str) -> bool {
        self.unresolved.contains(field)
    }

    /// Whether a rule's mistakes may follow from what was found before: it names a field that could not be resolved, or
    /// there are two definitions of one name.
    pub(crate) fn excuses(&self, rule: &str) -> bool {
        let word = |c: char| !(c.is_alphanumeric() || c == '_');
        self.ambiguous
            || (!self.unresolved.is_empty() && rule.split(word).any(|name| self.unresolved.contains(name)))
    }

    /// Whether anything found refuses the contract.
    pub(crate) fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    /// All findings in the order of their places; what is too much is cut off and counted.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|d| (d.span.file, d.span.start));
        let all = self.found.len();
        if all > FINDINGS_MAX {
            // Errors first, or warnings could push out the only reason for the refusal.
            self.found.sort_by_key(|d| d.severity);
            self.found.truncate(FINDINGS_MAX);
            let last = Span { file: FileId(0), start: 0, end: 0 };
            let message = format!("{} more findings are not shown", all - FINDINGS_MAX);
            // Warnings alone never refuse a contract, however many they are.
            let severity = self.found.first().map_or(Severity::Warning, |first| first.severity);
            self.found.push(Diagnostic { severity, ..Diagnostic::error(code::TOO_MANY, last, message) });
        }
        self.found
    }
}
