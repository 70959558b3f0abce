//! Threads for reads that proved long, and for those whose replies are taken piece by piece.

use crate::face::Error;
use crate::functions;
use crate::read::failure;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Virtual-machine steps between two looks at the clock; some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;
/// A thread that has had nothing to do for so long ends, and with it go its connection and what its allocator keeps.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// How a thread's connection is opened.
type Open = Box<dyn Fn() -> rusqlite::Result<Connection> + Send + Sync>;

/// The threads. One is started when there is a job that no other is there for, and ends when there has been none for it
/// for long.
#[derive(Debug)]
pub(super) struct SlowReaders {
    shared: Arc<Shared>,
}

/// What the threads share.
struct Shared {
    state: Mutex<State>,
    /// There is a job, or there will be none.
    added: Condvar,
    load: Arc<Load>,
    queue_max: usize,
    idle_max: Duration,
    open: Open,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    /// Threads that take jobs, or are about to.
    serving: usize,
    /// Those that have been started and may not have ended.
    started: Vec<JoinHandle<()>>,
    /// There will be no more jobs.
    is_closed: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("load", &self.load).finish_non_exhaustive()
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
        Self::idle_for(IDLE_MAX, threads_max, queue_max, open)
    }

    fn idle_for(idle_max: Duration, threads_max: usize, queue_max: usize, open: Open) -> Self {
        let load = Arc::new(Load { jobs: AtomicUsize::new(0), threads_max: threads_max.max(1) });
        let (state, added, queue_max) = (Mutex::default(), Condvar::new(), queue_max.max(1));
        Self { shared: Arc::new(Shared { state, added, load, queue_max, idle_max, open }) }
    }

    /// What they have to do.
    pub fn load(&self) -> &Arc<Load> {
        &self.shared.load
    }

    /// Adds a job, if there is room.
    pub fn queue(&self, job: Job) -> Result<(), Error> {
        let shared = &self.shared;
        let mut state = shared.lock();
        if state.waiting.len() >= shared.queue_max {
            return Err(Error::Unavailable("too many long reads are waiting"));
        }
        let jobs = shared.load.jobs.fetch_add(1, Ordering::Relaxed) + 1;
        let is_another_wanted = state.serving < jobs.min(shared.load.threads_max);
        state.serving += usize::from(is_another_wanted);
        state.waiting.push_back(job);
        drop(state);
        shared.added.notify_one();
        if is_another_wanted && let Err(error) = self.start() {
            shared.leave(&Error::Internal(format!("a reader could not be started: {error}")));
        }
        Ok(())
    }

    fn start(&self) -> std::io::Result<()> {
        let conn = (self.shared.open)().map_err(std::io::Error::other)?;
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("septet-reader".to_owned());
        let thread = thread.spawn(move || serve(conn, &shared))?;
        let mut state = self.shared.lock();
        state.started.retain(|thread| !thread.is_finished());
        state.started.push(thread);
        Ok(())
    }
}

impl Drop for SlowReaders {
    /// Ends the threads. Nobody waits for their jobs any more, so those stop at once; one whose pieces somebody still has
    /// to take ends when its patience does.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        let started = std::mem::take(&mut state.started);
        drop(state);
        self.shared.added.notify_all();
        for thread in started {
            // It catches the panics of jobs.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job of a thread; `None` when it is to end, and is not counted on any more.
    fn next(&self) -> Option<Job> {
        let end = Instant::now() + self.idle_max;
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                return Some(job);
            }
            let left = end.saturating_duration_since(Instant::now());
            if state.is_closed || left.is_zero() {
                state.serving -= 1;
                return None;
            }
            state = self.added.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A thread cannot serve. Where there is no other, nobody would take the jobs that wait: they fail.
    fn leave(&self, error: &Error) {
        let mut state = self.lock();
        state.serving -= 1;
        let orphans = if state.serving == 0 { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        for job in orphans {
            (job.work)(Err(error.clone()));
            self.load.jobs.fetch_sub(1, Ordering::Relaxed);
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

/// Does jobs until there are none.
fn serve(mut conn: Connection, shared: &Shared) {
    while let Some(job) = shared.next() {
        // A panic fails its own read, which learns that there is no outcome, and no other.
        let _ = catch_unwind(AssertUnwindSafe(|| job.run(&mut conn)));
        shared.load.jobs.fetch_sub(1, Ordering::Relaxed);
        if clean(&mut conn).is_ok() {
            continue;
        }
        match (shared.open)() {
            Ok(another) => conn = another,
            Err(error) => return shared.leave(&failure(error)),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    fn in_memory() -> rusqlite::Result<Connection> {
        Connection::open_in_memory()
    }

    /// A job that ends when it is told to, and what tells it.
    fn held() -> (Job, mpsc::Sender<()>, impl Future<Output = Result<(), Error>>) {
        let (release, released) = mpsc::channel();
        let (job, outcome) = Job::new(Instant::now() + Duration::from_secs(60), move |_: &Connection| {
            let _ = released.recv();
            Ok(())
        });
        (job, release, outcome)
    }

    fn block<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn there_are_as_many_threads_as_jobs_and_idle_ones_end() {
        let readers = SlowReaders::idle_for(Duration::ZERO, 2, 10, Box::new(in_memory));
        for _ in 0..3 {
            let (jobs, rest): (Vec<_>, Vec<_>) =
                (0..3).map(|_| held()).map(|(job, release, outcome)| (job, (release, outcome))).unzip();
            jobs.into_iter().for_each(|job| readers.queue(job).unwrap());
            assert_eq!(readers.shared.lock().serving, 2);
            assert!(readers.load().is_too_much());
            for (release, outcome) in rest {
                drop(release);
                block(outcome).unwrap();
            }
            let started = std::mem::take(&mut readers.shared.lock().started);
            started.into_iter().for_each(|thread| thread.join().unwrap());
            let state = readers.shared.lock();
            assert_eq!((state.serving, state.waiting.len()), (0, 0));
        }
        assert_eq!(readers.load().jobs.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn jobs_for_which_there_is_no_thread_fail() {
        let readers = SlowReaders::new(2, 10, Box::new(|| Err(rusqlite::Error::InvalidQuery)));
        for _ in 0..3 {
            let (job, _release, outcome) = held();
            readers.queue(job).unwrap();
            assert!(matches!(block(outcome), Err(Error::Internal(_))));
        }
        assert_eq!(readers.load().jobs.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn more_jobs_than_may_wait_are_refused() {
        let readers = SlowReaders::new(1, 2, Box::new(in_memory));
        let (running, release, outcome) = held();
        readers.queue(running).unwrap();
        // It is no longer waiting when the thread has taken it.
        while !readers.shared.lock().waiting.is_empty() {
            std::thread::yield_now();
        }
        for _ in 0..2 {
            readers.queue(held().0).unwrap();
        }
        assert!(matches!(readers.queue(held().0), Err(Error::Unavailable(_))));
        drop(release);
        block(outcome).unwrap();
    }
}
