//! When it is judged whether to-one fields point to rows that are there.
//!
//! SQLite keeps a flag until the transaction ends, and counts the references that dangle meanwhile. The flag is for the
//! group's transaction and the count is asked for at the end of the mutation, so that its neighbours are none of it.

use super::later::Answered;
use super::mutation::Run;
use super::run::Writing;
use super::{Violations, bind_value};
use crate::face::{Error, Failed, PlanError};
use crate::query::Param;
use crate::sql::{DELETED_AT, Dialect, column};
use contract::{Contract, FieldId, ResourceId};
use rusqlite::{Connection, ffi};
use wire::Value;

/// When references are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum References {
    /// After each statement.
    EachStatement,
    /// After all steps of the mutation.
    AllSteps,
}

/// A to-one field that a write sets.
#[derive(Debug)]
pub(super) struct Reference {
    pub resource: ResourceId,
    pub field: FieldId,
    /// The key that it is set to.
    param: Param,
    /// The parameter with the key of the row itself, to which it may point.
    own_key: Option<Param>,
    /// Finds the row of the key.
    sql: String,
}

impl Reference {
    /// Those of a write that sets these fields.
    pub fn all(
        contract: &Contract,
        dialect: Dialect,
        id: ResourceId,
        set: &[(FieldId, Param)],
    ) -> Result<Vec<Self>, PlanError> {
        let resource = contract.resource(id);
        let key = set.iter().find(|(field, _)| *field == resource.key).map(|(_, param)| *param);
        let pointing = set.iter().filter_map(|(field, param)| {
            let target = resource.field(*field).target()?;
            Some((*field, *param, target))
        });
        pointing
            .map(|(field, param, target)| {
                let own_key = key.filter(|_| target == id);
                let target = contract.resource(target);
                let (table, key) = (dialect.quoted(&target.table), column(target, target.key)?);
                let live = match target.soft_delete {
                    true => format!(" AND {} IS NULL", dialect.quoted(DELETED_AT)),
                    false => String::new(),
                };
                let sql = format!("SELECT 1 FROM {table} WHERE {} = ?1{live}", dialect.quoted(key));
                Ok(Self { resource: id, field, param, own_key, sql })
            })
            .collect()
    }
}

impl Writing<'_> {
    /// An error with the field that dangles, if it is one of the references of the write that failed.
    pub fn naming(&self, references: &[Reference], error: Error) -> Error {
        match error {
            Error::DanglingReference(None) => {
                let found = references.iter().find(|reference| self.dangles(reference));
                Error::DanglingReference(found.map(|found| (found.resource, found.field)))
            }
            other => other,
        }
    }

    fn dangles(&self, reference: &Reference) -> bool {
        let value = |param: Param| self.params.get(usize::from(param));
        let Some(key) = value(reference.param).filter(|key| **key != Value::Null) else { return false };
        if reference.own_key.and_then(value) == Some(key) {
            return false;
        }
        let is_there = || {
            let mut statement = self.conn.prepare_cached(&reference.sql)?;
            bind_value(&mut statement, 1, key)?;
            statement.raw_query().next().map(|row| row.is_some())
        };
        // What cannot be asked is not said to be missing.
        !is_there().unwrap_or(true)
    }
}

impl Run<'_> {
    /// Runs the steps, and judges their references when that is due. [`References::restore`] must follow when nothing
    /// of them is left that dangles.
    pub fn work_and_judge(&self) -> Result<Answered, Failed> {
        match self.references {
            References::EachStatement => self.work(),
            References::AllSteps => {
                set(self.conn, "PRAGMA defer_foreign_keys=ON", self.violations)?;
                let answered = self.work()?;
                match dangles(self.conn) {
                    true => Err(Error::DanglingReference(None).into()),
                    false => Ok(answered),
                }
            }
        }
    }
}

impl References {
    /// Has references judged after each statement again.
    pub fn restore(self, conn: &Connection, violations: Violations<'_>) -> Result<(), Error> {
        match self {
            References::EachStatement => Ok(()),
            References::AllSteps => set(conn, "PRAGMA defer_foreign_keys=OFF", violations),
        }
    }
}

/// Such a pragma has its effect when it is compiled, so it must not come from a cache.
fn set(conn: &Connection, pragma: &str, violations: Violations<'_>) -> Result<(), Error> {
    conn.execute_batch(pragma).map_err(|error| violations.error(error))
}

/// Whether there are references that were not judged when they were made, and that dangle.
#[allow(unsafe_code, reason = "the count of the connection has no safe interface")]
pub(crate) fn dangles(conn: &Connection) -> bool {
    let (mut dangling, mut most) = (0, 0);
    // SAFETY: the connection is open and this thread's own, and both places live until the call returns.
    let code = unsafe {
        let (database, op) = (conn.handle(), ffi::SQLITE_DBSTATUS_DEFERRED_FKS);
        ffi::sqlite3_db_status(database, op, &raw mut dangling, &raw mut most, 0)
    };
    code != ffi::SQLITE_OK || dangling != 0
}
