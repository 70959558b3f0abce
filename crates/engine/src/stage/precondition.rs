//! The version that a caller says it has seen: compared, or refused where there is nothing to compare it with.

use super::validate::Wish;
use crate::fault::Fault;

/// Refuses a version of anything but a change of one record. Items of a batch have their own.
pub(super) fn check(wish: &Wish, version: Option<i64>) -> Result<(), Fault> {
    if version.is_none() {
        return Ok(());
    }
    match wish {
        Wish::Update { .. } | Wish::Upsert { .. } | Wish::Delete { .. } => Ok(()),
        Wish::Get { .. } | Wish::List { .. } | Wish::Count { .. } | Wish::Aggregate { .. } => refused(),
        Wish::Create { .. } | Wish::Batch { .. } | Wish::Sql { .. } | Wish::Publish { .. } => refused(),
    }
}

fn refused() -> Result<(), Fault> {
    let message = "can be asked of updates and deletes of one record only";
    Err(Fault::invalid_field("ifVersion", "UNSUPPORTED", message))
}
