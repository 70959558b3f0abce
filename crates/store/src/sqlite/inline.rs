//! How long a read may take on the thread that asked for it.

use crate::functions;
use rusqlite::Connection;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Virtual-machine steps between two looks at the limits; some microseconds, where a step does not read a large value.
const STEPS_BETWEEN_LOOKS: u32 = 100;
/// How long a read may take on the thread that asked for it, whatever its steps are: one that reads large values takes
/// long for few of them.
const TIME_MAX: Duration = Duration::from_millis(10);

thread_local! {
    /// The limits of the read that runs on this thread.
    static LIMITS: Cell<Option<Limits>> = const { Cell::new(None) };
}

/// What a read may still use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    deadline: Instant,
    /// When it has to leave this thread.
    leaves_at: Instant,
    looks_left: u32,
}

/// Limits are set; [`Set::clear`] takes them away again.
#[must_use]
pub(super) struct Set;

impl Limits {
    /// Limits the read that follows on this thread.
    pub fn set(now: Instant, deadline: Instant, steps_max: u32) -> Set {
        let looks_left = steps_max / steps_between_looks(steps_max);
        LIMITS.set(Some(Limits { deadline, leaves_at: now + TIME_MAX, looks_left }));
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
    conn.progress_handler(steps, Some(|| must_stop(1)))
}

fn steps_between_looks(steps_max: u32) -> u32 {
    steps_max.clamp(1, STEPS_BETWEEN_LOOKS)
}

/// Looks at the limits, for work that is worth so many looks.
fn must_stop(looks: u32) -> bool {
    let Some(limits) = LIMITS.get() else { return false };
    let now = Instant::now();
    let looks_left = match now >= limits.leaves_at {
        true => 0,
        false => limits.looks_left.saturating_sub(looks),
    };
    LIMITS.set(Some(Limits { looks_left, ..limits }));
    looks_left == 0 || now >= limits.deadline
}
