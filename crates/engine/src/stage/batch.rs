//! Many writes of one resource: each item says what it does, and all of them happen or none.

use super::validate::{BatchItem, Wish};
use crate::call::{Grouping, Input, Selected};
use crate::engine::Engine;
use crate::fault::{Fault, Kind};
use crate::input::{Purpose, stored};
use contract::{Operation, ResourceId};
use wire::Value;

/// The list of a batch's items in the input, for places in faults.
pub(super) const OPERATIONS: &str = "operations";

/// The version that a record of a batch must have, beside its fields.
const IF_VERSION: &str = "ifVersion";

/// What an item of a batch says of the record that is there.
struct Named {
    key: Value,
    version: Option<i64>,
    rest: Value,
}

impl Engine {
    /// The items of a batch: a list of `{"create": …}`, `{"update": …}`, `{"upsert": …}` or `{"delete": …}`.
    pub(super) fn batch_items(&self, id: ResourceId, data: &Value) -> Result<Vec<BatchItem>, Fault> {
        let Value::List(items) = data else {
            let message = format!("must be a list, not {}", data.kind());
            return Err(Fault::invalid_field(OPERATIONS, "TYPE", message));
        };
        if items.is_empty() || items.len() > self.settings.batch_items_max {
            let message = format!("holds 1 to {} items", self.settings.batch_items_max);
            return Err(Fault::invalid_field(OPERATIONS, "SIZE", message));
        }
        let item = |(at, item)| self.batch_item(id, item).map_err(|fault| at_item(fault, at, None));
        items.iter().enumerate().map(item).collect()
    }

    fn batch_item(&self, id: ResourceId, item: &Value) -> Result<BatchItem, Fault> {
        let one = match item {
            Value::Object(members) => match members.as_slice() {
                [(verb, data)] => Some((verb.as_str(), data)),
                _ => None,
            },
            _ => None,
        };
        let Some((verb, data)) = one else {
            let message = "is an object with one member: create, update, upsert or delete";
            return Err(Fault::invalid_field("", "TYPE", message));
        };
        let read = || match verb {
            "create" => Ok(BatchItem::Create { given: self.given(id, data, Purpose::Create)? }),
            "update" => {
                let Named { key, version, rest } = self.named(id, data)?;
                let key = vec![(self.contract.resource(id).key, key)];
                Ok(BatchItem::Update { key, given: self.given(id, &rest, Purpose::Update)?, version })
            }
            "upsert" => {
                let Named { key, version, rest } = self.named(id, data)?;
                let key = self.may_be_new(id, key)?;
                Ok(BatchItem::Upsert { key, given: self.given(id, &rest, Purpose::Upsert)?, version })
            }
            "delete" => {
                let Named { key, version, rest } = self.named(id, data)?;
                if let Value::Object(members) = &rest
                    && let Some((name, _)) = members.first()
                {
                    return Err(Fault::invalid_field(name, "UNKNOWN", "is not for a delete"));
                }
                Ok(BatchItem::Delete { key: vec![(self.contract.resource(id).key, key)], version })
            }
            other => {
                let shown: String = other.chars().take(64).collect();
                let message = format!("is create, update, upsert or delete, not `{shown}`");
                Err(Fault::invalid_field("", "UNKNOWN", message))
            }
        };
        let known = ["create", "update", "upsert", "delete"].contains(&verb);
        read().map_err(|fault: Fault| if known { under(fault, verb) } else { fault })
    }

    /// The record that an item is about, the version it must have, and the item's other members.
    fn named(&self, id: ResourceId, data: &Value) -> Result<Named, Fault> {
        let resource = self.contract.resource(id);
        let name = &resource.key_field().name;
        let Value::Object(members) = data else {
            let message = format!("must be an object, not {}", data.kind());
            return Err(Fault::invalid_field("", "TYPE", message));
        };
        let key = data.get(name).filter(|key| **key != Value::Null);
        let key = key.ok_or_else(|| Fault::invalid_field(name, "REQUIRED", "is required"))?;
        let key = stored::key(&self.contract, id, key)
            .map_err(|problem| Fault::invalid_field(name, problem.code, problem.message))?;
        // A field of the name is what is meant by it.
        let has_version = resource.field_named(IF_VERSION).is_none();
        let version = data.get(IF_VERSION).filter(|value| has_version && **value != Value::Null);
        let version = version.map(version_number).transpose()?;
        let is_rest = |member: &str| member != name && !(has_version && member == IF_VERSION);
        let rest = members.iter().filter(|(member, _)| is_rest(member)).cloned().collect();
        Ok(Named { key, version, rest: Value::Object(rest) })
    }

    /// The key of an item that makes its record if it is not there.
    fn may_be_new(&self, id: ResourceId, key: Value) -> Result<Value, Fault> {
        let name = &self.contract.resource(id).key_field().name;
        stored::fit_for_new(key).map_err(|problem| Fault::invalid_field(name, problem.code, problem.message))
    }

    pub(super) fn aggregate(
        &self,
        operation: &Operation,
        resource: ResourceId,
        input: &Input,
        selected: &Selected,
    ) -> Result<Wish, Fault> {
        let totals = self.totals(operation, resource, selected)?;
        let page = self.page(resource, input)?;
        if !page.order.is_empty() {
            let message = "groups are in the order of their fields";
            return Err(Fault::invalid_field("order", "AGGREGATE", message));
        }
        if input.grouping == Grouping::Whole && totals.has_keys() {
            let message = "names a field, and the values are of all records";
            return Err(Fault::invalid_field("select", "AGGREGATE", message));
        }
        Ok(Wish::Aggregate { resource, totals, page, grouping: input.grouping })
    }
}

/// A version, as a number or as the text that answers hold.
fn version_number(value: &Value) -> Result<i64, Fault> {
    let number = match value {
        Value::Int(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| Fault::invalid_field(IF_VERSION, "TYPE", "must be a whole number"))
}

/// Puts the places of a fault under the item that it is about.
pub(super) fn at_item(fault: Fault, at: usize, verb: Option<&str>) -> Fault {
    let fault = match verb {
        Some(verb) => under(fault, verb),
        None => fault,
    };
    under(under(fault, &at.to_string()), OPERATIONS)
}

/// Puts the places of a fault inside `place`; where they are all that its message tells, the message as well.
pub(super) fn under(mut fault: Fault, place: &str) -> Fault {
    for field in &mut fault.fields {
        let inner = std::mem::take(&mut field.field);
        field.field = if inner.is_empty() { place.to_owned() } else { format!("{place}.{inner}") };
    }
    match fault.kind {
        Kind::Invalid if !fault.fields.is_empty() => {
            Fault { message: Fault::invalid(fault.fields.clone()).message, ..fault }
        }
        _ => fault,
    }
}
