//! The one pipeline.

pub mod call;
pub mod fault;

pub use call::*;
pub use fault::{Fault, FieldFault, Kind};
