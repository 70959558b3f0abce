//! The end of the outbox: by age and by bytes, the oldest events first, a few at a time.

use rusqlite::{Connection, Result};
use std::time::{Duration, Instant};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Rows that one look removes at the least, if there are so many to remove; otherwise twice what has come since the last.
const REMOVED_MIN: usize = 200;
/// Rows that one look removes at the most.
const REMOVED_MAX: usize = 4096;

/// How much of the outbox is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxKept {
    /// Seconds that an event is kept at the most.
    pub keep_s: u32,
    /// Bytes of all events at the most.
    pub bytes_max: u64,
}

/// How much the outbox holds, and when it is looked at next. Only the writer changes it, so what it counts is right.
#[derive(Debug)]
pub(crate) struct Retention {
    kept: OutboxKept,
    /// The last event that is counted.
    last: i64,
    bytes: u64,
    look_at: Instant,
}

/// Bytes of a row. Texts are not read for it: how long they are stands at the row's beginning.
const BYTES: &str = "100 + octet_length(type) + IFNULL(octet_length(resource), 0) + IFNULL(octet_length(key), 0) \
    + IFNULL(octet_length(before), 0) + IFNULL(octet_length(after), 0)";

impl Retention {
    /// Counts what is there.
    pub fn of(conn: &Connection, kept: OutboxKept) -> Result<Self> {
        let mut retention = Self { kept, last: 0, bytes: 0, look_at: Instant::now() };
        retention.count(conn)?;
        Ok(retention)
    }

    /// Removes some of what has been kept for long enough, or is too much. To be called within a transaction.
    pub fn tend(&mut self, conn: &Connection) -> Result<()> {
        let moment = Instant::now();
        if moment < self.look_at {
            return Ok(());
        }
        self.look_at = moment + LOOK_EVERY;
        let come = self.count(conn)?;
        self.remove(conn, (come * 2).clamp(REMOVED_MIN, REMOVED_MAX))
    }

    /// What was counted may not be there: the transaction was lost.
    pub fn lost(&mut self) {
        (self.last, self.bytes) = (0, 0);
    }

    /// Counts what has come since; how many rows that were.
    fn count(&mut self, conn: &Connection) -> Result<usize> {
        let sql = format!(
            "SELECT COUNT(*), IFNULL(SUM({BYTES}), 0), IFNULL(MAX(seq), ?1) FROM _septet_outbox WHERE seq > ?1"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let (rows, bytes, last): (i64, i64, i64) =
            statement.query_row([self.last], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        self.bytes += u64::try_from(bytes).unwrap_or_default();
        self.last = last;
        Ok(usize::try_from(rows).unwrap_or_default())
    }

    fn remove(&mut self, conn: &Connection, rows_max: usize) -> Result<()> {
        let sql = format!(
            "SELECT seq, {BYTES}, at < strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', ?1) FROM _septet_outbox ORDER BY seq LIMIT ?2"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let age = format!("-{} seconds", self.kept.keep_s);
        let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
        let mut rows = statement.query((age, rows_max))?;
        let (mut up_to, mut left) = (None, self.bytes);
        while let Some(row) = rows.next()? {
            let is_old: bool = row.get(2)?;
            if !is_old && left <= self.kept.bytes_max {
                break;
            }
            left = left.saturating_sub(u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default());
            up_to = Some(row.get::<_, i64>(0)?);
        }
        let Some(up_to) = up_to else { return Ok(()) };
        conn.prepare_cached("DELETE FROM _septet_outbox WHERE seq <= ?1")?.execute([up_to])?;
        self.bytes = left;
        Ok(())
    }
}
