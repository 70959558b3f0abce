//! Compiled reads and how they are run.

mod execute;
mod failure;
mod plan;

pub(crate) use execute::{XML_LIST, item_into, one_into, run};
pub(crate) use failure::{encoding, failure};
pub use plan::ReadPlan;
