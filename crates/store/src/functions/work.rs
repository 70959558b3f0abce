//! What functions cost. SQLite counts the steps of its own machine and asks between them whether to go on; a call of a
//! function is one step, however long its text is. So functions count what they do, and ask the same question.

use rusqlite::{Error, ffi};
use std::cell::{Cell, RefCell};

/// Units of work between two questions. A unit is about a character compared: a nanosecond, so that this is some
/// microseconds, as what SQLite does between two of its questions is.
const UNITS_BETWEEN_LOOKS: usize = 1 << 12;

/// Whether to stop, asked for work that is worth so many questions.
type MustStop = Box<dyn Fn(u32) -> bool>;

thread_local! {
    /// Units done on this thread since it was last asked.
    static UNITS: Cell<usize> = const { Cell::new(0) };
    static MUST_STOP: RefCell<Option<MustStop>> = const { RefCell::new(None) };
}

/// From now on, functions on this thread ask this.
pub(crate) fn watch(must_stop: impl Fn(u32) -> bool + 'static) {
    MUST_STOP.set(Some(Box::new(must_stop)));
}

/// From now on they ask nothing.
pub(crate) fn unwatch() {
    MUST_STOP.set(None);
}

/// Counts work that was done or is about to be; interrupts the statement when it must stop.
pub(crate) fn spend(units: usize) -> rusqlite::Result<()> {
    #[cfg(test)]
    TOTAL.set(TOTAL.get().saturating_add(units));
    let done = UNITS.get().saturating_add(units);
    if done < UNITS_BETWEEN_LOOKS {
        UNITS.set(done);
        return Ok(());
    }
    UNITS.set(0);
    // Work that took many looks' worth counts as so many of them, as it would have step by step.
    let looks = u32::try_from(done / UNITS_BETWEEN_LOOKS).unwrap_or(u32::MAX);
    let stop = MUST_STOP.with_borrow(|ask| ask.as_ref().is_some_and(|ask| ask(looks)));
    if stop { Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None)) } else { Ok(()) }
}

#[cfg(test)]
thread_local! {
    /// Units done on this thread.
    static TOTAL: Cell<usize> = const { Cell::new(0) };
}

/// The units that something takes.
#[cfg(test)]
pub(super) fn counted(work: impl FnOnce()) -> usize {
    let before = TOTAL.get();
    work();
    TOTAL.get() - before
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn work_is_stopped_when_it_must_be() {
        assert!(spend(usize::MAX).is_ok(), "nothing asks");
        let asked = std::rc::Rc::new(Cell::new(0));
        let counted = std::rc::Rc::clone(&asked);
        watch(move |looks| counted.replace(counted.get() + looks) == 9);
        assert!((0..9).all(|_| spend(UNITS_BETWEEN_LOOKS - 1).is_ok() && spend(1).is_ok()));
        assert_eq!(asked.get(), 9);
        let stopped = spend(UNITS_BETWEEN_LOOKS).unwrap_err();
        assert_eq!(stopped.sqlite_error_code(), Some(rusqlite::ErrorCode::OperationInterrupted));
        unwatch();
        assert!(spend(usize::MAX).is_ok());
    }
}
