//! Changes of what is in stock: one thread applies all the changes of a call in one transaction, or none of them.

use crate::grpc::proto::InventoryUpdate;
use crate::{database, reader};
use rusqlite::{Connection, OptionalExtension, Result};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;

/// Calls waiting to be written at the most; more are refused.
const QUEUE_MAX: usize = 64;

/// The way to the thread.
#[derive(Debug, Clone)]
pub struct Inventory(SyncSender<Job>);

/// The changes of a call and who waits for them to be on the disk.
struct Job {
    updates: Vec<InventoryUpdate>,
    done: oneshot::Sender<Outcome>,
}

/// How many changes were made, or why none was.
pub type Outcome = std::result::Result<usize, Refused>;

/// Why changes were not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no product of that id.
    Unknown,
    /// Fewer are in stock than are to be taken out.
    OutOfStock,
    /// Too much is waiting, or the database failed.
    Unavailable,
}

impl Inventory {
    /// Starts the thread.
    pub fn start(path: &Path) -> Result<Self> {
        let conn = database::writing(path)?;
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        std::thread::spawn(move || run(&conn, &jobs));
        Ok(Self(queue))
    }

    /// Makes the changes; they are on the disk when this returns how many they were.
    pub async fn change(&self, updates: Vec<InventoryUpdate>) -> Outcome {
        let (done, outcome) = oneshot::channel();
        self.0.try_send(Job { updates, done }).map_err(|_| Refused::Unavailable)?;
        outcome.await.unwrap_or(Err(Refused::Unavailable))
    }
}

fn run(conn: &Connection, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        let outcome = transaction(conn, &job.updates).unwrap_or(Err(Refused::Unavailable));
        reader::committed();
        // Who has stopped waiting is not told.
        let _ = job.done.send(outcome);
    }
}

fn transaction(conn: &Connection, updates: &[InventoryUpdate]) -> Result<Outcome> {
    let sql = |text: &str| conn.prepare_cached(text)?.execute([]);
    sql("BEGIN IMMEDIATE")?;
    let outcome = apply(conn, updates);
    let end = if matches!(outcome, Ok(Ok(_))) { "COMMIT" } else { "ROLLBACK" };
    if let Err(error) = sql(end) {
        if !conn.is_autocommit() {
            sql("ROLLBACK")?;
        }
        return Err(error);
    }
    outcome
}

fn apply(conn: &Connection, updates: &[InventoryUpdate]) -> Result<Outcome> {
    let mut change = conn.prepare_cached(
        "UPDATE product SET inventory = inventory + ?2 WHERE id = ?1 AND inventory + ?2 >= 0",
    )?;
    for update in updates {
        if change.execute((&update.product_id, update.quantity_change))? == 0 {
            return Ok(Err(why_not(conn, &update.product_id)?));
        }
    }
    Ok(Ok(updates.len()))
}

/// Which of the two things that a change needs is not so. Asked only then: mostly both are.
fn why_not(conn: &Connection, id: &str) -> Result<Refused> {
    let mut statement = conn.prepare_cached("SELECT 1 FROM product WHERE id = ?1")?;
    let found = statement.query_row([id], |_| Ok(())).optional()?;
    Ok(if found.is_some() { Refused::OutOfStock } else { Refused::Unknown })
}
