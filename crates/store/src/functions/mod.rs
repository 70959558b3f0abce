//! SQLite functions for what its SQL cannot say.

use rusqlite::Connection;

/// Registers all functions on a connection, reading or writing.
pub(crate) fn register(_conn: &Connection) -> rusqlite::Result<()> {
    Ok(())
}
