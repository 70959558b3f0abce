//! Threads for reads that proved long, and for those whose replies are taken piece by piece.
//!
//! Callers take turns: the lane that has used the least time is served next. A read that can be begun anew has a thread
//! for a slice of time; one that wants more then goes on only where the thread is not needed for the first slices of
//! others, and while no other lane waits for such a place. Otherwise it is stopped and waits for its next slice, which is
//! several times as long, so that what was done in vain is a fraction of the whole. So a read of a slice or less never
//! waits for longer ones to end, whoever sends how many of them.

use super::slice::{self, Running, Stage};
use crate::face::{Bounds, Error};
use crate::fair::{Bill, FairQueue, Put, QueueLimits, Taken};
use crate::functions;
use crate::lane::Lane;
use crate::meter::Metering;
use crate::read::failure;
use rusqlite::Connection;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

/// Virtual-machine steps between two looks at the clock; some tens of microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;
/// A thread that has had nothing to do for so long ends, and with it go its connection and what its allocator keeps.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// The first slice of a read.
const SLICE: Duration = Duration::from_millis(250);
/// A read that was stopped has so many times as long next.
const SLICE_GROWTH: u32 = 4;

/// How a thread's connection is opened.
type Open = Box<dyn Fn() -> rusqlite::Result<Connection> + Send + Sync>;

/// How threads are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// A read has a thread for a slice, and begins anew when it has another.
    Slices,
    /// A read has its thread until it ends: what it has given cannot be given again.
    Whole,
}

/// The threads. One is started when there is a job that no other is there for, and ends when there has been none for it
/// for long.
#[derive(Debug)]
pub(super) struct SlowReaders {
    shared: Arc<Shared>,
}

/// What the threads share.
pub(super) struct Shared {
    state: Mutex<State>,
    /// There is a job, or there will be none.
    added: Condvar,
    load: Arc<Load>,
    sharing: Sharing,
    idle_max: Duration,
    open: Open,
}

struct State {
    /// Jobs that have not begun.
    fresh: FairQueue<Job>,
    /// Those that had a slice and want more.
    long: FairQueue<Job>,
    /// Threads at a job that wants more than its first slice.
    long_served: usize,
    long_served_max: usize,
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

/// A job that a thread has taken.
struct Turn {
    job: Job,
    bill: Bill,
    stage: Stage,
}

impl SlowReaders {
    /// Threads for so many long jobs, and so many jobs that wait. Where they are shared in slices there is one more, so
    /// that there is always one for first slices.
    pub fn new(threads: usize, queue_max: usize, sharing: Sharing, open: Open) -> Self {
        Self::idle_for(IDLE_MAX, threads, queue_max, sharing, open)
    }

    fn idle_for(idle_max: Duration, threads: usize, queue_max: usize, sharing: Sharing, open: Open) -> Self {
        let threads = threads.max(1);
        let (threads_max, served_max) = match sharing {
            Sharing::Slices => (threads + 1, threads),
            // A lane leaves some to the others: a quarter, and of a few one.
            Sharing::Whole => (threads, threads - (threads / 4).max(usize::from(threads > 1))),
        };
        let queue = |served_max| FairQueue::new(QueueLimits { waiting_max: queue_max, served_max });
        let state = State {
            fresh: queue(served_max),
            long: queue(threads),
            long_served: 0,
            long_served_max: threads,
            serving: 0,
            started: Vec::new(),
            is_closed: false,
        };
        let load = Arc::new(Load { jobs: AtomicUsize::new(0), threads_max });
        let (state, added) = (Mutex::new(state), Condvar::new());
        Self { shared: Arc::new(Shared { state, added, load, sharing, idle_max, open }) }
    }

    /// What they have to do.
    pub fn load(&self) -> &Arc<Load> {
        &self.shared.load
    }

    /// Adds a job, if there is room for it.
    pub fn queue(&self, job: Job) -> Result<(), Error> {
        let shared = &self.shared;
        let mut state = shared.lock();
        shared.prune(&mut state);
        let put = state.fresh.put(job.lane, job, Instant::now());
        let (is_added, given_up) = match put {
            Put::Waits => (true, None),
            Put::InsteadOf(other) => (true, Some(other)),
            Put::Refused(job) => (false, Some(job)),
        };
        let more = usize::from(is_added && given_up.is_none());
        let jobs = shared.load.jobs.fetch_add(more, Ordering::Relaxed) + more;
        let is_another_wanted = state.serving < jobs.min(shared.load.threads_max);
        state.serving += usize::from(is_another_wanted);
        drop(state);
        shared.added.notify_one();
        if is_another_wanted && let Err(error) = self.start() {
            shared.leave(&Error::Internal(format!("a reader could not be started: {error}")));
        }
        if let Some(mut given_up) = given_up {
            (given_up.work)(Err(too_many()));
        }
        if is_added { Ok(()) } else { Err(too_many()) }
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

fn too_many() -> Error {
    Error::Unavailable("too many long reads are waiting")
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

    /// Takes out jobs that nobody waits for.
    fn prune(&self, state: &mut State) {
        for queue in [&mut state.fresh, &mut state.long] {
            let before = queue.len();
            queue.prune(Job::is_cancelled);
            self.load.jobs.fetch_sub(before - queue.len(), Ordering::Relaxed);
        }
    }

    /// The next job of a thread; `None` when it is to end, and is not counted on any more.
    fn next(&self) -> Option<Turn> {
        let end = Instant::now() + self.idle_max;
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            if let Some(turn) = state.take(now) {
                return Some(turn);
            }
            let left = end.saturating_duration_since(now);
            if state.is_closed || left.is_zero() {
                state.serving -= 1;
                return None;
            }
            state = self.added.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether a job whose slice is over goes on on its thread.
    pub(super) fn may_go_on(&self, lane: Lane, stage: Stage) -> bool {
        let mut state = self.lock();
        let is_first = stage == Stage::First;
        if state.long.has_another(lane) || is_first && state.long_served >= state.long_served_max {
            return false;
        }
        state.long_served += usize::from(is_first);
        true
    }

    /// A job has run for a while: it has ended, or is to go on later.
    fn ran(&self, turn: Option<Turn>, bill: Bill, began_as: Stage, ended_as: Stage, took: Duration) {
        let now = Instant::now();
        let mut state = self.lock();
        match began_as {
            Stage::First => state.fresh.settle(bill, took, now),
            Stage::Later => state.long.settle(bill, took, now),
        }
        state.long_served -= usize::from(ended_as == Stage::Later);
        let given_up = match turn {
            None => None,
            Some(Turn { job, .. }) => match state.long.put(job.lane, job, now) {
                Put::Waits => {
                    drop(state);
                    self.added.notify_one();
                    return;
                }
                Put::InsteadOf(job) | Put::Refused(job) => Some(job),
            },
        };
        drop(state);
        self.load.jobs.fetch_sub(1, Ordering::Relaxed);
        // There may be another that has waited for this one's lane, or place.
        self.added.notify_one();
        if let Some(mut given_up) = given_up {
            (given_up.work)(Err(too_many()));
        }
    }

    /// A thread cannot serve. Where there is no other, nobody would take the jobs that wait: they fail.
    fn leave(&self, error: &Error) {
        let mut state = self.lock();
        state.serving -= 1;
        let orphans = match state.serving {
            0 => state.fresh.drain().into_iter().chain(state.long.drain()).collect(),
            _ => Vec::new(),
        };
        drop(state);
        for mut job in orphans {
            (job.work)(Err(error.clone()));
            self.load.jobs.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl State {
    fn take(&mut self, now: Instant) -> Option<Turn> {
        if self.long_served < self.long_served_max
            && let Some(Taken { item: job, bill }) = self.long.take(SLICE, now)
        {
            self.long_served += 1;
            return Some(Turn { job, bill, stage: Stage::Later });
        }
        let Taken { item: job, bill } = self.fresh.take(SLICE, now)?;
        Some(Turn { job, bill, stage: Stage::First })
    }
}

/// A read to do, until then or until nobody waits for it.
pub(super) struct Job {
    lane: Lane,
    deadline: Instant,
    cancelled: Arc<AtomicBool>,
    /// How long its next slice is.
    slice: Duration,
    /// Does it and says how it went; or says why it cannot be done.
    work: Work,
}

type Work = Box<dyn FnMut(Result<&Connection, Error>) -> Ran + Send>;

/// How a job left its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    /// Its outcome was told.
    Ended,
    /// It is to be begun anew.
    Stopped,
}

impl Job {
    /// A job, and its outcome to be awaited: that is there at the deadline at the latest, whether the job has begun or
    /// not. When the outcome is dropped, the job is cancelled.
    pub fn new<T, W>(bounds: Bounds, work: W) -> (Self, impl Future<Output = Result<T, Error>> + use<T, W>)
    where
        T: Send + 'static,
        W: Fn(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let Bounds { lane, deadline, meter, .. } = bounds;
        let cancelled = Arc::new(AtomicBool::new(false));
        let (done, outcome) = oneshot::channel();
        let mut done = Some(done);
        let work: Work = Box::new(move |conn| {
            let _metering = Metering::begin(&*meter);
            let result = conn.and_then(&work);
            if result.is_err() && slice::was_stopped() {
                return Ran::Stopped;
            }
            // When nobody waits any more, nobody is told.
            drop(done.take().map(|done| done.send(result)));
            Ran::Ended
        });
        let guard = CancelOnDrop(Arc::clone(&cancelled));
        let outcome = async move {
            let _guard = guard;
            match timeout_at(deadline.into(), outcome).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(Error::Internal("a read ended without an outcome".to_owned())),
                Err(_) => Err(Error::Timeout),
            }
        };
        (Self { lane, deadline, cancelled, slice: SLICE, work }, outcome)
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Runs it in a transaction of its own.
    fn run(&mut self, conn: &mut Connection) -> Ran {
        if self.is_cancelled() {
            return Ran::Ended;
        }
        if Instant::now() >= self.deadline {
            return (self.work)(Err(Error::Timeout));
        }
        let begun = conn.execute_batch("BEGIN");
        functions::watch(|_| slice::must_stop());
        match begun.and_then(|()| conn.progress_handler(STEPS_BETWEEN_LOOKS, Some(slice::must_stop))) {
            Ok(()) => (self.work)(Ok(conn)),
            Err(error) => (self.work)(Err(failure(error))),
        }
    }

    /// What it may use of its thread.
    fn running(&self, shared: &Arc<Shared>, stage: Stage) -> Running {
        let end = match shared.sharing {
            Sharing::Slices => Instant::now() + self.slice,
            Sharing::Whole => self.deadline,
        };
        let (lane, deadline) = (self.lane, self.deadline);
        let cancelled = Arc::clone(&self.cancelled);
        Running {
            shared: Arc::clone(shared),
            cancelled,
            lane,
            deadline,
            end,
            stage,
            slice: self.slice,
            stopped: false,
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
fn serve(mut conn: Connection, shared: &Arc<Shared>) {
    while let Some(mut turn) = shared.next() {
        let (bill, began_as, began) = (turn.bill, turn.stage, Instant::now());
        slice::begin(turn.job.running(shared, began_as));
        // A panic fails its own read, which learns that there is no outcome, and no other.
        let ran = catch_unwind(AssertUnwindSafe(|| turn.job.run(&mut conn))).unwrap_or(Ran::Ended);
        let ended_as = slice::end().unwrap_or(began_as);
        turn.job.slice *= SLICE_GROWTH;
        let again = (ran == Ran::Stopped).then_some(turn);
        shared.ran(again, bill, began_as, ended_as, began.elapsed());
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
    use tokio::task::yield_now;

    fn in_memory() -> rusqlite::Result<Connection> {
        Connection::open_in_memory()
    }

    fn bounds(lane: &str, time: Duration) -> Bounds {
        let (deadline, meter) = (Instant::now() + time, Arc::new(crate::meter::Unmetered));
        Bounds { deadline, reply_bytes_max: 0, meter, lane: Lane::of(lane) }
    }

    const LONG: Duration = Duration::from_secs(60);

    /// A job that ends when it is told to, and what tells it.
    fn held(lane: &str) -> (Job, mpsc::Sender<()>, impl Future<Output = Result<(), Error>> + use<>) {
        let (release, released) = mpsc::channel();
        let (job, outcome) = Job::new(bounds(lane, LONG), move |_: &Connection| {
            let _ = released.recv();
            Ok(())
        });
        (job, release, outcome)
    }

    /// A job that is never done, and looks at its limits as a statement does.
    fn endless(lane: &str, time: Duration) -> (Job, impl Future<Output = Result<(), Error>> + use<>) {
        Job::new(bounds(lane, time), |_: &Connection| {
            while !slice::must_stop() {
                std::thread::yield_now();
            }
            Err(Error::Timeout)
        })
    }

    fn short(lane: &str) -> (Job, impl Future<Output = Result<(), Error>> + use<>) {
        Job::new(bounds(lane, LONG), |_: &Connection| Ok(()))
    }

    fn sliced(threads: usize) -> SlowReaders {
        SlowReaders::new(threads, 100, Sharing::Slices, Box::new(in_memory))
    }

    #[tokio::test]
    async fn there_are_as_many_threads_as_jobs_and_idle_ones_end() {
        let readers = SlowReaders::idle_for(Duration::ZERO, 2, 10, Sharing::Whole, Box::new(in_memory));
        for _ in 0..3 {
            let (jobs, rest): (Vec<_>, Vec<_>) = ["a", "b", "c"]
                .map(held)
                .into_iter()
                .map(|(job, release, outcome)| (job, (release, outcome)))
                .unzip();
            jobs.into_iter().for_each(|job| readers.queue(job).unwrap());
            assert_eq!(readers.shared.lock().serving, 2);
            assert!(readers.load().is_too_much());
            // Which of them run first hangs on what their lanes have used before.
            let (releases, outcomes): (Vec<_>, Vec<_>) = rest.into_iter().unzip();
            drop(releases);
            for outcome in outcomes {
                outcome.await.unwrap();
            }
            let started = std::mem::take(&mut readers.shared.lock().started);
            started.into_iter().for_each(|thread| thread.join().unwrap());
            let state = readers.shared.lock();
            assert_eq!((state.serving, state.fresh.len()), (0, 0));
        }
        assert_eq!(readers.load().jobs.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn jobs_for_which_there_is_no_thread_fail() {
        let open = Box::new(|| Err(rusqlite::Error::InvalidQuery));
        let readers = SlowReaders::new(2, 10, Sharing::Slices, open);
        for _ in 0..3 {
            let (job, _release, outcome) = held("a");
            readers.queue(job).unwrap();
            assert!(matches!(outcome.await, Err(Error::Internal(_))));
        }
        assert_eq!(readers.load().jobs.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn more_jobs_than_may_wait_are_refused_to_those_who_have_most() {
        let readers = SlowReaders::new(1, 2, Sharing::Whole, Box::new(in_memory));
        let (running, release, outcome) = held("a");
        readers.queue(running).unwrap();
        // It is no longer waiting when the thread has taken it.
        while !readers.shared.lock().fresh.is_empty() {
            yield_now().await;
        }
        let [first, second] = ["a", "a"].map(held);
        readers.queue(first.0).unwrap();
        readers.queue(second.0).unwrap();
        let third = held("a");
        assert!(matches!(readers.queue(third.0), Err(Error::Unavailable(_))));
        // Another has room, and who has given up makes room.
        let (job, others) = short("b");
        readers.queue(job).unwrap();
        assert!(matches!(second.2.await, Err(Error::Unavailable(_))));
        drop(first.2);
        let (job, again) = short("a");
        readers.queue(job).unwrap();
        drop(release);
        outcome.await.unwrap();
        others.await.unwrap();
        again.await.unwrap();
    }

    #[tokio::test]
    async fn who_waits_is_answered_at_its_own_deadline() {
        let readers = SlowReaders::new(1, 10, Sharing::Whole, Box::new(in_memory));
        let (job, release, outcome) = held("a");
        readers.queue(job).unwrap();
        let (job, late) = endless("b", Duration::from_millis(20));
        readers.queue(job).unwrap();
        // The thread is still held by the other.
        assert_eq!(late.await, Err(Error::Timeout));
        drop(release);
        outcome.await.unwrap();
    }

    #[tokio::test]
    async fn a_short_read_does_not_wait_for_long_ones_to_end() {
        let readers = sliced(2);
        let mut long = Vec::new();
        for lane in ["a", "a", "a", "b", "b", "c"] {
            let (job, outcome) = endless(lane, LONG);
            readers.queue(job).unwrap();
            long.push(outcome);
        }
        for lane in ["d", "e", "f", "d"] {
            let (job, outcome) = short(lane);
            readers.queue(job).unwrap();
            tokio::time::timeout(Duration::from_secs(20), outcome).await.unwrap().unwrap();
        }
        drop(long);
    }

    #[tokio::test]
    async fn a_read_that_is_stopped_begins_anew_and_comes_to_its_end() {
        let readers = sliced(1);
        let (job, _endless) = endless("a", LONG);
        readers.queue(job).unwrap();
        // It wants more than one slice, and the place for such is taken until the other's next slice is over.
        let began = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&began);
        let (job, outcome) = Job::new(bounds("b", LONG), move |_: &Connection| {
            count.fetch_add(1, Ordering::Relaxed);
            let end = Instant::now() + 2 * SLICE;
            while Instant::now() < end {
                if slice::must_stop() {
                    return Err(Error::Timeout);
                }
            }
            Ok(())
        });
        readers.queue(job).unwrap();
        outcome.await.unwrap();
        assert!(began.load(Ordering::Relaxed) <= 4, "slices grow");
    }

    #[tokio::test]
    async fn a_panic_is_its_own_reads() {
        let readers = sliced(1);
        let (job, outcome) = Job::new(bounds("a", LONG), |_: &Connection| -> Result<(), Error> {
            panic!("in a read, which is expected here")
        });
        readers.queue(job).unwrap();
        assert!(matches!(outcome.await, Err(Error::Internal(_))));
        let (job, outcome) = short("a");
        readers.queue(job).unwrap();
        outcome.await.unwrap();
        while readers.load().jobs.load(Ordering::Relaxed) > 0 {
            yield_now().await;
        }
        assert_eq!(readers.shared.lock().long_served, 0);
    }
}
