//! Compiled reads and how they are run.

mod execute;
mod failure;
mod interim;
mod plan;

pub(crate) use execute::run;
pub(crate) use failure::failure;
pub use plan::ReadPlan;
