//! What of which rows: untrusted names become ids and stored values, then an intention and a shape.

mod condition;
mod intention;
mod resolve;
mod wanted;

pub(crate) use intention::{Builder, Params, and, layout, reference_layout};
pub(crate) use resolve::{Resolver, denied_field};
pub(crate) use wanted::{Asked, Check, Condition, Page, Target, Wanted, WantedItem, What};
