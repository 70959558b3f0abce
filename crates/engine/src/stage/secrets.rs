//! The secrets that a call has hashed: each costs the processor more than a thousand plain reads, so they are counted,
//! paid for and bounded before any is.

use super::batch::at_item;
use super::validate::{BatchItem, Wish};
use crate::fault::Fault;
use crate::input::Given;
use contract::{Contract, FieldId, ResourceId};
use wire::Value;

/// Units of a hash, which takes some 25 ms of a processor.
const UNITS_PER_HASH: u64 = 2;

/// The units that a call's hashes take.
pub(super) fn units(contract: &Contract, wish: &Wish) -> u64 {
    let hashes = match wish {
        Wish::Create { resource, given, .. }
        | Wish::Update { resource, given, .. }
        | Wish::Upsert { resource, given, .. } => of(contract, *resource, given).count(),
        Wish::Batch { resource, items, .. } => {
            items.iter().filter_map(given).map(|given| of(contract, *resource, given).count()).sum()
        }
        Wish::Get { .. }
        | Wish::List { .. }
        | Wish::Count { .. }
        | Wish::Delete { .. }
        | Wish::Aggregate { .. }
        | Wish::Sql { .. }
        | Wish::Publish { .. } => 0,
    };
    (hashes as u64).saturating_mul(UNITS_PER_HASH)
}

/// Refuses a call with more secrets than that, at the first that is one too many.
pub(super) fn bound(contract: &Contract, wish: &Wish, secrets_max: usize) -> Result<(), Fault> {
    let Wish::Batch { resource, items, .. } = wish else { return Ok(()) };
    let fields = items.iter().enumerate().flat_map(|(at, item)| {
        given(item)
            .into_iter()
            .flat_map(|given| of(contract, *resource, given))
            .map(move |field| (at, item, field))
    });
    match fields.into_iter().nth(secrets_max) {
        None => Ok(()),
        Some((at, item, field)) => {
            let name = &contract.resource(*resource).field(field).name;
            let message = format!("is one too many: a call has at most {secrets_max} secrets");
            Err(at_item(Fault::invalid_field(name, "SIZE", message), at, Some(item.verb())))
        }
    }
}

fn given(item: &BatchItem) -> Option<&Given> {
    match item {
        BatchItem::Create { given } | BatchItem::Update { given, .. } | BatchItem::Upsert { given, .. } => {
            Some(given)
        }
        BatchItem::Delete { .. } => None,
    }
}

/// The secret fields that have a text.
fn of<'a>(
    contract: &'a Contract,
    resource: ResourceId,
    given: &'a Given,
) -> impl Iterator<Item = FieldId> + 'a {
    let resource = contract.resource(resource);
    let is_hashed = |value: &Value| matches!(value, Value::Text(_));
    let secret = given
        .values
        .iter()
        .filter(move |(field, value)| is_hashed(value) && resource.field(*field).is_secret());
    secret.map(|(field, _)| *field)
}
