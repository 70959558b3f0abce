//! When it is judged whether to-one fields point to rows that are there.
//!
//! SQLite keeps a flag until the transaction ends, and counts the references that dangle meanwhile. The flag is for the
//! group's transaction and the count is asked for at the end of the mutation, so that its neighbours are none of it.

use super::Violations;
use super::later::Answered;
use super::mutation::Run;
use crate::face::{Error, Failed};
use rusqlite::{Connection, ffi};

/// When references are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum References {
    /// After each statement.
    EachStatement,
    /// After all steps of the mutation.
    AllSteps,
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
                    true => Err(Error::DanglingReference.into()),
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
fn dangles(conn: &Connection) -> bool {
    let (mut dangling, mut most) = (0, 0);
    // SAFETY: the connection is open and this thread's own, and both places live until the call returns.
    let code = unsafe {
        let (database, op) = (conn.handle(), ffi::SQLITE_DBSTATUS_DEFERRED_FKS);
        ffi::sqlite3_db_status(database, op, &raw mut dangling, &raw mut most, 0)
    };
    code != ffi::SQLITE_OK || dangling != 0
}
