//! Connections.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Result};
use std::path::Path;
use std::time::Duration;

/// Statements kept prepared by each connection.
const PREPARED_MAX: usize = 16;
/// How long another process may hold the lock for writing.
const BUSY: Duration = Duration::from_secs(5);

/// A connection for reading only.
pub fn reading(path: &Path) -> Result<Connection> {
    let conn = open(path)?;
    conn.execute_batch("PRAGMA query_only=1")?;
    Ok(conn)
}

/// The connection for writing. A commit is on the disk when it returns.
pub fn writing(path: &Path) -> Result<Connection> {
    let conn = open(path)?;
    conn.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;
         PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864;",
    )?;
    Ok(conn)
}

fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch("PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;")?;
    // Without it a cached statement is prepared again whenever other values are bound to it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(PREPARED_MAX);
    Ok(conn)
}
