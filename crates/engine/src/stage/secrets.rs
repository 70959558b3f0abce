//! The secrets that a call has hashed: each costs the processor more than a thousand plain reads, so they are counted,
//! paid for and bounded before any is.

use super::batch::at_item;
use super::validate::{BatchItem, Wish};
use crate::fault::Fault;
use crate::input::Given;
use contract::Contract;

/// Units of a hash, which takes some 25 ms of a processor.
const UNITS_PER_HASH: u64 = 2;

/// The units that a call's hashes take.
pub(super) fn units(wish: &Wish) -> u64 {
    let hashes = match wish {
        Wish::Create { given, .. } | Wish::Update { given, .. } | Wish::Upsert { given, .. } => {
            given.secrets().count()
        }
        Wish::Batch { items, .. } => {
            items.iter().filter_map(BatchItem::given).map(|given| given.secrets().count()).sum()
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
        item.given().into_iter().flat_map(Given::secrets).map(move |field| (at, item, field))
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
