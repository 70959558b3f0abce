//! Compiled reads and how they are run.

mod execute;
mod failure;
mod plan;

pub(crate) use execute::{one_into, run};
pub(crate) use failure::{encoding, failure};
pub use plan::ReadPlan;
