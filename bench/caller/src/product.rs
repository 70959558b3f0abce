//! `GetProduct`: another product each time, which must be the one that is answered.

use crate::Failure;
use crate::proto::{Product, ProductRequest};
use crate::worker::{Worker, product_id};
use std::time::Instant;

/// Calls until the time is over; calls are counted.
pub async fn calls(mut worker: Worker) -> Result<(), Failure> {
    let target = worker.connection.target("GetProduct")?;
    while worker.tally.is_running() {
        let since = Instant::now();
        let (token, turn) = worker.turn();
        let product_id = product_id(turn, worker.options.products);
        let request = ProductRequest { product_id };
        let mut call = worker.connection.call(&target, &token).await?;
        call.send_only(&request)?;
        let product: Product = call.only().await?;
        if product.id != request.product_id {
            return Err(format!("{} is answered with {}", request.product_id, product.id).into());
        }
        worker.tally.called(since, 1);
    }
    Ok(())
}
