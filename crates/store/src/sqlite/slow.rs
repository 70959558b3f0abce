//! The threads for reads that proved long.

use crate::face::{Error, Options};
use crate::functions;
use crate::read::failure;
use rusqlite::Connection;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// Virtual-machine steps between two looks at the clock; some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;

/// The threads.
#[derive(Debug)]
pub(super) struct SlowReaders {
    /// `None` only while it is dropped.
    queue: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl SlowReaders {
    /// Starts them, each with a connection.
    pub fn start(
        options: &Options,
        open: impl Fn() -> rusqlite::Result<Connection>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(options.queue_reads_max.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::new();
        for _ in 0..options.slow_readers.max(1) {
            let conn = open().map_err(std::io::Error::other)?;
            let jobs = Arc::clone(&jobs);
            let thread = std::thread::Builder::new().name("septet-reader".to_owned());
            threads.push(thread.spawn(move || serve(conn, &jobs))?);
        }
        Ok(Self { queue: Some(queue), threads })
    }

    /// Adds a job, if there is room.
    pub fn queue(&self, job: Job) -> Result<(), Error> {
        let gone = Error::Unavailable("the readers have ended");
        match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(Error::Unavailable("too many long reads are waiting")),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(gone),
        }
    }
}

impl Drop for SlowReaders {
    /// Ends the threads. Nobody waits for their jobs any more, so those stop at once.
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // It catches the panics of jobs.
            let _ = thread.join();
        }
    }
}

/// A read to do, until then or until nobody waits for it.
pub(super) struct Job {
    deadline: Instant,
    cancelled: Arc<AtomicBool>,
    /// Does it and says how it went; or says why it cannot be done.
    work: Work,
}

type Work = Box<dyn FnOnce(Result<&Connection, Error>) + Send>;

impl Job {
    /// A job, and its outcome to be awaited. When the outcome is dropped, the job is cancelled.
    pub fn new<T: Send + 'static>(
        deadline: Instant,
        work: impl Fn(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> (Self, impl Future<Output = Result<T, Error>>) {
        let cancelled = Arc::new(AtomicBool::new(false));
        let (done, outcome) = oneshot::channel();
        // When nobody waits any more, nobody is told.
        let work: Work = Box::new(move |conn| drop(done.send(conn.and_then(work))));
        let guard = CancelOnDrop(Arc::clone(&cancelled));
        let outcome = async move {
            let _guard = guard;
            let lost = |_| Err(Error::Internal("a read ended without an outcome".to_owned()));
            outcome.await.unwrap_or_else(lost)
        };
        (Self { deadline, cancelled, work }, outcome)
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Runs it in a transaction of its own.
    fn run(self, conn: &mut Connection) {
        if self.is_cancelled() {
            return;
        }
        if Instant::now() >= self.deadline {
            return (self.work)(Err(Error::Timeout));
        }
        let Self { deadline, cancelled, work } = self;
        let must_stop = move || cancelled.load(Ordering::Relaxed) || Instant::now() >= deadline;
        let begun = conn.execute_batch("BEGIN");
        functions::watch(must_stop.clone());
        match begun.and_then(|()| conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(must_stop))) {
            Ok(()) => work(Ok(conn)),
            Err(error) => work(Err(failure(error))),
        }
    }
}

struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does jobs until the queue is closed.
fn serve(mut conn: Connection, jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A panic fails its own read, which learns that there is no outcome, and no other.
        let _ = catch_unwind(AssertUnwindSafe(|| job.run(&mut conn)));
        if clean(&mut conn).is_err() {
            return;
        }
    }
}

/// Leaves nothing of a job on a connection.
fn clean(conn: &mut Connection) -> rusqlite::Result<()> {
    functions::unwatch();
    conn.progress_handler(0, None::<fn() -> bool>)?;
    match conn.is_autocommit() {
        true => Ok(()),
        false => conn.execute_batch("ROLLBACK"),
    }
}
