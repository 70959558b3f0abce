//! The writing connection and its thread.
//!
//! Whatever has queued up while one group was committed is the next group: the busier it is, the more writes share
//! one flush to the disk, and a lone write waits for nobody.

use super::Generation;
use super::open::Deadline;
use crate::face::{Error, Failed, Mutation, Options, Written};
use crate::functions;
use crate::read;
use crate::write::{self, Event, Group, Job, References};
use contract::Contract;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Pages in the write-ahead log after which what no reader needs is copied into the database.
const CHECKPOINT_PAGES: u32 = 2_000;
/// Pages after which the writer waits for readers, so that the log begins anew instead of growing.
const RESTART_PAGES: u32 = 16_000;
/// How long it waits for them. Readers renew their snapshots several times as often.
const RESTART_WAIT: Duration = Duration::from_millis(500);

/// The one thread that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    /// `None` only while it is dropped.
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// What the outbox is read with.
    outbox: Mutex<Connection>,
}

impl Writer {
    /// Starts the thread on its connection; the outbox is read with another.
    pub fn start(
        conn: Connection,
        outbox: Connection,
        deadline: Deadline,
        contract: &Arc<Contract>,
        options: &Options,
        generation: &Arc<Generation>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(options.queue_writes_max);
        let (contract, generation) = (Arc::clone(contract), Arc::clone(generation));
        let group_writes_max = options.group_writes_max.max(1);
        let log = Log::of(conn).map_err(std::io::Error::other)?;
        let work = Loop { log, deadline, contract, generation, group_writes_max };
        let thread = std::thread::Builder::new().name("septet-writer".to_owned());
        let thread = thread.spawn(move || work.run(&jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), outbox: Mutex::new(outbox) })
    }

    /// Makes changes: all or nothing, durable when it returns `Ok`. When the future is dropped before its turn has come
    /// nothing is done; afterwards it is done all the same.
    pub async fn write(&self, mutation: Mutation, references: References) -> Result<Written, Failed> {
        let gone = || Failed::from(Error::Unavailable("the writer has ended"));
        let (done, outcome) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        match queue.try_send(Job { mutation, references, done }) {
            Ok(()) => outcome.await.unwrap_or_else(|_| Err(gone())),
            Err(TrySendError::Full(_)) => Err(Error::Unavailable("too many writes are waiting").into()),
            Err(TrySendError::Disconnected(_)) => Err(gone()),
        }
    }

    /// Events after a place in their order.
    pub fn events(&self, after_seq: i64, limit: u32) -> Result<Vec<Event>, Error> {
        let conn = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        write::events(&conn, after_seq, limit).map_err(read::failure)
    }
}

impl Drop for Writer {
    /// Ends the thread after what has queued up.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // It catches the panics of mutations; after any other there is nothing left to save.
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Loop {
    log: Log,
    deadline: Deadline,
    contract: Arc<Contract>,
    generation: Arc<Generation>,
    group_writes_max: usize,
}

impl Loop {
    fn run(mut self, jobs: &Receiver<Job>) {
        let deadline = self.deadline.clone();
        functions::watch(move || deadline.has_passed());
        let mut group = Vec::with_capacity(self.group_writes_max);
        while let Ok(first) = jobs.recv() {
            group.push(first);
            group.extend(jobs.try_iter().take(self.group_writes_max - 1));
            while !group.is_empty() {
                self.commit(group.drain(..Job::together(&group)).collect());
            }
        }
        self.log.close();
    }
}

impl Loop {
    fn commit(&mut self, jobs: Vec<Job>) {
        let group = Group { conn: &self.log.conn, contract: &self.contract, deadline: &self.deadline };
        let outcomes = group.commit(&jobs);
        // Before anybody is answered: a reader that was told of a write must see it.
        self.generation.advance();
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            // Who has stopped waiting is not told.
            let _ = job.done.send(outcome);
        }
        self.log.checkpoint();
    }
}

/// The connection with its write-ahead log.
struct Log {
    conn: Connection,
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    /// Pages at which the log is copied next.
    copy_at: u32,
    /// Pages at which readers are waited for next.
    restart_at: u32,
}

impl Log {
    fn of(mut conn: Connection) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&pages);
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count: i32| {
            seen.store(u32::try_from(count).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { conn, pages, copy_at: CHECKPOINT_PAGES, restart_at: RESTART_PAGES })
    }

    /// Copies the log into the database when it has grown. Failing leaves it as it is, for the next time.
    fn checkpoint(&mut self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < CHECKPOINT_PAGES {
            (self.copy_at, self.restart_at) = (CHECKPOINT_PAGES, RESTART_PAGES);
        } else if pages >= self.restart_at {
            // Not again before it has grown as much once more, if readers are in the way.
            self.restart_at = pages.saturating_add(RESTART_PAGES);
            let _ = self.conn.busy_timeout(RESTART_WAIT);
            let _ = self.run("PRAGMA wal_checkpoint(RESTART)");
            let _ = self.conn.busy_timeout(super::open::BUSY);
        } else if pages >= self.copy_at {
            self.copy_at = pages.saturating_add(CHECKPOINT_PAGES);
            let _ = self.run("PRAGMA wal_checkpoint(PASSIVE)");
        }
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.query_row([], |_| Ok(()))
    }

    /// Leaves a database that opens fast.
    fn close(self) {
        let _ = self.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
}
