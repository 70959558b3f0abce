//! Compiled reads and how they are run.

mod execute;
mod failure;
mod interim;
mod plan;

pub(crate) use execute::{one_into, run};
pub(crate) use failure::{encoding, failure};
pub(crate) use interim::{JsonEncoder, ProtobufEncoder, XmlEncoder};
pub use plan::ReadPlan;
