//! Copies of a database: made while it is in use, checked before they are believed.

use super::open::{BUSY, close_to_others, configure, configure_library};
use crate::schema;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Findings of a check that are told.
const FINDINGS_MAX: u32 = 10;

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSummary {
    /// The contract that the database belongs to, where it says so.
    pub contract: Option<String>,
    /// Tables of the contract's and their rows.
    pub tables: Vec<(String, u64)>,
    /// Its size.
    pub bytes: u64,
}

/// Why a copy was not made, or is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupError(pub String);

/// Writes a copy of one moment of a database, whoever reads and writes it meanwhile, and checks it. The copy appears under
/// its name when it is whole, durable and checked; it is readable by its owner alone.
///
/// # Errors
/// A file that is there already, a database that cannot be read, a copy that cannot be written or is not whole.
pub fn back_up(database: &Path, copy: &Path) -> Result<BackupSummary, BackupError> {
    configure_library();
    if copy.exists() {
        return Err(about(copy, "is there already"));
    }
    if !database.is_file() {
        return Err(about(database, "is not there"));
    }
    let draft = beside(copy, ".part");
    let _ = std::fs::remove_file(&draft);
    let made = write_copy(database, &draft).and_then(|()| check_backup(&draft)).and_then(|summary| {
        std::fs::rename(&draft, copy).and_then(|()| settle_folder(copy)).map_err(|e| about(copy, e))?;
        Ok(summary)
    });
    if made.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    made
}

fn write_copy(database: &Path, draft: &Path) -> Result<(), BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags).map_err(|e| about(database, e))?;
    let prepared = conn
        .busy_timeout(BUSY)
        .and_then(|()| configure(&conn))
        .and_then(|()| conn.execute_batch("PRAGMA query_only=0; PRAGMA synchronous=FULL;"));
    prepared.map_err(|e| about(database, e))?;
    // The file is there, and closed to others, before anything is in it.
    close_to_others(draft).map_err(|e| about(draft, e))?;
    let copied = conn.execute("VACUUM INTO ?1", [draft.to_string_lossy()]);
    copied.map_err(|e| about(draft, e))?;
    File::open(draft).and_then(|file| file.sync_all()).map_err(|e| about(draft, e))
}

/// Looks at every page, index and reference of a copy.
///
/// # Errors
/// What is wrong with it.
pub fn check_backup(copy: &Path) -> Result<BackupSummary, BackupError> {
    configure_library();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(copy, flags).map_err(|e| about(copy, e))?;
    configure(&conn).map_err(|e| about(copy, e))?;
    let findings = findings(&conn).map_err(|e| about(copy, e))?;
    if !findings.is_empty() {
        return Err(about(copy, format!("is damaged: {}", findings.join("; "))));
    }
    let summary = summary(&conn).map_err(|e| about(copy, e))?;
    let summary = summary.ok_or_else(|| about(copy, "is a database, but not one of a contract"))?;
    let bytes = std::fs::metadata(copy).map_err(|e| about(copy, e))?.len();
    Ok(BackupSummary { bytes, ..summary })
}

fn findings(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(&format!("PRAGMA integrity_check({FINDINGS_MAX})"))?;
    let found: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut findings: Vec<String> = found.into_iter().filter(|found| found != "ok").collect();
    let mut statement =
        conn.prepare(&format!("SELECT \"table\" FROM pragma_foreign_key_check LIMIT {FINDINGS_MAX}"))?;
    let dangling: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    findings.extend(dangling.into_iter().map(|table| format!("a row of `{table}` points to nothing")));
    Ok(findings)
}

fn summary(conn: &Connection) -> rusqlite::Result<Option<BackupSummary>> {
    let Some(found) = schema::found(conn)? else { return Ok(None) };
    let count = |table: String| {
        let sql = format!("SELECT count(*) FROM {}", schema::quote(&table));
        let rows: i64 = conn.query_row(&sql, [], |row| row.get(0))?;
        Ok((table, rows.unsigned_abs()))
    };
    let tables = found.tables.into_iter().map(count).collect::<rusqlite::Result<_>>()?;
    Ok(Some(BackupSummary { contract: found.contract, tables, bytes: 0 }))
}

/// Puts a copy in the place of a database that nobody has open, after checking it. What was there stays beside it, under
/// the name that is returned.
///
/// # Errors
/// A copy that is not to be believed, or files that cannot be written: the database is then as it was.
pub fn restore(
    copy: &Path,
    database: &Path,
    now: &str,
) -> Result<(BackupSummary, Option<PathBuf>), BackupError> {
    let summary = check_backup(copy)?;
    let draft = beside(database, ".part");
    let _ = std::fs::remove_file(&draft);
    let written = close_to_others(&draft).and_then(|()| {
        io::copy(&mut File::open(copy)?, &mut File::options().write(true).open(&draft)?)?;
        File::open(&draft)?.sync_all()
    });
    let replaced = written.map_err(|e| about(&draft, e)).and_then(|()| {
        let kept = if database.exists() { Some(set_aside(database, now)?) } else { None };
        std::fs::rename(&draft, database)
            .and_then(|()| settle_folder(database))
            .map_err(|e| about(database, e))?;
        Ok(kept)
    });
    if replaced.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    Ok((summary, replaced?))
}

/// Gives a database a second name. It keeps its own until the copy takes it, so that at no moment none is there: the
/// next start would take that for a new one.
fn set_aside(database: &Path, now: &str) -> Result<PathBuf, BackupError> {
    let kept = beside(database, &format!(".replaced-{now}"));
    // With its log copied into it the file is all there is. One that is damaged keeps its log beside it.
    let closed = Connection::open(database)
        .and_then(|conn| conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)));
    std::fs::hard_link(database, &kept).map_err(|e| about(&kept, e))?;
    for suffix in ["-wal", "-shm"] {
        let (log, kept) = (beside(database, suffix), beside(&kept, suffix));
        let moved = match (log.exists(), &closed) {
            (false, _) => Ok(()),
            (true, Ok(0)) => std::fs::remove_file(&log),
            (true, Ok(_) | Err(_)) => std::fs::rename(&log, &kept),
        };
        moved.map_err(|e| about(&log, e))?;
    }
    Ok(kept)
}

/// Makes the name of a file durable.
fn settle_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn about(path: &Path, what: impl std::fmt::Display) -> BackupError {
    BackupError(format!("{}: {what}", path.display()))
}
