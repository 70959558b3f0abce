//! The threads for reads that proved long.

use crate::face::Error;
use crate::functions;
use crate::read::failure;
use rusqlite::Connection;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// Virtual-machine steps between two looks at the clock; some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;

/// How a thread's connection is opened.
type Open = Box<dyn Fn() -> rusqlite::Result<Connection> + Send + Sync>;

/// The threads. One is started when there is a job that no other is there for.
pub(super) struct SlowReaders {
    /// `None` only while it is dropped.
    queue: Option<SyncSender<Job>>,
    jobs: Arc<Mutex<Receiver<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    load: Arc<Load>,
    open: Open,
}

impl std::fmt::Debug for SlowReaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlowReaders").field("load", &self.load).finish_non_exhaustive()
    }
}

/// What the threads have to do.
#[derive(Debug)]
pub(super) struct Load {
    /// Jobs that wait or run.
    jobs: AtomicUsize,
    threads_max: usize,
}

impl Load {
    /// Whether a job waits for a thread.
    pub fn is_too_much(&self) -> bool {
        self.jobs.load(Ordering::Relaxed) > self.threads_max
    }
}

impl SlowReaders {
    /// At most so many threads, and so many jobs that wait for one.
    pub fn new(threads_max: usize, queue_max: usize, open: Open) -> Self {
        let (queue, jobs) = sync_channel(queue_max.max(1));
        let load = Load { jobs: AtomicUsize::new(0), threads_max: threads_max.max(1) };
        Self {
            queue: Some(queue),
            jobs: Arc::new(Mutex::new(jobs)),
            threads: Mutex::default(),
            load: Arc::new(load),
            open,
        }
    }

    /// What they have to do.
    pub fn load(&self) -> &Arc<Load> {
        &self.load
    }

    /// Adds a job, if there is room.
    pub fn queue(&self, job: Job) -> Result<(), Error> {
        let jobs = self.load.jobs.fetch_add(1, Ordering::Relaxed) + 1;
        let queued = self.grow(jobs).and_then(|()| self.send(job));
        if queued.is_err() {
            self.load.jobs.fetch_sub(1, Ordering::Relaxed);
        }
        queued
    }

    fn send(&self, job: Job) -> Result<(), Error> {
        match self.queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => Err(Error::Unavailable("too many long reads are waiting")),
            Some(Err(TrySendError::Disconnected(_))) | None => {
                Err(Error::Unavailable("the readers have ended"))
            }
        }
    }

    /// Starts another thread where there are fewer than jobs. One whose connection failed has ended.
    fn grow(&self, jobs: usize) -> Result<(), Error> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| !thread.is_finished());
        if threads.len() >= jobs.min(self.load.threads_max) {
            return Ok(());
        }
        match self.start() {
            Ok(thread) => threads.push(thread),
            // The job waits for one of the others.
            Err(_) if !threads.is_empty() => {}
            Err(error) => return Err(Error::Internal(format!("a reader could not be started: {error}"))),
        }
        Ok(())
    }

    fn start(&self) -> std::io::Result<JoinHandle<()>> {
        let conn = (self.open)().map_err(std::io::Error::other)?;
        let (jobs, load) = (Arc::clone(&self.jobs), Arc::clone(&self.load));
        let thread = std::thread::Builder::new().name("septet-reader".to_owned());
        thread.spawn(move || serve(conn, &jobs, &load))
    }
}

impl Drop for SlowReaders {
    /// Ends the threads. Nobody waits for their jobs any more, so those stop at once.
    fn drop(&mut self) {
        self.queue = None;
        let threads = self.threads.get_mut().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
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
fn serve(mut conn: Connection, jobs: &Mutex<Receiver<Job>>, load: &Load) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A panic fails its own read, which learns that there is no outcome, and no other.
        let _ = catch_unwind(AssertUnwindSafe(|| job.run(&mut conn)));
        load.jobs.fetch_sub(1, Ordering::Relaxed);
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
