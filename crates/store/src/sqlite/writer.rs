//! The writing connection and its thread.
//!
//! Whatever has queued up while one group was committed is the next group: the busier it is, the more writes share
//! one flush to the disk, and a lone write waits for nobody. Callers take turns: the lane that has used the writer the
//! least is next, and its writes keep their order.

use super::Generation;
use super::allowance::Allowance;
use crate::face::{Error, Failed, Mutation, Options};
use crate::fair::{Bill, FairQueue, Put, QueueLimits, Taken};
use crate::functions;
use crate::read;
use crate::write::{self, Answered, Event, Group, Job, Ran, References, Retention, Turn};
use contract::Contract;
use rusqlite::Connection;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

/// Pages in the write-ahead log after which what no reader needs is copied into the database.
const CHECKPOINT_PAGES: u32 = 2_000;
/// Pages after which the writer waits for readers, so that the log begins anew instead of growing.
const RESTART_PAGES: u32 = 16_000;
/// How long it waits for them. Readers renew their snapshots several times as often.
const RESTART_WAIT: Duration = Duration::from_millis(500);
/// What a write takes, until it is known.
const WRITE_TIME: Duration = Duration::from_micros(100);

/// The one thread that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Arc<Queue>,
    /// `None` only while it is dropped.
    thread: Option<JoinHandle<()>>,
    /// What the outbox is read with.
    outbox: Mutex<Connection>,
}

/// Mutations that wait for the thread.
#[derive(Debug)]
struct Queue {
    state: Mutex<Waiting>,
    /// There is one, or there will be none.
    added: Condvar,
    waiting_max: usize,
    /// Those that were withdrawn since they were last looked for.
    withdrawn: AtomicUsize,
}

#[derive(Debug)]
struct Waiting {
    jobs: FairQueue<Job>,
    /// Whether the thread takes any: not before it has started, and not after its end.
    is_closed: bool,
}

impl Writer {
    /// Starts the thread on its connection; the outbox is read with another.
    pub fn start(
        conn: Connection,
        outbox: Connection,
        allowance: Allowance,
        contract: &Arc<Contract>,
        options: &Options,
        generation: &Arc<Generation>,
    ) -> std::io::Result<Self> {
        functions::check_own_sql(&conn, contract).map_err(std::io::Error::other)?;
        let queue = Arc::new(Queue::new(options.queue_writes_max));
        let retention = Retention::of(&conn, options.outbox).map_err(std::io::Error::other)?;
        let work = Loop {
            log: Log::of(conn).map_err(std::io::Error::other)?,
            allowance,
            contract: Arc::clone(contract),
            generation: Arc::clone(generation),
            group_writes_max: options.group_writes_max.max(1),
            hold_max: options.writer_hold_max,
            answer_steps_max: options.writer_answer_steps_max,
            retention: RefCell::new(retention),
        };
        let thread = std::thread::Builder::new().name("septet-writer".to_owned());
        let served = Served(Arc::clone(&queue));
        let thread = thread.spawn(move || work.run(&served.0))?;
        Ok(Self { queue, thread: Some(thread), outbox: Mutex::new(outbox) })
    }

    /// Makes changes: all or nothing, durable when it returns `Ok`. When the future is dropped, or the deadline passes,
    /// before its turn has come nothing is done; afterwards it is done all the same.
    pub async fn write(&self, mutation: Mutation, references: References) -> Result<Answered, Failed> {
        let deadline = mutation.bounds.deadline;
        let (done, outcome) = oneshot::channel();
        let turn = Arc::<Turn>::default();
        self.queue.put(Job { mutation, references, done, turn: Arc::clone(&turn) })?;
        let _withdrawal = Withdrawal { queue: &self.queue, turn: &turn };
        let lost = |_| Err(Failed::from(Error::Unavailable("the writer has ended")));
        let mut outcome = pin!(outcome);
        match timeout_at(deadline.into(), outcome.as_mut()).await {
            Ok(told) => told.unwrap_or_else(lost),
            Err(_) if turn.withdraw() => Err(Error::Timeout.into()),
            // It has begun, and ends at its own deadline at the latest: whether it is done is known soon.
            Err(_) => outcome.await.unwrap_or_else(lost),
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
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // It catches the panics of mutations; after any other there is nothing left to save.
            let _ = thread.join();
        }
    }
}

/// Withdraws a mutation when nobody waits for it any more, if its turn has not come.
struct Withdrawal<'a> {
    queue: &'a Queue,
    turn: &'a Turn,
}

impl Drop for Withdrawal<'_> {
    fn drop(&mut self) {
        if self.turn.withdraw() {
            self.queue.withdrawn.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Closes the queue when the thread ends, also by a panic: whoever waits learns that there is no outcome.
struct Served(Arc<Queue>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.close();
        let jobs = self.0.lock().jobs.drain();
        drop(jobs);
    }
}

impl Queue {
    fn new(waiting_max: usize) -> Self {
        let waiting_max = waiting_max.max(1);
        let jobs = FairQueue::new(QueueLimits { waiting_max, served_max: usize::MAX });
        let state = Mutex::new(Waiting { jobs, is_closed: false });
        Self { state, added: Condvar::new(), waiting_max, withdrawn: AtomicUsize::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.added.notify_all();
    }

    fn put(&self, job: Job) -> Result<(), Error> {
        let lane = job.mutation.bounds.lane;
        let mut state = self.lock();
        if state.is_closed {
            return Err(Error::Unavailable("the writer has ended"));
        }
        if state.jobs.len() >= self.waiting_max && self.withdrawn.swap(0, Ordering::Relaxed) > 0 {
            state.jobs.prune(|job| job.turn.is_withdrawn());
        }
        let put = state.jobs.put(lane, job, Instant::now());
        drop(state);
        let too_many = Error::Unavailable("too many writes are waiting");
        match put {
            Put::Waits => {}
            Put::InsteadOf(other) => drop(other.done.send(Err(too_many.into()))),
            Put::Refused(_) => return Err(too_many),
        }
        self.added.notify_one();
        Ok(())
    }

    /// The next mutations to be committed together, at least one; none when there will be none.
    fn take(&self, most: usize) -> Option<(Vec<Job>, Vec<Bill>)> {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.is_closed {
                return None;
            }
            state = self.added.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let (mut jobs, mut bills) = (Vec::new(), Vec::new());
        let now = Instant::now();
        while jobs.len() < most
            && let Some(taken) = state.jobs.take(WRITE_TIME, now)
        {
            let is_large = taken.item.is_large();
            if is_large && !jobs.is_empty() {
                state.jobs.give_back(taken, now);
                break;
            }
            jobs.push(taken.item);
            bills.push(taken.bill);
            if is_large {
                break;
            }
        }
        Some((jobs, bills))
    }

    /// Settles what has run, and puts the rest back where it was.
    fn settle(
        &self,
        ran: impl Iterator<Item = (Bill, Duration)>,
        rest: impl DoubleEndedIterator<Item = (Job, Bill)>,
    ) {
        let (mut state, now) = (self.lock(), Instant::now());
        ran.for_each(|(bill, took)| state.jobs.settle(bill, took, now));
        rest.rev().for_each(|(item, bill)| state.jobs.give_back(Taken { item, bill }, now));
    }
}

/// Looks of functions that are worth one between the database's steps, of which there are as many more between two.
const FUNCTION_LOOKS_PER_LOOK: u32 = 40;
/// Looks for one piece of work at the most.
const LOOKS_AT_ONCE_MAX: u32 = 1_000;

/// What the thread works with.
struct Loop {
    log: Log,
    allowance: Allowance,
    contract: Arc<Contract>,
    generation: Arc<Generation>,
    group_writes_max: usize,
    hold_max: Duration,
    answer_steps_max: u32,
    retention: RefCell<Retention>,
}

impl Loop {
    fn run(mut self, queue: &Queue) {
        let allowance = self.allowance.clone();
        let counted = Cell::new(0_u32);
        functions::watch(move |looks| {
            let all = counted.get().saturating_add(looks);
            counted.set(all % FUNCTION_LOOKS_PER_LOOK);
            let asked = (all / FUNCTION_LOOKS_PER_LOOK).min(LOOKS_AT_ONCE_MAX);
            (0..asked).any(|_| allowance.must_stop())
        });
        while let Some((jobs, bills)) = queue.take(self.group_writes_max) {
            self.commit(jobs, bills, queue);
        }
        self.log.close();
    }

    fn commit(&mut self, mut jobs: Vec<Job>, mut bills: Vec<Bill>, queue: &Queue) {
        let group = Group {
            conn: &self.log.conn,
            contract: &self.contract,
            allowance: &self.allowance,
            hold_max: self.hold_max,
            answer_steps_max: self.answer_steps_max,
            retention: &self.retention,
        };
        let ran = group.commit(&jobs);
        // Before anybody is answered: a reader that was told of a write must see it.
        self.generation.advance();
        let rest = jobs.split_off(ran.len()).into_iter().zip(bills.split_off(ran.len())).collect::<Vec<_>>();
        let times: Vec<Duration> = ran.iter().map(|ran| ran.took).collect();
        for (job, Ran { outcome, .. }) in jobs.into_iter().zip(ran) {
            // Who has stopped waiting is not told.
            let _ = job.done.send(outcome);
        }
        queue.settle(bills.into_iter().zip(times), rest.into_iter());
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
