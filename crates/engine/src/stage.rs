//! The stages of the pipeline, in their order. Each takes the stage before by value, and only it can make the next.

mod admit;
mod batch;
mod chosen;
mod cost;
mod identify;
mod permit;
mod plan;
mod run;
mod validate;

use admit::Slot;
pub(crate) use identify::Identified;
pub(crate) use plan::Planned;
pub(crate) use validate::Chosen;
