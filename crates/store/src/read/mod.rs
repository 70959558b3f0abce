//! Compiled reads and how they are run.

use crate::face::{Error, PlanError, Reply, Root};
use crate::query::Select;
use contract::Contract;
use rusqlite::Connection;
use wire::{Format, Shape, Value};

/// A compiled read.
#[derive(Debug)]
pub struct ReadPlan {}

impl ReadPlan {
    pub(crate) fn records(_: &Contract, _: &Select, _: Shape, _: Root) -> Result<Self, PlanError> {
        Err(PlanError(String::new()))
    }

    pub(crate) fn count(_: &Contract, _: &Select) -> Result<Self, PlanError> {
        Err(PlanError(String::new()))
    }
}

/// Runs a read on a connection: inside the transaction of that connection, if there is one.
pub(crate) fn run(
    _conn: &Connection,
    _plan: &ReadPlan,
    _params: &[Value],
    _format: Format,
    _reply_bytes_max: usize,
) -> Result<Reply, Error> {
    Err(Error::Unavailable("not yet"))
}
