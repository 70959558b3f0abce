//! Conditions and orders that came as values, in the engine's words.
//!
//! GraphQL's `where` and `orderBy` and gRPC's `filter` and `order_by` are one language: they are printed from the same
//! tables ([`describe`]), decoded to the same values, and read here.

mod filter;
mod order;

pub use filter::{filter, steps};
pub use order::order;

use wire::Value;

/// Levels of filters in filters, and relations of an order's term, at the most.
const DEPTH_MAX: usize = 16;

fn members(value: &Value) -> &[(String, Value)] {
    match value {
        Value::Object(members) => members,
        _ => &[],
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    let items: &[Value] = match value {
        Value::List(items) => items,
        _ => &[],
    };
    items.iter()
}
