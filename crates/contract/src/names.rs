//! Names on wires that follow from names of the contract.

pub use crate::load::names::{camel, pascal, plural, rpc_package, snake, upper_snake};
