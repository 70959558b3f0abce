//! Statements kept prepared from read to read. They are found by the plan that they are of: to hash their texts, as the
//! connection's own cache does, takes longer than to bind them.

use super::plan::ReadPlan;
use hashlink::LruCache;
use rusqlite::{Connection, PrepFlags, Statement};

/// Statements that a connection keeps at the most, unless one plan has more.
const STATEMENTS_MAX: usize = 256;
/// Bytes of their texts at the most, unless one plan has more. A statement takes some thirty times the memory of its text.
const TEXT_BYTES_MAX: usize = 256 * 1024;

/// The statements of plans that have run on a connection.
#[derive(Debug)]
pub(crate) struct Kept<'c> {
    /// By the plan's number.
    plans: LruCache<u64, Few<'c>>,
    statements: usize,
    text_bytes: usize,
}

/// The statements of one plan.
#[derive(Debug)]
struct Few<'c> {
    statements: Vec<Statement<'c>>,
    text_bytes: usize,
}

impl Default for Kept<'_> {
    fn default() -> Self {
        Self { plans: LruCache::new_unbounded(), statements: 0, text_bytes: 0 }
    }
}

impl<'c> Kept<'c> {
    /// The statements of a plan. On its first use they are prepared, and those that have not been used for the longest
    /// give way.
    pub(super) fn of(
        &mut self,
        conn: &'c Connection,
        plan: &ReadPlan,
    ) -> rusqlite::Result<&mut [Statement<'c>]> {
        if !self.plans.contains_key(&plan.number) {
            let prepare = |sql| conn.prepare_with_flags(sql, PrepFlags::SQLITE_PREPARE_PERSISTENT);
            let statements = plan.statements.iter().map(|statement| prepare(&statement.sql));
            let statements = statements.collect::<rusqlite::Result<Vec<_>>>()?;
            let text_bytes = plan.text_bytes();
            self.make_room(statements.len(), text_bytes);
            self.plans.insert(plan.number, Few { statements, text_bytes });
        }
        Ok(self.plans.get_mut(&plan.number).map_or(&mut [], |few| few.statements.as_mut_slice()))
    }

    fn make_room(&mut self, statements: usize, text_bytes: usize) {
        self.statements += statements;
        self.text_bytes += text_bytes;
        while (self.statements > STATEMENTS_MAX || self.text_bytes > TEXT_BYTES_MAX)
            && let Some((_, given_up)) = self.plans.remove_lru()
        {
            self.statements -= given_up.statements.len();
            self.text_bytes -= given_up.text_bytes;
        }
    }
}
