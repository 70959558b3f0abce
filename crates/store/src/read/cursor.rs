//! The statements of a plan with their parameters bound: each runs once for every row of its parent.

use super::failure::failure;
use super::plan::ReadPlan;
use crate::face::Error;
use crate::sql::{self, Bind};
use crate::write::bind_value;
use rusqlite::types::ToSqlOutput;
use rusqlite::{CachedStatement, Connection, Row, Statement};
use wire::Value;

/// A statement ready to run, with what its parent's row gives it.
pub(super) struct Cursor<'s, 'c> {
    pub statement: &'s mut Statement<'c>,
    /// The position of a parameter, and the column of the parent's row that it takes.
    from_parent: Option<(usize, usize)>,
}

/// What is bound to the parameters of a read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    /// Those of the intention.
    pub params: &'a [Value],
    /// Those of a contract's own statement, where the read is part of one.
    pub given: &'a [Value],
}

impl<'a> From<&'a [Value]> for Values<'a> {
    fn from(params: &'a [Value]) -> Self {
        Self { params, given: &[] }
    }
}

/// Bytes of the text of a statement that a connection keeps prepared at the most: it takes some thirty times as much.
const KEPT_TEXT_BYTES_MAX: usize = 4096;

/// A statement that is prepared, and kept so afterwards unless it is long.
pub(super) struct Prepared<'c> {
    /// None only while it is dropped.
    statement: Option<CachedStatement<'c>>,
    is_kept: bool,
}

impl<'c> Prepared<'c> {
    fn new(conn: &'c Connection, sql: &str) -> rusqlite::Result<Self> {
        let is_kept = sql.len() <= KEPT_TEXT_BYTES_MAX;
        Ok(Self { statement: Some(conn.prepare_cached(sql)?), is_kept })
    }

    pub fn statement(&mut self) -> &mut Statement<'c> {
        self.statement.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for Prepared<'_> {
    fn drop(&mut self) {
        if let Some(statement) = self.statement.take().filter(|_| !self.is_kept) {
            statement.discard();
        }
    }
}

/// The statements of a plan, found by their texts among those that the connection has prepared.
pub(super) fn prepare<'c>(conn: &'c Connection, plan: &ReadPlan) -> Result<Vec<Prepared<'c>>, Error> {
    plan.statements.iter().map(|statement| Prepared::new(conn, &statement.sql).map_err(failure)).collect()
}

/// Binds the parameters of a read: they stay so when a statement runs again.
pub(super) fn bind<'s, 'c: 's>(
    prepared: impl Iterator<Item = &'s mut Statement<'c>>,
    plan: &ReadPlan,
    values: Values<'_>,
) -> Result<Vec<Cursor<'s, 'c>>, Error> {
    let statements = prepared.zip(&plan.statements);
    statements.map(|(prepared, statement)| cursor(prepared, statement, values).map_err(failure)).collect()
}

fn cursor<'s, 'c>(
    prepared: &'s mut Statement<'c>,
    statement: &sql::Statement,
    values: Values<'_>,
) -> rusqlite::Result<Cursor<'s, 'c>> {
    let mut from_parent = None;
    for (at, bind) in statement.binds.iter().enumerate() {
        match bind {
            Bind::Param(param) => bind_value(prepared, at + 1, nth(values.params, usize::from(*param))?)?,
            Bind::Given(position) => bind_value(prepared, at + 1, nth(values.given, *position)?)?,
            Bind::Parent(column) => from_parent = Some((at + 1, *column)),
        }
    }
    Ok(Cursor { statement: prepared, from_parent })
}

fn nth(values: &[Value], at: usize) -> rusqlite::Result<&Value> {
    values.get(at).ok_or(rusqlite::Error::InvalidParameterCount(at + 1, values.len()))
}

impl Cursor<'_, '_> {
    /// Binds what the parent's row gives.
    pub fn follow(&mut self, parent: &Row<'_>) -> rusqlite::Result<()> {
        match self.from_parent {
            Some((position, column)) => {
                let value = ToSqlOutput::Borrowed(parent.get_ref(column)?);
                self.statement.raw_bind_parameter(position, value)
            }
            None => Ok(()),
        }
    }
}

/// The first statement and those after it.
pub(super) fn own<'a, 's, 'c>(
    cursors: &'a mut [Cursor<'s, 'c>],
) -> (&'a mut Cursor<'s, 'c>, &'a mut [Cursor<'s, 'c>]) {
    cursors.split_first_mut().expect("a plan has a statement for each list")
}
