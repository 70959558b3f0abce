//! What of which rows: untrusted names become ids and stored values, then an intention and a shape.

mod condition;
mod intention;
mod keyset;
mod members;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod oracle;
mod outline;
mod predicate;
mod regexes;
mod resolve;
mod shape;
mod totals;
mod wanted;

pub(crate) use intention::{Builder, Params};
pub(crate) use outline::{Outline, OutlineField};
pub(crate) use predicate::and;
pub(crate) use resolve::{Resolver, denied_field, no_field};
pub(crate) use shape::{chosen_layout, layout, reference_layout, shape, shape_of_totals};
pub(crate) use totals::totals;
pub(crate) use wanted::{
    Asked, Check, Condition, Page, Target, Totals, TotalsItem, TotalsWhat, Wanted, WantedItem, WantedMember,
    What,
};
