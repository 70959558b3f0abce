//! Rules: what a caller may do is true, false, or a condition on the rows that the database enforces.

mod decisions;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod oracle;
mod settable;
mod translate;

pub(crate) use decisions::{Action, Asking, Decisions, FieldSight, denied};
pub(crate) use settable::Settable;
pub(crate) use translate::{Plain, Translate};
