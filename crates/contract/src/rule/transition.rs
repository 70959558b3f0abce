//! Rules for updates, which may name the record before (`old`) and after (`new`).
//!
//! Such a rule is asked of the record before the update and after it, and plain names mean the one that it is asked of;
//! `old` and `new` mean the same both times. So in each comparison either all fields are plain or none is.

use super::{Expr, FieldPath, State};

impl Expr {
    /// Whether it names `old` or `new`.
    pub fn names_states(&self) -> bool {
        self.any(&|expr| matches!(expr, Self::Field(path) | Self::Count(path) if path.state != State::Asked))
            || self.any(&|expr| matches!(expr, Self::Quantified { over, .. } if over.state != State::Asked))
    }

    /// Whether it names `new`.
    pub fn names_new(&self) -> bool {
        self.any(&|expr| matches!(expr, Self::Field(path) | Self::Count(path) if path.state == State::New))
            || self.any(&|expr| matches!(expr, Self::Quantified { over, .. } if over.state == State::New))
    }

    /// What can be asked before the update is made: `old` is the record as it is, and what hangs on `new` is taken to
    /// hold. Where this is false, so is the rule.
    #[must_use]
    pub fn asked_before(&self) -> Self {
        match self {
            Self::And(items) => Self::And(items.iter().map(Self::asked_before).collect()),
            Self::Or(items) => Self::Or(items.iter().map(Self::asked_before).collect()),
            atom if atom.names_new() => Self::from(true),
            atom => atom.as_it_is(),
        }
    }

    /// With the record that it is asked of in the place of the one before.
    fn as_it_is(&self) -> Self {
        match self {
            Self::Field(path) => Self::Field(FieldPath { state: State::Asked, ..path.clone() }),
            expr => expr.map(&mut Self::as_it_is),
        }
    }

    /// Whether a comparison has both plain fields of the record and fields of `old` or `new`.
    pub(super) fn mixes_states(&self) -> bool {
        match self {
            Self::And(items) | Self::Or(items) => items.iter().any(Self::mixes_states),
            atom => atom.names_states() && atom.names_asked(0),
        }
    }

    /// Whether a plain field of the outermost record is in it; `rows` counts the macros around.
    fn names_asked(&self, rows: u8) -> bool {
        let is_asked = |path: &FieldPath| path.scope == rows && path.state == State::Asked;
        match self {
            Self::Field(path) | Self::Count(path) => is_asked(path),
            Self::Quantified { over, body, .. } => is_asked(over) || body.names_asked(rows + 1),
            expr => {
                let mut found = false;
                expr.for_parts(&mut |part| found = found || part.names_asked(rows));
                found
            }
        }
    }
}
