//! How much one query string may ask for.

use super::mistake::Mistake;

/// Parameters in a query string at the most.
pub(crate) const PARAMS_MAX: usize = 128;
/// Items of `select`, filters, groups and order terms together at the most, over all levels.
pub(crate) const NODES_MAX: usize = 512;
/// Values in all lists together at the most.
pub(crate) const VALUES_MAX: usize = 2000;
/// Nesting of embedded relations at the most.
pub(crate) const EMBED_DEPTH_MAX: usize = 10;
/// Nesting of `and(…)` and `or(…)` at the most.
pub(crate) const LOGIC_DEPTH_MAX: usize = 10;
/// Steps into a JSON value at the most.
pub(crate) const JSON_STEPS_MAX: usize = 16;
/// Bytes of a name or alias at the most.
pub(crate) const NAME_BYTES_MAX: usize = 128;

/// What is left to be asked for.
#[derive(Debug)]
pub(crate) struct Budget {
    nodes: usize,
    values: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { nodes: NODES_MAX, values: VALUES_MAX }
    }

    /// Takes items of `select`, filters, groups or order terms.
    pub(crate) fn take_nodes(&mut self, count: usize) -> Result<(), Mistake> {
        self.nodes = self.nodes.checked_sub(count).ok_or_else(|| {
            Mistake::new(
                "LENGTH",
                format!("the query has more than {NODES_MAX} items, filters and order terms"),
            )
        })?;
        Ok(())
    }

    /// Takes values of lists.
    pub(crate) fn take_values(&mut self, count: usize) -> Result<(), Mistake> {
        self.values = self.values.checked_sub(count).ok_or_else(|| {
            Mistake::new("LENGTH", format!("the lists in the query have more than {VALUES_MAX} values"))
        })?;
        Ok(())
    }
}
