//! Orders.

use crate::{DEPTH_MAX, items, members};
use contract::{Base, Contract, Resource, ResourceId};
use describe::graphql::names;
use describe::order as face;
use engine::{Direction, Fault, JsonPath, Nulls, OrderTerm, Path};
use wire::Value;

/// The terms of an order.
///
/// # Errors
/// Invalid: a term that names more or less than one field.
pub fn order(contract: &Contract, id: ResourceId, value: &Value) -> Result<Vec<OrderTerm>, Fault> {
    items(value).map(|term| order_term(contract, contract.resource(id), term)).collect()
}

/// One term: a field and its direction, or a relation and a term of its record.
fn order_term(contract: &Contract, resource: &Resource, term: &Value) -> Result<OrderTerm, Fault> {
    let (mut resource, mut term, mut path) = (resource, term, Vec::new());
    loop {
        let [(name, value)] = members(term) else {
            return Err(Fault::invalid_field(names::ORDER_BY, "ONE_OF", "must name one field in each term"));
        };
        path.push(name.clone());
        let field = resource.field_named(name).map(|id| resource.field(id));
        match (field.map(|field| field.ty.base), value) {
            (Some(Base::Resource(target)), inner) if path.len() <= DEPTH_MAX => {
                (resource, term) = (contract.resource(target), inner);
            }
            (_, Value::Text(direction)) => {
                // The key of a record stands in the one that points to it.
                if path.len() > 1 && *name == resource.key_field().name {
                    path.pop();
                }
                let (direction, nulls) = direction_of(direction);
                return Ok(OrderTerm {
                    path: Path { names: path, json: JsonPath::default() },
                    direction,
                    nulls,
                });
            }
            _ => return Err(Fault::invalid_field(names::ORDER_BY, "DEPTH", "follows too many relations")),
        }
    }
}

fn direction_of(name: &str) -> (Direction, Option<Nulls>) {
    match face::Direction::named(name).unwrap_or(face::Direction::Ascending) {
        face::Direction::Ascending => (Direction::Ascending, None),
        face::Direction::Descending => (Direction::Descending, None),
        face::Direction::AscendingNullsFirst => (Direction::Ascending, Some(Nulls::First)),
        face::Direction::AscendingNullsLast => (Direction::Ascending, Some(Nulls::Last)),
        face::Direction::DescendingNullsFirst => (Direction::Descending, Some(Nulls::First)),
        face::Direction::DescendingNullsLast => (Direction::Descending, Some(Nulls::Last)),
    }
}
