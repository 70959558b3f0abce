//! Writes: an intention becomes a few statements, and a mutation runs them in its own savepoint.

mod answer;
mod bind;
mod group;
mod idempotency;
mod later;
mod mutation;
mod outbox;
mod plan;
mod references;
mod retention;
mod run;
mod violation;

pub(crate) use bind::bind_value;
pub(crate) use group::{Group, Job, Ran, Turn};
pub(crate) use later::Answered;
pub use outbox::Event;
pub(crate) use outbox::events;
pub use plan::WritePlan;
pub(crate) use references::References;
pub use retention::OutboxKept;
pub(crate) use retention::Retention;
use run::{Judged, Made};
pub(crate) use violation::Violations;

/// The key of a row, as SQLite keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Text(String),
    Integer(i64),
}

impl Key {
    /// As a parameter of a read.
    pub fn value(&self) -> wire::Value {
        match self {
            Key::Text(text) => wire::Value::Text(text.clone()),
            Key::Integer(number) => wire::Value::Int(*number),
        }
    }

    /// As on every wire.
    pub fn text(self) -> String {
        match self {
            Key::Text(text) => text,
            Key::Integer(number) => number.to_string(),
        }
    }
}
