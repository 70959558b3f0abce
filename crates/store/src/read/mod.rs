//! Compiled reads and how they are run.

mod cursor;
mod execute;
mod failure;
mod kept;
mod outlet;
mod plan;

pub(crate) use cursor::Values;
pub(crate) use execute::{Target, XML_LIST, item_into, one_into, run, run_found, run_kept};
pub(crate) use failure::{encoding, failure};
pub(crate) use kept::Kept;
pub(crate) use outlet::{Gathering, Inlet, Piece, Pouring, Share, pipe};
pub use plan::ReadPlan;
pub(crate) use plan::memory_bytes;
