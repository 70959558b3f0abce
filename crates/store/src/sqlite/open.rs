//! Opening a database.

use super::allowance::Allowance;
use super::reader::Readers;
use super::writer::Writer;
use super::{Database, Generation, Inner, Store};
use crate::face::{Durability, OpenError, Options, Place};
use crate::functions;
use crate::schema::{self, Cleaned, Plan, Schema};
use crate::storage::{Health, StorageFault};
use contract::Contract;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Statements kept prepared by the writing connection.
const PREPARED_MAX: usize = 512;
/// How long another process may hold the lock for writing.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Virtual-machine steps between two looks at the clock; some tens of microseconds.
pub(super) const STEPS_BETWEEN_LOOKS: i32 = 4_000;

/// Bytes of a value, and of a row, at the most.
pub(crate) const VALUE_BYTES_MAX: i32 = 64 << 20;

/// Turns off SQLite's count of the memory it uses, which nothing here asks for and which takes a lock for every
/// allocation (<https://www.sqlite.org/compile.html#recommended_compile_time_options>). Only before the first
/// connection of the process has it an effect.
#[allow(unsafe_code, reason = "the library's own settings have no safe interface")]
pub(crate) fn configure_library() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: the option takes one int. Once SQLite is in use the call changes nothing and says so (SQLITE_MISUSE);
        // `Once` keeps two threads from calling it at the same time.
        let _ = unsafe { rusqlite::ffi::sqlite3_config(rusqlite::ffi::SQLITE_CONFIG_MEMSTATUS, 0_i32) };
    });
}

impl Store {
    /// Opens the database, creating or additively migrating its tables. Fails with everything in which the database
    /// and the contract differ and that is not changed by itself.
    pub fn open(contract: Arc<Contract>, options: &Options) -> Result<Self, OpenError> {
        configure_library();
        let database = Database::at(&options.place).map_err(failed)?;
        let cannot = |error| unusable(database.path(), &error);
        close_to_others(database.path()).map_err(|error| unusable_file(database.path(), &error))?;
        let allowance = Allowance::default();
        let mut conn = writing(database.path(), options.durability, &allowance).map_err(cannot)?;
        if conn.is_readonly("main").map_err(cannot)? {
            let path = database.path().display();
            return Err(OpenError(format!("{path} cannot be written: {}", StorageFault::ReadOnly)));
        }
        migrate(&contract, &mut conn).map_err(|error| match error {
            Unmigrated::Drift(text) => OpenError(text),
            Unmigrated::Database(error) => cannot(error),
        })?;
        let cleaned = schema::remove_secrets(&contract, &conn).map_err(cannot)?;
        let generation = Arc::new(Generation::default());
        let outbox = reading(database.path()).map_err(cannot)?;
        let writer =
            Writer::start(conn, outbox, allowance, &contract, options, &generation).map_err(failed)?;
        let readers = Readers::new(database.path(), options, &generation);
        let inner = Inner { contract, writer, readers, health: Health::default(), cleaned, database };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What was removed from the database when it was opened.
    pub fn cleaned(&self) -> Cleaned {
        self.inner.cleaned
    }
}

/// What opening a database with a contract would do to it. Makes no file and changes nothing.
pub fn migration_plan(contract: &Contract, place: &Place) -> Result<Plan, OpenError> {
    configure_library();
    let conn = match place {
        Place::File(path) if path.exists() => {
            Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
        }
        Place::File(_) | Place::Memory => Connection::open_in_memory(),
    };
    conn.and_then(|conn| schema::migration_plan(contract, &conn)).map_err(|error| match place {
        Place::File(path) => unusable(path, &error),
        Place::Memory => failed(error),
    })
}

/// Makes a database another contract's own; one that is not there is left so.
///
/// # Errors
/// A database that cannot be written.
pub fn adopt(contract: &Contract, place: &Place) -> Result<(), OpenError> {
    configure_library();
    match place {
        Place::File(path) if path.exists() => Connection::open(path)
            .and_then(|conn| {
                conn.busy_timeout(BUSY)?;
                conn.execute_batch(&schema::owned_by(&contract.name))
            })
            .map_err(|error| unusable(path, &error)),
        Place::File(_) | Place::Memory => Ok(()),
    }
}

/// Why a database cannot be used: with its file and, where there is one, a way out.
pub(super) fn unusable(path: &Path, error: &rusqlite::Error) -> OpenError {
    let fault = error.sqlite_error_code().and_then(StorageFault::of);
    let way_out = match fault {
        Some(StorageFault::Damaged) => {
            ": put a backup in its place (septet restore), or save what can be read (sqlite3 FILE .recover)"
        }
        Some(StorageFault::Full) => ": make room on the disk",
        Some(StorageFault::ReadOnly) => ": the file and its folder must be writable for the server's user",
        Some(StorageFault::Io) | None => "",
    };
    OpenError(format!("{}: {error}{way_out}", path.display()))
}

fn unusable_file(path: &Path, error: &std::io::Error) -> OpenError {
    OpenError(format!("{}: {error}", path.display()))
}

/// Makes a database's files readable and writable for their owner alone. A new file is made here, since SQLite would
/// make it with the modes that the process makes files with; its log and index take their modes from it.
#[cfg(unix)]
pub(super) fn close_to_others(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    const OWNER_ONLY: u32 = 0o600;
    std::fs::OpenOptions::new().append(true).create(true).mode(OWNER_ONLY).open(path).map(drop)?;
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::metadata(&name) {
            Ok(there) if there.permissions().mode() & 0o077 != 0 => {
                std::fs::set_permissions(&name, std::fs::Permissions::from_mode(OWNER_ONLY))?;
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn close_to_others(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Why a database was not made to follow a contract.
enum Unmigrated {
    Drift(String),
    Database(rusqlite::Error),
}

fn failed(error: impl Display) -> OpenError {
    OpenError(error.to_string())
}

fn migrate(contract: &Contract, conn: &mut Connection) -> Result<(), Unmigrated> {
    let plan = schema::plan(&Schema::of(contract), conn).map_err(Unmigrated::Database)?;
    if !plan.drift.is_empty() {
        let list: Vec<String> = plan.drift.iter().map(|d| format!("\n  - {d}")).collect();
        let text = format!("the database and the contract differ:{}", list.concat());
        return Err(Unmigrated::Drift(text));
    }
    schema::apply(&plan, conn).map_err(Unmigrated::Database)
}

/// The writing connection.
fn writing(path: &Path, durability: Durability, allowance: &Allowance) -> rusqlite::Result<Connection> {
    let mut conn = Connection::open(path)?;
    conn.busy_timeout(BUSY)?;
    configure(&conn)?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Process => "NORMAL",
    };
    // The writer checkpoints by itself, after it has answered.
    conn.execute_batch(&format!(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA wal_autocheckpoint=0;
         PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-32768; PRAGMA mmap_size=268435456;",
    ))?;
    conn.set_prepared_statement_cache_capacity(PREPARED_MAX);
    let allowance = allowance.clone();
    conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || allowance.must_stop()))?;
    Ok(conn)
}

/// A connection that only reads.
fn reading(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch("PRAGMA query_only=1")?;
    Ok(conn)
}

/// What statements that write rely on, also where they are only checked.
pub(crate) fn configure(conn: &Connection) -> rusqlite::Result<()> {
    // Rows that REPLACE removes have their event only with recursive triggers. What is sorted or grouped and does not fit
    // into a connection's cache goes into a temporary file: in memory it would have no bound.
    conn.execute_batch("PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA temp_store=FILE;")?;
    // A misspelt "column" is an error, not a text.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // No value that a statement makes is larger, whatever it is made of.
    conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    // Keeps prepared statements prepared whatever is bound to them.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    functions::register(conn)
}
