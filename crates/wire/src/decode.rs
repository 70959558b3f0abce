//! Reading what came from outside.

pub mod json;
pub mod scalar;
