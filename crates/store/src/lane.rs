//! Whose work it is, where many share a thread, a queue or a number of places.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::LazyLock;

/// Who is served in turn with others: one caller, or one address for callers who are not known. It is a hash with a
/// key of the process, so a lane costs nothing to keep, and nobody can choose to be in another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(u64);

/// The key of the process.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl Lane {
    /// The operator's own.
    pub const OPERATOR: Lane = Lane(0);

    /// The lane of whoever this is.
    pub fn of(who: impl Hash) -> Self {
        Lane(KEY.hash_one(who))
    }

    /// Which of so many parts of a table it is in.
    pub fn shard(self, shards: usize) -> usize {
        (self.0 as usize) % shards.max(1)
    }
}
