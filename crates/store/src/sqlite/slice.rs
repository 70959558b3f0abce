//! What a read may use of the thread that it has: until its deadline, until nobody waits for it, or for a slice of time.

use super::slow::Shared;
use crate::lane::Lane;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

thread_local! {
    /// The read that runs on this thread.
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// How far a read has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has its first slice.
    First,
    /// It wants more.
    Later,
}

/// A read that runs.
pub(super) struct Running {
    pub shared: Arc<Shared>,
    pub cancelled: Arc<AtomicBool>,
    pub lane: Lane,
    pub deadline: Instant,
    /// When its slice is over.
    pub end: Instant,
    pub slice: Duration,
    pub stage: Stage,
    /// It was stopped because its slice was over.
    pub stopped: bool,
}

impl Running {
    fn must_stop(&mut self) -> bool {
        let now = Instant::now();
        if self.stopped || self.cancelled.load(Ordering::Relaxed) || now >= self.deadline {
            return true;
        }
        if now < self.end {
            return false;
        }
        if !self.shared.may_go_on(self.lane, self.stage) {
            self.stopped = true;
            return true;
        }
        self.stage = Stage::Later;
        self.end = now + self.slice;
        false
    }
}

/// A read begins on this thread.
pub(super) fn begin(running: Running) {
    RUNNING.set(Some(running));
}

/// It has left the thread: how far it has come.
pub(super) fn end() -> Option<Stage> {
    RUNNING.take().map(|running| running.stage)
}

/// Whether the read of this thread must stop now.
pub(super) fn must_stop() -> bool {
    RUNNING.with_borrow_mut(|running| running.as_mut().is_some_and(Running::must_stop))
}

/// Whether it was stopped because its slice was over.
pub(super) fn was_stopped() -> bool {
    RUNNING.with_borrow(|running| running.as_ref().is_some_and(|running| running.stopped))
}
