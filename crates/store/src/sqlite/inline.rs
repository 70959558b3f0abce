//! How long a read may take on the thread that asked for it.

use crate::functions;
use rusqlite::Connection;
use std::cell::Cell;
use std::time::Instant;

/// Virtual-machine steps between two looks at the limits; some tens of microseconds.
const STEPS_BETWEEN_LOOKS: u32 = 1_000;

thread_local! {
    /// The limits of the read that runs on this thread.
    static LIMITS: Cell<Option<Limits>> = const { Cell::new(None) };
}

/// What a read may still use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    deadline: Instant,
    looks_left: u32,
}

/// Limits are set; [`Set::clear`] takes them away again.
#[must_use]
pub(super) struct Set;

impl Limits {
    /// Limits the read that follows on this thread.
    pub fn set(deadline: Instant, steps_max: u32) -> Set {
        let looks_left = steps_max / steps_between_looks(steps_max);
        LIMITS.set(Some(Limits { deadline, looks_left }));
        Set
    }
}

impl Set {
    /// Takes the limits away and says whether the read used up its steps.
    pub fn clear(self) -> bool {
        LIMITS.take().is_some_and(|limits| limits.looks_left == 0)
    }
}

impl Drop for Set {
    /// A panic must not leave limits to whatever runs next.
    fn drop(&mut self) {
        LIMITS.set(None);
    }
}

/// Makes a connection of this thread keep to the thread's limits.
pub(super) fn watch(conn: &mut Connection, steps_max: u32) -> rusqlite::Result<()> {
    let steps = i32::try_from(steps_between_looks(steps_max)).unwrap_or(i32::MAX);
    functions::watch(must_stop);
    conn.progress_handler(steps, Some(must_stop))
}

fn steps_between_looks(steps_max: u32) -> u32 {
    steps_max.clamp(1, STEPS_BETWEEN_LOOKS)
}

/// Looks at the limits.
fn must_stop() -> bool {
    let Some(limits) = LIMITS.get() else { return false };
    let looks_left = limits.looks_left.saturating_sub(1);
    LIMITS.set(Some(Limits { looks_left, ..limits }));
    looks_left == 0 || Instant::now() >= limits.deadline
}
