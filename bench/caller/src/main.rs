//! A load generator for the product service over gRPC: one thread, one line of JSON at the end. Every answer is checked,
//! and whatever is wrong or missing is counted as an error.

mod call;
mod check;
mod connection;
mod list;
mod options;
mod product;
mod sync;
mod tally;
mod traffic;
mod update;
mod worker;

use options::{Command, Options};
use std::error::Error;
use std::rc::Rc;

/// Messages, as they are described in `proto/product.proto`.
mod proto {
    include!(concat!(env!("OUT_DIR"), "/_.rs"));
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Whatever ends a call or the program before its end.
type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let options = Rc::new(Options::read(std::env::args().skip(1))?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = tokio::task::LocalSet::new().block_on(&runtime, run(&options))?;
    println!("{found}");
    Ok(())
}

async fn run(options: &Rc<Options>) -> Result<serde_json::Value, Failure> {
    match options.command {
        Command::Unary => worker::load(options, product::calls).await,
        Command::List => worker::load(options, list::calls).await,
        Command::Update => worker::load(options, update::calls).await,
        Command::Sync => sync::load(options).await,
        Command::Check => check::all(options).await,
    }
}
