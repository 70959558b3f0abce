//! Compiled reads and how they are run.

mod cursor;
mod execute;
mod failure;
mod kept;
mod plan;

pub(crate) use cursor::Values;
pub(crate) use execute::{XML_LIST, item_into, one_into, run, run_found, run_kept};
pub(crate) use failure::{encoding, failure};
pub(crate) use kept::Kept;
pub use plan::ReadPlan;
