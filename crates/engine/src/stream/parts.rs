//! An answer of any length, in parts: a resource's list page by page, the rows of an own operation as they are read.

use super::Pages;
use crate::call::{Answer, Call};
use crate::engine::Engine;
use crate::fault::Fault;
use crate::stage::{Flowing, Pieces};
use crate::watch::{Tally, Watch};
use contract::Binding;
use std::sync::Arc;

/// The parts of an answer, one after another.
#[derive(Debug)]
pub struct Parts(Kind);

#[derive(Debug)]
enum Kind {
    Pages(Box<Pages>),
    Rows(Box<Rows>),
}

/// The answer of one call as it comes.
#[derive(Debug)]
struct Rows {
    engine: Arc<Engine>,
    rest: Rest,
    tally: Tally,
    watch: Watch<Arc<Engine>>,
}

/// What is still to come.
#[derive(Debug)]
enum Rest {
    All(Box<Call>),
    Pieces(Box<Pieces>),
    Nothing,
}

impl Engine {
    /// Does what a call wants, and gives its answer in parts: a list of a resource's records page by page
    /// ([`Engine::pages`]), other lists as the store reads them, and everything else in one part.
    pub fn parts(self: &Arc<Self>, call: Call) -> Parts {
        match self.contract.operation(call.operation).binding {
            Binding::List(_) => Parts(Kind::Pages(Box::new(self.pages(call)))),
            _ => {
                let watch = Watch::new(Arc::clone(self), &call, self.now());
                let (engine, tally) = (Arc::clone(self), Tally::default());
                Parts(Kind::Rows(Box::new(Rows { engine, rest: Rest::All(Box::new(call)), tally, watch })))
            }
        }
    }
}

impl Parts {
    /// The next part; none when all have been given.
    ///
    /// # Errors
    /// As [`Engine::call`]; there are no more parts after one.
    pub async fn next(&mut self) -> Option<Result<Answer, Fault>> {
        match &mut self.0 {
            Kind::Pages(pages) => pages.next().await,
            Kind::Rows(rows) => rows.next().await,
        }
    }
}

impl Rows {
    async fn next(&mut self) -> Option<Result<Answer, Fault>> {
        let result = self.part().await;
        match &result {
            Some(Ok(answer)) => self.tally.add(Tally::from(answer)),
            Some(Err(fault)) => {
                self.rest = Rest::Nothing;
                self.watch.finish(Err(fault));
            }
            None => self.watch.finish(Ok(self.tally)),
        }
        result
    }

    async fn part(&mut self) -> Option<Result<Answer, Fault>> {
        if let Rest::All(_) = self.rest
            && let Rest::All(call) = std::mem::replace(&mut self.rest, Rest::Nothing)
        {
            let moment = self.engine.now();
            let flowing = match self.engine.prepare(*call, moment, &mut self.watch) {
                Ok(planned) => self.engine.run_flowing(planned).await,
                Err(fault) => Err(fault),
            };
            match flowing {
                Ok(Flowing::Whole(answer)) => return Some(Ok(*answer)),
                Ok(Flowing::Pieces(pieces)) => self.rest = Rest::Pieces(pieces),
                Err(fault) => return Some(Err(fault)),
            }
        }
        match &mut self.rest {
            Rest::Pieces(pieces) => pieces.next(&self.engine).await,
            Rest::All(_) | Rest::Nothing => None,
        }
    }
}
