//! Reading: each worker thread has a connection, and a read transaction that it keeps open from request to request.
//! That saves the system calls that begin one. It is renewed when there has been a commit, so that who was told of a
//! write sees it, and after a while, so that the write-ahead log can be reset.

use crate::database;
use rusqlite::{Connection, Result};
use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// After this long a snapshot is given up for a new one.
const RENEW_AFTER: Duration = Duration::from_millis(100);

/// Commits so far.
static COMMITS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static READER: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

struct Reader {
    conn: Connection,
    snapshot: Option<Snapshot>,
}

struct Snapshot {
    /// Commits when it began, at the least.
    commits: u64,
    since: Instant,
}

/// Says that there has been a commit; to be called before anybody is told of it.
pub fn committed() {
    COMMITS.fetch_add(1, Ordering::Release);
}

/// Reads with this thread's connection.
pub fn read<T>(path: &Path, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    READER.with_borrow_mut(|slot| {
        let reader = match slot.take() {
            Some(reader) => reader,
            None => Reader { conn: database::reading(path)?, snapshot: None },
        };
        // A connection that has failed is not put back: the next request opens another.
        let reader = reader.renewed()?;
        let outcome = work(&reader.conn);
        if outcome.is_ok() {
            *slot = Some(reader);
        }
        outcome
    })
}

/// Ends this thread's read transaction; to be called whenever it goes to sleep.
pub fn release() {
    READER.with_borrow_mut(|slot| {
        if let Some(reader) = slot.as_mut()
            && reader.snapshot.take().is_some()
            && reader.run("COMMIT").is_err()
        {
            *slot = None;
        }
    });
}

impl Reader {
    fn renewed(mut self) -> Result<Self> {
        let commits = COMMITS.load(Ordering::Acquire);
        if self.snapshot.as_ref().is_some_and(|s| s.commits == commits && s.since.elapsed() < RENEW_AFTER) {
            return Ok(self);
        }
        if self.snapshot.take().is_some() {
            self.run("COMMIT")?;
        }
        self.run("BEGIN")?;
        self.snapshot = Some(Snapshot { commits, since: Instant::now() });
        Ok(self)
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(drop)
    }
}
