//! What the mutation that is running may use of the writer, which all others wait for.

use super::open::STEPS_BETWEEN_LOOKS;
use crate::face::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Without an end.
const NEVER: u64 = u64::MAX;

/// Until when it may run, and how many steps reading its answer may take. Only the writer's thread uses it; what is
/// atomic is so because the connection's handler holds it too.
#[derive(Debug, Clone)]
pub(crate) struct Allowance(Arc<State>);

#[derive(Debug)]
struct State {
    base: Instant,
    /// Nanoseconds after `base`.
    end: AtomicU64,
    /// The end is that of what a mutation may have of the writer, before its own deadline.
    is_held: AtomicBool,
    /// An answer is being read.
    is_answering: AtomicBool,
    /// Looks at this that reading the answer may still take.
    looks_left: AtomicU32,
}

impl Default for Allowance {
    fn default() -> Self {
        Self(Arc::new(State {
            base: Instant::now(),
            end: AtomicU64::new(NEVER),
            is_held: AtomicBool::new(false),
            is_answering: AtomicBool::new(false),
            looks_left: AtomicU32::new(0),
        }))
    }
}

/// A mutation has its allowance; [`Begun::end`] takes it away.
#[must_use]
pub(crate) struct Begun<'a>(&'a Allowance);

impl Allowance {
    /// A mutation begins: it may run until its deadline, and no longer than it may hold the writer.
    pub fn begin(&self, deadline: Instant, hold_max: Option<Duration>, answer_steps_max: u64) -> Begun<'_> {
        let state = &*self.0;
        let held = hold_max.map(|hold| Instant::now() + hold).filter(|held| *held < deadline);
        state.end.store(nanos(held.unwrap_or(deadline).saturating_duration_since(state.base)), Relaxed);
        state.is_held.store(held.is_some(), Relaxed);
        let looks = answer_steps_max / u64::try_from(STEPS_BETWEEN_LOOKS).unwrap_or(1);
        state.looks_left.store(u32::try_from(looks).unwrap_or(u32::MAX).max(1), Relaxed);
        Begun(self)
    }

    /// Whether what runs must stop now.
    pub fn must_stop(&self) -> bool {
        let state = &*self.0;
        if state.is_answering.load(Relaxed) {
            let left = state.looks_left.load(Relaxed).saturating_sub(1);
            state.looks_left.store(left, Relaxed);
            if left == 0 {
                return true;
            }
        }
        self.is_over()
    }

    fn is_over(&self) -> bool {
        let end = self.0.end.load(Relaxed);
        end != NEVER && nanos(self.0.base.elapsed()) >= end
    }

    /// Reads of an answer; none where that takes more steps than it may here.
    pub fn answering<T>(&self, read: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Error> {
        let state = &*self.0;
        state.is_answering.store(true, Relaxed);
        let answer = read();
        state.is_answering.store(false, Relaxed);
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(Error::Timeout) if state.looks_left.load(Relaxed) == 0 && !self.is_over() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads of an answer that cannot be put off.
    pub fn answering_here<T>(&self, read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.answering(read)?.ok_or(Error::AnswerTooLong)
    }
}

impl Begun<'_> {
    /// The mutation has ended with this error: what it ran out of.
    pub fn reason(&self, error: Error) -> Error {
        match error {
            Error::Timeout if self.0.0.is_held.load(Relaxed) && self.0.is_over() => Error::WriteTooLong,
            error => error,
        }
    }
}

impl Drop for Begun<'_> {
    /// What follows on the writer has no end, also after a panic.
    fn drop(&mut self) {
        self.0.0.end.store(NEVER, Relaxed);
        self.0.0.is_answering.store(false, Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn only_answers_have_a_number_of_steps() {
        let allowance = Allowance::default();
        let steps = 3 * u64::from(STEPS_BETWEEN_LOOKS.unsigned_abs());
        let begun = allowance.begin(Instant::now() + LONG, Some(LONG), steps);
        assert!((0..100).all(|_| !allowance.must_stop()));
        let read = |looks| {
            let stopped = (0..looks).any(|_| allowance.must_stop());
            if stopped { Err(Error::Timeout) } else { Ok(()) }
        };
        assert_eq!(allowance.answering(|| read(2)), Ok(Some(())));
        assert_eq!(allowance.answering(|| read(2)), Ok(None), "of all answers of a mutation");
        assert_eq!(allowance.answering_here(|| read(1)), Err(Error::AnswerTooLong));
        assert!((0..100).all(|_| !allowance.must_stop()));
        assert_eq!(begun.reason(Error::Timeout), Error::Timeout);
    }

    #[test]
    fn the_writer_is_held_for_so_long() {
        let allowance = Allowance::default();
        assert!(!allowance.must_stop());
        let begun = allowance.begin(Instant::now() + LONG, Some(Duration::ZERO), 1);
        assert!(allowance.must_stop());
        assert_eq!(allowance.answering(|| Err::<(), _>(Error::Timeout)), Err(Error::Timeout));
        assert_eq!(begun.reason(Error::Timeout), Error::WriteTooLong);
        assert_eq!(begun.reason(Error::Denied), Error::Denied);
        drop(begun);
        assert!(!allowance.must_stop());
        let begun = allowance.begin(Instant::now(), Some(LONG), 1);
        assert!(allowance.must_stop());
        assert_eq!(begun.reason(Error::Timeout), Error::Timeout, "its own deadline came first");
    }
}
