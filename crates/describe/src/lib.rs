//! What clients are told of a contract.
//!
//! Descriptions are printed from the contract alone, so they cannot differ from what is served; the adapter that serves
//! a description reads names by the same tables that it is printed from. What descriptions have alike is in [`fields`],
//! [`filter`], [`order`] and [`measure`].

pub mod fields;
pub mod filter;
pub mod graphql;
pub mod measure;
pub mod order;
pub mod proto;
