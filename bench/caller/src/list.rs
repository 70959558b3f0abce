//! `ListProducts`: all that were asked for, in the order of their keys.

use crate::Failure;
use crate::call::Call;
use crate::connection::{Connection, Target};
use crate::proto::{ListRequest, Product};
use crate::worker::Worker;
use http::HeaderValue;
use std::time::Instant;

/// Calls until the time is over; products are counted.
pub async fn calls(mut worker: Worker) -> Result<(), Failure> {
    let target = worker.connection.target("ListProducts")?;
    let items = worker.options.items;
    while worker.tally.is_running() {
        let since = Instant::now();
        let (token, _) = worker.turn();
        let mut call = begin(&worker.connection, &target, &token, items).await?;
        let mut last = String::new();
        for place in 0..items {
            let Some(product) = call.answers.next::<Product>().await? else {
                return Err(format!("{place} products of {items}: {:?}", call.answers.end().await?).into());
            };
            if product.id <= last {
                return Err(format!("{} comes after {last}", product.id).into());
            }
            last = product.id;
        }
        if call.answers.next::<Product>().await?.is_some() {
            return Err(format!("more than {items} products").into());
        }
        call.answers.succeeded().await?;
        worker.tally.called(since, items);
    }
    Ok(())
}

/// Asks for the first products.
pub async fn begin(
    connection: &Connection,
    target: &Target,
    token: &HeaderValue,
    items: usize,
) -> Result<Call, Failure> {
    let mut call = connection.call(target, token).await?;
    call.send_only(&ListRequest { page_size: i32::try_from(items)?, page_token: String::new() })?;
    Ok(call)
}
