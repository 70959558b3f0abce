//! `UpdateInventory`: as many changes as were sent must have been made.

use crate::Failure;
use crate::call::framed;
use crate::proto::{InventoryUpdate, UpdateSummary};
use crate::worker::{Worker, product_id};
use bytes::{Bytes, BytesMut};
use std::time::Instant;

/// Calls until the time is over; changes are counted.
pub async fn calls(mut worker: Worker) -> Result<(), Failure> {
    let target = worker.connection.target("UpdateInventory")?;
    let items = worker.options.items;
    let changes = framed_all((0..items).map(|turn| InventoryUpdate {
        product_id: product_id(turn, worker.options.products),
        quantity_change: 1,
    }));
    while worker.tally.is_running() {
        let since = Instant::now();
        let (token, _) = worker.turn();
        let mut call = worker.connection.call(&target, &token).await?;
        call.requests.send_last(changes.clone())?;
        let summary: UpdateSummary = call.only().await?;
        if usize::try_from(summary.total_updated) != Ok(items) {
            return Err(format!("{} of {items} changes were made", summary.total_updated).into());
        }
        worker.tally.called(since, items);
    }
    Ok(())
}

/// Changes, one message after the other.
pub fn framed_all(changes: impl IntoIterator<Item = InventoryUpdate>) -> Bytes {
    let mut out = BytesMut::new();
    for change in changes {
        framed(&change, &mut out);
    }
    out.freeze()
}
