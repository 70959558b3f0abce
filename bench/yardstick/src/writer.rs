//! Writing: one thread owns the connection that writes.

use crate::posts::Post;
use crate::{database, reader};
use rusqlite::{Connection, Result};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;

/// Posts waiting to be written at the most; more are refused.
const QUEUE_MAX: usize = 8192;
/// Posts in one transaction at the most.
const GROUP_MAX: usize = 512;

/// What one transaction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// Whatever has queued up while the one before was committed.
    Group,
    /// One post.
    Single,
}

/// The way to the thread.
#[derive(Debug, Clone)]
pub struct Writer(SyncSender<Job>);

/// A post and who waits for it to be on the disk.
struct Job {
    post: Post,
    done: oneshot::Sender<Outcome>,
}

/// The post as it was written, or why it was not.
pub type Outcome = std::result::Result<Post, Refused>;

/// Why a post was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its author is not there.
    Conflict,
    /// Too much is waiting, or the database failed.
    Unavailable,
}

impl Writer {
    /// Starts the thread.
    pub fn start(path: &Path, commit: Commit) -> Result<Self> {
        let conn = database::writing(path)?;
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        std::thread::spawn(move || run(&conn, commit, &jobs));
        Ok(Self(queue))
    }

    /// Writes a post; it is on the disk when this returns it.
    pub async fn create(&self, post: Post) -> Outcome {
        let (done, outcome) = oneshot::channel();
        self.0.try_send(Job { post, done }).map_err(|_| Refused::Unavailable)?;
        outcome.await.unwrap_or(Err(Refused::Unavailable))
    }
}

fn run(conn: &Connection, commit: Commit, jobs: &Receiver<Job>) {
    let group_max = match commit {
        Commit::Group => GROUP_MAX,
        Commit::Single => 1,
    };
    let mut group = Vec::with_capacity(group_max);
    while let Ok(first) = jobs.recv() {
        group.push(first);
        group.extend(jobs.try_iter().take(group_max - 1));
        let written = transaction(conn, &group);
        reader::committed();
        let outcomes = written.unwrap_or_else(|_| vec![Err(Refused::Unavailable); group.len()]);
        for (job, outcome) in group.drain(..).zip(outcomes) {
            // Who has stopped waiting is not told.
            let _ = job.done.send(outcome.map(|()| job.post));
        }
    }
}

fn transaction(conn: &Connection, group: &[Job]) -> Result<Vec<std::result::Result<(), Refused>>> {
    let sql = |text: &str| conn.prepare_cached(text)?.execute([]);
    sql("BEGIN IMMEDIATE")?;
    // One statement is all or nothing by itself, and takes its event with it: the table's trigger writes that.
    let outcomes = group.iter().map(|job| job.post.insert(conn).map_err(refused)).collect();
    if let Err(error) = sql("COMMIT") {
        if !conn.is_autocommit() {
            sql("ROLLBACK")?;
        }
        return Err(error);
    }
    Ok(outcomes)
}

fn refused(error: rusqlite::Error) -> Refused {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => Refused::Conflict,
        _ => Refused::Unavailable,
    }
}
