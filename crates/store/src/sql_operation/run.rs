//! Running an operation's statements, and their rows into its answer.

use super::answer::Writing;
use super::blame::blame;
use super::plan::{SqlPlan, Statement};
use crate::face::{Error, Items, Reply, SqlParameter};
use crate::functions::OwnSql;
use crate::read::XML_LIST;
use crate::read::{self, Kept, Target, Values};
use crate::sqlite::allowance::Allowance;
use crate::write::{Violations, bind_value};
use contract::{Contract, Expectation, RowCount};
use rusqlite::{CachedStatement, Connection};
use wire::{Encoder, Value, WriteReply};

/// An operation and where it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running<'a> {
    pub conn: &'a Connection,
    pub violations: Violations<'a>,
    pub plan: &'a SqlPlan,
    /// The parameters of the answer's reads.
    pub answer_params: &'a [Value],
    pub target: Target<'a>,
    /// What reading its answer may take, of one that changes rows.
    pub allowance: Option<&'a Allowance>,
}

/// What a run's statements are given.
struct Given<'a> {
    parameters: &'a [SqlParameter],
    values: &'a [Value],
    /// Rows changed so far.
    changes: i64,
}

impl SqlPlan {
    /// Runs an operation that only reads.
    pub(crate) fn read<'c>(
        &self,
        conn: &'c Connection,
        kept: &mut Kept<'c>,
        contract: &Contract,
        values: Values<'_>,
        target: Target<'_>,
    ) -> Result<Reply, Error> {
        if let Some(plan) = &self.direct {
            let (reply, rows) = read::run_found(conn, kept, plan, values, target)?;
            self.run
                .iter()
                .filter_map(|only| only.expect.as_ref())
                .try_for_each(|expect| hold(expect, rows))?;
            return Ok(reply);
        }
        let violations = Violations(contract);
        let Values { params: answer_params, given } = values;
        let running = Running { conn, violations, plan: self, answer_params, target, allowance: None };
        running.run(&[], given, 0)
    }
}

impl<'a> Running<'a> {
    /// Runs the `each:` statements for every item and then the others; the last one with rows answers.
    pub fn run(&self, each: &[Vec<Value>], run: &[Value], before: i64) -> Result<Reply, Error> {
        let changes = before.saturating_add(self.each(each)?);
        let mut given = Given { parameters: &self.plan.parameters, values: run, changes };
        let mut statements = self.prepare(&self.plan.run)?;
        let answering = statements.iter().rposition(|s| s.column_count() > 0);
        let mut reply = Reply::default();
        let _checked = OwnSql::begin();
        for (at, (statement, prepared)) in self.plan.run.iter().zip(&mut statements).enumerate() {
            self.bind(statement, prepared, &given)?;
            let rows = match Some(at) == answering {
                true => self.answer(prepared, &mut reply),
                false => self.count(prepared),
            };
            let rows = rows.map_err(|error| self.blame(statement, error))?;
            given.changes += self.finish(statement, prepared, rows)?;
            reply.statements += 1;
        }
        Ok(reply)
    }

    fn each(&self, items: &[Vec<Value>]) -> Result<i64, Error> {
        let mut statements = self.prepare(&self.plan.each)?;
        items.iter().try_fold(0, |changes, values| self.item(&mut statements, values, changes))
    }

    /// Runs the `each:` statements for one item, and says how many rows were changed with it.
    fn item(
        &self,
        statements: &mut [CachedStatement<'_>],
        values: &[Value],
        mut changes: i64,
    ) -> Result<i64, Error> {
        let _checked = OwnSql::begin();
        for (statement, prepared) in self.plan.each.iter().zip(statements) {
            let given = Given { parameters: &self.plan.each_parameters, values, changes };
            self.bind(statement, prepared, &given)?;
            let rows = self.count(prepared).map_err(|error| self.blame(statement, error))?;
            changes += self.finish(statement, prepared, rows)?;
        }
        Ok(changes)
    }

    /// Runs the `each:` statements for every item, each in a savepoint of its own, up to the first that fails.
    pub fn items(&self, items: &[Vec<Value>]) -> Result<Items, Error> {
        let mut statements = self.prepare(&self.plan.each)?;
        let mut done = Items::default();
        for (at, values) in items.iter().enumerate() {
            self.sql("SAVEPOINT item")?;
            match self.item(&mut statements, values, 0) {
                Ok(changes) => {
                    self.sql("RELEASE item")?;
                    done.changes = done.changes.saturating_add(changes);
                }
                // The group deals with a transaction that SQLite gave up.
                Err(error) if self.conn.is_autocommit() => return Err(error),
                Err(error) => {
                    // What a statement began to read is let go of: it would be in the way of undoing.
                    drop(statements);
                    self.sql("ROLLBACK TO item")?;
                    self.sql("RELEASE item")?;
                    done.failed = Some((at, error));
                    break;
                }
            }
        }
        Ok(done)
    }

    fn blame(&self, statement: &Statement, error: Error) -> Error {
        blame(self.violations.0, &statement.text, error)
    }

    fn sql(&self, sql: &str) -> Result<(), Error> {
        let run = || self.conn.prepare_cached(sql)?.execute([]);
        run().map(drop).map_err(|e| self.violations.error(e))
    }

    fn prepare(&self, statements: &[Statement]) -> Result<Vec<CachedStatement<'a>>, Error> {
        statements
            .iter()
            .map(|s| self.conn.prepare_cached(&s.sql).map_err(|e| self.violations.error(e)))
            .collect()
    }

    fn bind(
        &self,
        statement: &Statement,
        prepared: &mut CachedStatement<'_>,
        given: &Given<'_>,
    ) -> Result<(), Error> {
        for (at, position) in statement.binds.iter().enumerate() {
            let bound = match (given.parameters.get(*position), given.values.get(*position)) {
                (Some(SqlParameter::Changes), _) => bind_value(prepared, at + 1, &Value::Int(given.changes)),
                (Some(_), Some(value)) => bind_value(prepared, at + 1, value),
                (None, _) | (_, None) => {
                    return Err(Error::Internal("a parameter of an @sql operation is not given".to_owned()));
                }
            };
            bound.map_err(|e| self.violations.error(e))?;
        }
        Ok(())
    }

    /// Runs a statement to its end and counts its rows.
    fn count(&self, prepared: &mut CachedStatement<'_>) -> Result<u64, Error> {
        let mut rows = prepared.raw_query();
        let mut count = 0;
        while rows.next().map_err(|e| self.violations.error(e))?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// Holds a statement that has run to what was expected of it, and says how many rows it changed.
    fn finish(&self, statement: &Statement, prepared: &CachedStatement<'_>, rows: u64) -> Result<i64, Error> {
        let changed = if prepared.readonly() { 0 } else { self.conn.changes() };
        let count = if prepared.column_count() > 0 { rows } else { changed };
        if let Some(expect) = &statement.expect {
            hold(expect, count)?;
        }
        Ok(i64::try_from(changed).unwrap_or(i64::MAX))
    }

    /// Runs the answering statement to its end, writes its rows, and counts them.
    fn answer(&self, prepared: &mut CachedStatement<'_>, reply: &mut Reply) -> Result<u64, Error> {
        let answering = Answering { running: self, prepared, reply };
        self.target.format.write(Vec::new(), self.target.bytes_max, XML_LIST, answering)
    }
}

/// The answering statement and what comes of its rows.
struct Answering<'r, 'a, 'p, 's> {
    running: &'r Running<'a>,
    prepared: &'p mut CachedStatement<'s>,
    reply: &'p mut Reply,
}

impl WriteReply for Answering<'_, '_, '_, '_> {
    /// The statement's rows.
    type Output = Result<u64, Error>;

    fn write<E: Encoder>(self, encoder: E) -> Self::Output {
        let Self { running, prepared, reply } = self;
        let answer = &running.plan.answer;
        let columns = answer.columns(prepared)?;
        let mut writing = Writing { running, columns, encoder, found: 0, version: None };
        let rows = writing.rows(prepared, answer)?;
        reply.rows = writing.found;
        reply.version = writing.version.filter(|_| !answer.is_list());
        if writing.found > 0 || answer.is_list() {
            (reply.body, reply.nulls) = writing.encoder.into_reply();
        }
        Ok(rows)
    }
}

fn hold(expect: &Expectation, count: u64) -> Result<(), Error> {
    let holds = match expect.rows {
        RowCount::One => count == 1,
        RowCount::Some => count > 0,
        RowCount::None => count == 0,
        RowCount::Exactly(wanted) => count == u64::from(wanted),
    };
    match (holds, expect.error.as_str()) {
        (true, _) => Ok(()),
        (false, "") => Err(Error::NotFound),
        (false, code) => Err(Error::Refused(code.to_owned())),
    }
}
