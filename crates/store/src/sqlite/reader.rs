//! Reading: on the calling thread while it is short, on a few threads kept for it when it proves long.
//!
//! Each thread has a connection of its own with a read transaction that stays open from read to read, which
//! saves the system calls that begin one. It is renewed when there has been a commit since, so that a read
//! that starts after a write was acknowledged sees it, and after [`RENEW_AFTER`], so that the write-ahead log
//! can be reset. A thread that goes to sleep must end it: [`Readers::release_thread`].

use super::Generation;
use super::flow::Flow;
use super::inline::{self, Limits};
use super::open::{BUSY, configure};
use super::proved::Proved;
use super::slow::{Job, Sharing, SlowReaders};
use crate::face::{Bounds, Error, Options, Reply};
use crate::read::{Gathering, Kept, Pouring, ReadPlan, failure, pipe, run_kept};
use rusqlite::{Connection, OpenFlags};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use wire::{Format, Value};

/// After this long a held snapshot is given up for a new one.
const RENEW_AFTER: Duration = Duration::from_millis(100);
/// KiB of pages that a reading connection keeps of what is not mapped into memory.
const CACHE_KIB: u32 = 8192;
/// The same where rows are read one after another, each once, and many such connections may be open.
const STREAM_CACHE_KIB: u32 = 1024;
/// Statements kept prepared by each reading connection.
const PREPARED_MAX: usize = 256;

thread_local! {
    /// This thread's connections, one for each store it has read from.
    static THREAD: RefCell<Vec<ThreadReader>> = const { RefCell::new(Vec::new()) };
}

/// All that reads.
#[derive(Debug)]
pub(crate) struct Readers {
    shared: Arc<Shared>,
    slow: SlowReaders,
    /// Those of replies that are taken piece by piece, who wait for their takers.
    streaming: SlowReaders,
    /// What gathers of such replies.
    gathering: Arc<Gathering>,
}

/// What a thread needs to know to make its connection.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    generation: Arc<Generation>,
    inline_steps_max: u32,
}

impl Readers {
    /// The number of commits that they look at.
    pub fn generation(&self) -> &Arc<Generation> {
        &self.shared.generation
    }

    /// Those of a file. All open their connections when they first read.
    pub fn new(path: &Path, options: &Options, generation: &Arc<Generation>) -> Self {
        let shared = Shared {
            path: path.to_owned(),
            generation: Arc::clone(generation),
            inline_steps_max: options.inline_steps_max,
        };
        let readers = |threads, sharing, cache_kib| {
            let path = path.to_owned();
            let open = Box::new(move || open(&path, cache_kib));
            SlowReaders::new(threads, options.queue_reads_max, sharing, open)
        };
        let slow = readers(options.slow_readers, Sharing::Slices, CACHE_KIB);
        let streaming = readers(options.stream_readers, Sharing::Whole, STREAM_CACHE_KIB);
        let gathering = Gathering::new(options.gathered_bytes_max);
        Self { shared: Arc::new(shared), slow, streaming, gathering }
    }

    /// Runs a read.
    pub async fn read(
        &self,
        plan: &Arc<ReadPlan>,
        params: Vec<Value>,
        format: Format,
        bounds: Bounds,
    ) -> Result<Reply, Error> {
        let own = Arc::clone(plan);
        let reply_bytes_max = bounds.reply_bytes_max;
        self.run_kept(&plan.proved, bounds, move |conn, kept| {
            run_kept(conn, kept, &own, &params, format, reply_bytes_max)
        })
        .await
    }

    /// Counts.
    pub async fn count(
        &self,
        plan: &Arc<ReadPlan>,
        params: Vec<Value>,
        bounds: Bounds,
    ) -> Result<u64, Error> {
        Ok(self.read(plan, params, Format::Json, bounds).await?.rows)
    }

    /// Does something that only reads, in one snapshot, with the statements that the thread has kept: here if it is
    /// short, and otherwise once more from its beginning on another thread. It is given up at the deadline, or when the
    /// future is dropped.
    pub async fn run_kept<T: Send + 'static>(
        &self,
        proved: &Proved,
        bounds: Bounds,
        work: impl for<'c> Fn(&'c Connection, &mut Kept<'c>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self.here(proved, bounds.deadline, &work)? {
            Some(done) => Ok(done),
            // In a box: what waits is rare, and every read's future would have room for it otherwise.
            None => Box::pin(self.elsewhere(bounds, work)).await,
        }
    }

    /// Does something that only reads, in one snapshot that is begun now, on another thread.
    pub async fn elsewhere<T: Send + 'static>(
        &self,
        bounds: Bounds,
        work: impl for<'c> Fn(&'c Connection, &mut Kept<'c>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (job, outcome) = Job::new(bounds, move |conn| work(conn, &mut Kept::default()));
        self.slow.queue(job)?;
        outcome.await
    }

    /// Does something that only reads as [`Readers::run_kept`] does, and gives its reply in pieces where it is long.
    pub fn flow(
        &self,
        proved: &Proved,
        bounds: Bounds,
        work: impl for<'c> Fn(&'c Connection, &mut Kept<'c>, Option<&Pouring<'_>>) -> Result<Reply, Error>
        + Send
        + 'static,
    ) -> Result<Flow, Error> {
        let deadline = bounds.deadline;
        if let Some(reply) = self.here(proved, deadline, |conn, kept| work(conn, kept, None))? {
            return Ok(Flow::whole(reply));
        }
        let (outlet, inlet) = pipe();
        let (load, gathering) = (Arc::clone(self.streaming.load()), Arc::clone(&self.gathering));
        let (job, outcome) = Job::new(bounds, move |conn| {
            let is_wanted = || load.is_too_much();
            let pouring = outlet.pouring(patience(deadline), &gathering, &is_wanted);
            let result = work(conn, &mut Kept::default(), Some(&pouring));
            match result {
                Ok(reply) => Ok((reply, pouring.into_share())),
                Err(Error::TooLarge) if pouring.is_gathering() => Err(Error::TooSlow),
                Err(error) => Err(error),
            }
        });
        self.streaming.queue(job)?;
        Ok(Flow::pieces(inlet, Box::pin(outcome)))
    }

    /// Does it on this thread; `None` where it is, or has proved to be, too long for that.
    fn here<T>(
        &self,
        proved: &Proved,
        deadline: Instant,
        work: impl for<'c> Fn(&'c Connection, &mut Kept<'c>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if proved.is_long() {
            return Ok(None);
        }
        let done = self.inline(deadline, work)?;
        if done.is_none() {
            proved.was_long();
        }
        Ok(done)
    }

    /// Runs on this thread; `None` when it takes more steps than it may here.
    fn inline<T>(
        &self,
        deadline: Instant,
        work: impl for<'c> Fn(&'c Connection, &mut Kept<'c>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        THREAD.with_borrow_mut(|readers| {
            let at = place(readers, &self.shared)?;
            let outcome = readers[at].read(&self.shared, deadline, work);
            if matches!(outcome, Err(Failed::Connection(_))) {
                readers.swap_remove(at);
            }
            match outcome {
                Ok(done) => Ok(Some(done)),
                Err(Failed::TooLong) => Ok(None),
                Err(Failed::Work(error) | Failed::Connection(error)) => Err(error),
            }
        })
    }

    /// Closes the calling thread's connection.
    pub fn close_thread(&self) {
        // The thread may be at its end, and its connections closed already.
        let _ = THREAD.try_with(|readers| {
            let mut readers = readers.borrow_mut();
            position(&readers, &self.shared).map(|at| readers.swap_remove(at))
        });
    }

    /// Ends the calling thread's held snapshot.
    pub fn release_thread(&self) {
        THREAD.with_borrow_mut(|readers| {
            let Some(at) = position(readers, &self.shared) else { return };
            if readers[at].end().is_err() {
                readers.swap_remove(at);
            }
        });
    }
}

/// How long a reader waits for those who take its reply: there must be time to read on, and to gather the rest.
fn patience(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()) / 2
}

/// Where this thread's connection to a store is in its list. A connection to a store that is gone is closed
/// when another one is opened.
fn place(readers: &mut Vec<ThreadReader>, shared: &Arc<Shared>) -> Result<usize, Error> {
    if let Some(at) = position(readers, shared) {
        return Ok(at);
    }
    readers.retain(|reader| reader.store.strong_count() > 0);
    readers.push(ThreadReader::new(shared).map_err(failure)?);
    Ok(readers.len() - 1)
}

/// (The address is not used again while there is a weak reference to it.)
fn position(readers: &[ThreadReader], shared: &Arc<Shared>) -> Option<usize> {
    readers.iter().position(|reader| reader.store.as_ptr() == Arc::as_ptr(shared))
}

/// A thread's connection.
#[derive(Debug)]
struct ThreadReader {
    store: Weak<Shared>,
    reading: Reading,
    snapshot: Option<Snapshot>,
}

self_cell::self_cell!(
    /// A connection and the statements kept prepared on it.
    struct Reading {
        owner: Connection,
        #[covariant]
        dependent: Kept,
    }

    impl { Debug }
);

/// A read transaction that is held.
#[derive(Debug, Clone, Copy)]
struct Snapshot {
    /// The number of commits when it began, at the least.
    generation: u64,
    since: Instant,
}

/// Why a thread's read did not come to its end.
enum Failed {
    /// It takes too many steps for this thread.
    TooLong,
    /// It failed.
    Work(Error),
    /// The connection did, and is not to be used again.
    Connection(Error),
}

impl ThreadReader {
    fn new(shared: &Arc<Shared>) -> rusqlite::Result<Self> {
        let mut conn = open(&shared.path, CACHE_KIB)?;
        inline::watch(&mut conn, shared.inline_steps_max)?;
        let reading = Reading::new(conn, |_| Kept::default());
        Ok(Self { store: Arc::downgrade(shared), reading, snapshot: None })
    }

    fn read<T>(
        &mut self,
        shared: &Shared,
        deadline: Instant,
        work: impl for<'c> Fn(&'c Connection, &mut Kept<'c>) -> Result<T, Error>,
    ) -> Result<T, Failed> {
        let now = Instant::now();
        if now >= deadline {
            return Err(Failed::Work(Error::Timeout));
        }
        let connection = |error| Failed::Connection(failure(error));
        self.renew(shared.generation.current(), now).map_err(connection)?;
        let limits = Limits::set(now, deadline, shared.inline_steps_max);
        let outcome = self.reading.with_dependent_mut(work);
        let exhausted = limits.clear();
        outcome.or_else(|error| {
            self.end().map_err(connection)?;
            Err(if exhausted { Failed::TooLong } else { Failed::Work(error) })
        })
    }

    /// Begins a new snapshot where the one that is held is too old. Its transaction sees the database as of
    /// its first statement, so it is never older than the generation that was read before.
    fn renew(&mut self, generation: u64, now: Instant) -> rusqlite::Result<()> {
        let fresh = |held: Snapshot| held.generation == generation && now - held.since < RENEW_AFTER;
        if self.snapshot.is_some_and(fresh) {
            return Ok(());
        }
        self.end()?;
        self.reading.borrow_owner().prepare_cached("BEGIN")?.execute([])?;
        self.snapshot = Some(Snapshot { generation, since: now });
        Ok(())
    }

    fn end(&mut self) -> rusqlite::Result<()> {
        if self.snapshot.take().is_some() {
            self.reading.borrow_owner().prepare_cached("COMMIT")?.execute([])?;
        }
        Ok(())
    }
}

/// A connection that reads.
fn open(path: &Path, cache_kib: u32) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    configure(&conn)?;
    conn.execute_batch(&format!(
        "PRAGMA query_only=1; PRAGMA mmap_size=268435456; PRAGMA cache_size=-{cache_kib};"
    ))?;
    conn.set_prepared_statement_cache_capacity(PREPARED_MAX);
    Ok(conn)
}
