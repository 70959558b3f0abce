//! The stages of the pipeline, in their order. Each takes the stage before by value, and only it can make the next.

mod admit;
mod batch;
mod budget;
mod canonical;
mod chosen;
mod cost;
mod enter;
mod identify;
mod permit;
mod plan;
mod precondition;
mod publish;
mod run;
mod secrets;
mod share;
mod validate;

pub(crate) use enter::Entered;
pub(crate) use plan::{Planned, applied_apart};
pub(crate) use publish::Speaking;
pub(crate) use run::{Flowing, Pieces};
use share::Slot;
pub(crate) use share::{PlaceLimits, Places};
pub(crate) use validate::Chosen;
