//! What reads of a plan have proved to be.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Reads of a plan that has proved long that are not begun on the thread that asks. What was begun in vain is work for
/// nothing; a plan's next read may be a short one all the same, so this is asked anew now and then.
const READS_ELSEWHERE: u8 = 16;

/// How long the reads of a plan have been.
#[derive(Debug, Default)]
pub(crate) struct Proved(AtomicU8);

impl Proved {
    /// Whether the next read is begun elsewhere at once.
    pub fn is_long(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// A read was too long for the thread that asked.
    pub fn was_long(&self) {
        self.0.store(READS_ELSEWHERE, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_read_speaks_for_a_few() {
        let proved = Proved::default();
        assert!(!proved.is_long());
        proved.was_long();
        let elsewhere = (0..20).take_while(|_| proved.is_long()).count();
        assert_eq!(elsewhere, usize::from(READS_ELSEWHERE));
        assert!(!proved.is_long());
    }
}
