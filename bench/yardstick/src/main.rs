//! The yardstick: five routes and four methods over the tour's database, written by hand for nothing but them, as a good
//! engineer would tune them. It answers the same bytes as Septet from the same rows, checks the same tokens, and lets the
//! database's triggers write the same events.

mod database;
mod graphql;
mod grpc;
mod hub;
mod inventory;
mod json;
mod options;
mod posts;
mod products;
mod reader;
mod routes;
mod token;
mod users;
mod writer;

use axum::serve::ListenerExt;
use options::{Options, Protocol};
use std::error::Error;
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.workers)
        .on_thread_park(reader::release)
        .enable_all()
        .build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: Options) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    match options.protocol {
        Protocol::Http => {
            let router = routes::router(&options)?;
            // Answers are written whole, so waiting for more to fill a segment would only delay them.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            axum::serve(listener, router).await?;
        }
        Protocol::Grpc => grpc::serve(&listener, &options).await?,
    }
    Ok(())
}
