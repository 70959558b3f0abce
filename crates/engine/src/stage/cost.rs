//! What a call takes from budgets, before it runs.
//!
//! A unit is a call that reads up to a hundred records: a call takes as many units as the records it may read at the
//! most, by the pages it asks for, each weighted by its resource's `@cost`, fill hundreds; and never less than its
//! operation's own `@cost`. Secrets that are hashed are paid for beside that.

use super::secrets;
use super::validate::{SqlWanted, Wish};
use crate::call::Measure;
use crate::select::{Totals, TotalsItem, TotalsWhat, Wanted, What};
use contract::{Contract, Operation};

/// Records of a unit.
const RECORDS_PER_UNIT: u64 = 100;

/// The units that a call takes.
pub(super) fn of(contract: &Contract, operation: &Operation, wish: &Wish) -> u32 {
    let records = |wanted: &Wanted, rows: u64| weight(contract, wanted, rows);
    let read = match wish {
        Wish::Get { wanted, .. } => records(wanted, 1),
        Wish::List { wanted, page, .. } => records(wanted, u64::from(page.limit)),
        Wish::Create { wanted, .. } | Wish::Update { wanted, .. } | Wish::Upsert { wanted, .. } => {
            records(wanted, 1)
        }
        Wish::Delete { wanted, .. } => wanted.as_ref().map_or(1, |wanted| records(wanted, 1)),
        Wish::Batch { items, wanted, .. } => {
            let read = wanted.as_ref().map_or(0, |wanted| records(wanted, items.len() as u64));
            // Each write counts as the operation would by itself.
            read.max((items.len() as u64).saturating_mul(RECORDS_PER_UNIT))
        }
        // Values over rows cost a look at the rows, of which only the database knows how many there are.
        Wish::Count { .. } => 0,
        Wish::Aggregate { totals, .. } => functions(totals).saturating_mul(RECORDS_PER_UNIT),
        Wish::Publish { .. } => 0,
        Wish::Sql { wanted: SqlWanted::Records(wanted), .. } => records(wanted, 1),
        Wish::Sql { wanted: SqlWanted::Nothing | SqlWanted::Scalar | SqlWanted::Object { .. }, .. } => 0,
    };
    let units = read.div_ceil(RECORDS_PER_UNIT);
    let least = match wish {
        Wish::Batch { items, .. } => u64::from(operation.cost).saturating_mul(items.len() as u64),
        Wish::Publish { drafts, .. } => u64::from(operation.cost).saturating_mul(drafts.len() as u64),
        _ => u64::from(operation.cost),
    };
    let hashes = secrets::units(wish);
    u32::try_from(units.max(least).saturating_add(hashes)).unwrap_or(u32::MAX)
}

/// Records that a selection of `rows` records reads at the most, weighted.
fn weight(contract: &Contract, wanted: &Wanted, rows: u64) -> u64 {
    let own = rows.saturating_mul(u64::from(contract.resource(wanted.resource).cost));
    wanted.items.iter().fold(own, |so_far, item| so_far.saturating_add(inside(contract, &item.what, rows)))
}

fn inside(contract: &Contract, what: &What, rows: u64) -> u64 {
    match what {
        // The key of a record stands in the one that points to it.
        What::One { wanted, .. } if wanted.names_only_key(contract) => 0,
        What::One { wanted, .. } => weight(contract, wanted, rows),
        What::Many { wanted, page, .. } => {
            weight(contract, wanted, rows.saturating_mul(u64::from(page.limit)))
        }
        What::Count { .. } => rows,
        // The record itself has been counted.
        What::Group { wanted, .. } => wanted
            .items
            .iter()
            .fold(0, |sum: u64, item| sum.saturating_add(inside(contract, &item.what, rows))),
        What::Field { .. } | What::Object { .. } | What::TypeName | What::Version | What::Cursor => 0,
    }
}

/// Functions of an aggregate but counts.
fn functions(totals: &Totals) -> u64 {
    fn of(items: &[TotalsItem]) -> u64 {
        items
            .iter()
            .map(|item| match &item.what {
                TotalsWhat::Count | TotalsWhat::Measure(Measure::Count, _) => 0,
                TotalsWhat::Measure(..) => 1,
                TotalsWhat::Key(_) | TotalsWhat::TypeName => 0,
                TotalsWhat::Group { items, .. } => of(items),
            })
            .sum()
    }
    of(&totals.items)
}
