//! Callers who each wait for an answer before they call again.

use crate::Failure;
use crate::connection::Connection;
use crate::options::Options;
use crate::tally::Tally;
use http::HeaderValue;
use serde_json::Value;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// After the time for new calls those under way get so long to end.
const OVERTIME_MAX: Duration = Duration::from_secs(20);
/// A prime, so that the products come in no order that a B-tree knows.
const STRIDE: usize = 617;

/// One of the callers.
pub struct Worker {
    /// The connection, which others may share.
    pub connection: Connection,
    /// How the generator is to run.
    pub options: Rc<Options>,
    /// What the run counts.
    pub tally: Rc<Tally>,
    turn: usize,
    step: usize,
}

impl Worker {
    /// Another token and another number than all other workers have at this time, as far as there are so many.
    pub fn turn(&mut self) -> (HeaderValue, usize) {
        let turn = self.turn;
        self.turn += self.step;
        (self.options.tokens[turn % self.options.tokens.len()].clone(), turn)
    }
}

/// The key of a product.
pub fn product_id(turn: usize, products: usize) -> String {
    format!("p{}", 1 + turn * STRIDE % products)
}

/// Runs all callers at once and returns the figures.
pub async fn load<W>(options: &Rc<Options>, work: W) -> Result<Value, Failure>
where
    W: AsyncFn(Worker) -> Result<(), Failure> + Clone + 'static,
{
    let traffic = Rc::default();
    let mut connections = Vec::new();
    for _ in 0..options.connections {
        connections.push(Connection::open(options.address, &traffic).await?);
    }
    let tally = Tally::begin(options.time);
    let step = options.connections * options.streams;
    let mut workers = JoinSet::new();
    for turn in 0..step {
        let connection = connections[turn % options.connections].clone();
        let worker = Worker { connection, options: Rc::clone(options), tally: Rc::clone(&tally), turn, step };
        let (work, tally) = (work.clone(), Rc::clone(&tally));
        workers.spawn_local(async move {
            if let Err(error) = work(worker).await {
                tally.error(&error);
            }
        });
    }
    let end = Instant::now() + options.time + OVERTIME_MAX;
    if timeout_at(end, workers.join_all()).await.is_err() {
        tally.error(&"a call does not end");
    }
    tally.end();
    Ok(tally.figures(&traffic))
}
