//! Whether the file with the data can be read and written.

use rusqlite::{Connection, ErrorCode};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How long a probe waits for another writer: one that writes shows that writing is possible.
const PROBE_BUSY: Duration = Duration::from_millis(100);

/// Bytes that a probe writes: where a few fit by chance, many writes still do not.
const PROBE_BYTES: usize = 256 << 10;

/// What is wrong with the disk or the file. Coming again does not help until somebody has mended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StorageFault {
    /// There is no room on the disk.
    Full,
    /// The file or its folder cannot be written.
    ReadOnly,
    /// Reading or writing the file fails.
    Io,
    /// The file is not, or no longer, a whole database.
    Damaged,
}

impl StorageFault {
    /// All of them, for tables.
    pub const ALL: [Self; 4] = [Self::Full, Self::ReadOnly, Self::Io, Self::Damaged];

    /// What an SQLite error says of the storage, if it is about it.
    pub(crate) fn of(code: ErrorCode) -> Option<Self> {
        match code {
            ErrorCode::DiskFull => Some(Self::Full),
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some(Self::ReadOnly),
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => Some(Self::Io),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(Self::Damaged),
            // SQLite's set is open; nothing else in it is about the disk.
            _ => None,
        }
    }

    /// What is wrong, for everybody.
    pub fn text(self) -> &'static str {
        match self {
            Self::Full => "the disk is full",
            Self::ReadOnly => "the database is read-only",
            Self::Io => "the disk fails",
            Self::Damaged => "the database is damaged",
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Full => 1,
            Self::ReadOnly => 2,
            Self::Io => 3,
            Self::Damaged => 4,
        }
    }
}

impl fmt::Display for StorageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// What was last learned of the storage.
#[derive(Debug, Default)]
pub(crate) struct Health(AtomicU8);

impl Health {
    /// What is wrong, if anything is.
    pub fn fault(&self) -> Option<StorageFault> {
        let number = self.0.load(Ordering::Relaxed);
        StorageFault::ALL.into_iter().find(|fault| fault.number() == number)
    }

    /// It failed. A damaged file stays damaged until the server starts anew.
    pub fn failed(&self, fault: StorageFault) {
        if self.fault() != Some(StorageFault::Damaged) {
            self.0.store(fault.number(), Ordering::Relaxed);
        }
    }

    /// Something was written. That one part of a damaged file works says nothing of the others.
    pub fn written(&self) {
        if self.fault().is_some_and(|fault| fault != StorageFault::Damaged) {
            self.0.store(0, Ordering::Relaxed);
        }
    }
}

/// Writes a row of the store's own and takes it away again, with a connection of its own.
pub(crate) fn probe(path: &Path, health: &Health) {
    let tried = Connection::open(path).and_then(|conn| {
        conn.busy_timeout(PROBE_BUSY)?;
        // Copying the log is the writer's: what little room there is would go to that.
        conn.execute_batch("PRAGMA wal_autocheckpoint=0")?;
        // Two hexadecimal digits stand for a byte.
        let text = format!("hex(zeroblob({}))", PROBE_BYTES / 2);
        conn.execute_batch(&format!("INSERT OR REPLACE INTO _septet_meta VALUES ('probe', {text})"))?;
        conn.execute_batch("DELETE FROM _septet_meta WHERE name = 'probe'")
    });
    match tried.map_err(|error| error.sqlite_error_code()) {
        Ok(()) => health.written(),
        Err(code) => code.and_then(StorageFault::of).into_iter().for_each(|fault| health.failed(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_mends_all_but_damage() {
        for fault in StorageFault::ALL {
            let health = Health::default();
            assert_eq!(health.fault(), None);
            health.failed(fault);
            assert_eq!(health.fault(), Some(fault));
            health.written();
            let stays = fault == StorageFault::Damaged;
            assert_eq!(health.fault(), stays.then_some(fault));
        }
        let health = Health::default();
        health.failed(StorageFault::Damaged);
        health.failed(StorageFault::Full);
        assert_eq!(health.fault(), Some(StorageFault::Damaged));
    }
}
