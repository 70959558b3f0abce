//! The embedded database: one file, many reading connections, one writing one.

pub(crate) mod allowance;
pub(crate) mod backup;
mod flow;
mod inline;
pub(crate) mod open;
mod proved;
pub(crate) mod reader;
mod slice;
mod slow;
pub(crate) mod writer;

use crate::face::Place;
use crate::schema::Cleaned;
use crate::storage::Health;
use contract::Contract;
pub use flow::Flow;
pub(crate) use proved::Proved;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The database of one contract. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones of a store share. The fields are dropped in this order: the threads that use the file end
/// before a temporary file is removed.
#[derive(Debug)]
pub(crate) struct Inner {
    /// What the tables are made from.
    pub contract: Arc<Contract>,
    /// The one thread that writes.
    pub writer: writer::Writer,
    /// The threads that read.
    pub readers: reader::Readers,
    /// What reads and writes have shown of the file.
    pub health: Health,
    /// What was removed when it was opened.
    pub cleaned: Cleaned,
    /// The file.
    pub database: Database,
}

impl Drop for Inner {
    /// A snapshot held by this very thread would keep the writer from its last checkpoint.
    fn drop(&mut self) {
        self.readers.close_thread();
    }
}

/// The number of commits so far. The writer adds one after each COMMIT and before it answers anybody, so a
/// read that starts after an acknowledged write sees another number than its snapshot's and renews it.
#[derive(Debug, Default)]
pub(crate) struct Generation(AtomicU64);

impl Generation {
    /// A commit was made.
    pub fn advance(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    /// The number of commits so far.
    pub fn current(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// The file of a database.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    kept: Kept,
}

/// What becomes of a database file when the store is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Always,
    /// A database "in memory" is a file in the temporary directory: the write-ahead log needs one.
    WhileOpen,
}

static TEMPORARY: AtomicU64 = AtomicU64::new(0);

impl Database {
    /// The file of a place, which need not be there yet.
    pub fn at(place: &Place) -> std::io::Result<Self> {
        Ok(match place {
            Place::File(path) => Self { path: path.clone(), kept: Kept::Always },
            Place::Memory => Self { path: temporary()?, kept: Kept::WhileOpen },
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes an empty file, which SQLite takes for a new database. `create_new` follows no link that somebody
/// else put into the shared directory.
fn temporary() -> std::io::Result<PathBuf> {
    let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let name = format!("septet-{}-{}-{number}.db", std::process::id(), since_epoch.as_nanos());
    let path = std::env::temp_dir().join(name);
    std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    Ok(path)
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kept == Kept::WhileOpen {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = self.path.clone().into_os_string();
                name.push(suffix);
                // It may never have been made; there is nobody to tell otherwise.
                let _ = std::fs::remove_file(name);
            }
        }
    }
}
