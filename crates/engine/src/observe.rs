//! Everything worth logging or counting: exactly one [`Finished`] per call, on every path.

use crate::fault::{Fault, Kind};
use std::time::Duration;

/// Receives what happened. Implementations must be quick and must not fail.
pub trait Observer: Send + Sync + std::fmt::Debug + 'static {
    /// A call has ended.
    fn finished(&self, finished: &Finished<'_>);
}

/// How a call ended.
#[derive(Debug, Clone)]
pub struct Finished<'a> {
    /// The operation's name.
    pub operation: &'a str,
    /// The protocol's name.
    pub protocol: &'static str,
    /// The id that ties it to the peer's records.
    pub request_id: &'a str,
    /// The `traceparent` it came with.
    pub traceparent: Option<&'a str>,
    /// The caller's id, when it was known.
    pub caller: Option<&'a str>,
    /// `None` for success.
    pub fault: Option<&'a Fault>,
    /// Rows in the answer.
    pub rows: u64,
    /// Bytes in the answer.
    pub bytes: u64,
    /// Statements that were run: one for each list, once per record around it.
    pub statements: u32,
    /// Times that the store was asked: never more for more rows.
    pub round_trips: u32,
    /// Time spent before the store was asked.
    pub prepared_in: Duration,
    /// Time spent in all.
    pub took: Duration,
    /// CPU time that was used for it so far, on all threads.
    pub cpu: Duration,
    /// Units that were taken for it, before it ran and afterwards.
    pub units: u32,
}

impl Finished<'_> {
    /// The kind of failure, or `None` for success.
    pub fn kind(&self) -> Option<Kind> {
        self.fault.map(|f| f.kind)
    }
}

/// Throws everything away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn finished(&self, _: &Finished<'_>) {}
}
