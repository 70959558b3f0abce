//! A list argument that arrives item by item.
//!
//! Items are checked as they come, so a stream that makes no sense is refused at its first wrong item, and applied in one
//! transaction when the last is there. The transaction is not open while items are awaited: there is one writer, and a
//! peer that takes its time would hold up all others.

use crate::call::{Answer, Call};
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::input::{self, Streamed};
use crate::stage::Entered;
use crate::watch::{Tally, Watch};
use contract::{Argument, Operation};
use std::sync::Arc;
use std::time::Instant;
use wire::Value;

/// Items for a unit of the caller's budget.
const ITEMS_PER_UNIT: usize = 100;

/// A call whose list argument is still arriving.
#[derive(Debug)]
pub struct Inflow {
    engine: Arc<Engine>,
    entered: Entered,
    /// The argument's position.
    argument: usize,
    items: Vec<Value>,
    bytes: usize,
    deadline: Option<Instant>,
    watch: Watch<Arc<Engine>>,
}

impl Engine {
    /// Begins a call whose streamed argument arrives item by item. The call has the other arguments.
    ///
    /// # Errors
    /// As [`Engine::call`] does before it looks at the arguments.
    pub fn inflow(self: &Arc<Self>, call: Call) -> Result<Inflow, Fault> {
        let moment = self.now();
        let mut watch = Watch::new(Arc::clone(self), &call, moment);
        let argument = self.contract.operation(call.operation).arguments.iter().position(|a| a.stream);
        let deadline = call.context.timeout.and_then(|timeout| moment.instant.checked_add(timeout));
        let entered = self.enter_stream(call, moment);
        match (argument, entered) {
            (Some(argument), Ok(entered)) => {
                watch.caller(Arc::clone(&entered.caller));
                let engine = Arc::clone(self);
                Ok(Inflow { engine, entered, argument, items: Vec::new(), bytes: 0, deadline, watch })
            }
            (_, Err(fault)) => {
                watch.finish(Err(&fault));
                Err(fault)
            }
            (None, Ok(_)) => Err(Fault::internal("a stream of items for an operation without one")),
        }
    }
}

impl Inflow {
    fn operation(&self) -> &Operation {
        self.engine.contract.operation(self.entered.call.operation)
    }

    /// Takes one item, which took so many bytes.
    ///
    /// # Errors
    /// Invalid, with the item's position; TooLarge when there are more than allowed; Throttled.
    pub fn push(&mut self, item: Value, bytes: usize) -> Result<(), Fault> {
        self.take(item, bytes).inspect_err(|fault| self.watch.finish(Err(fault)))
    }

    fn take(&mut self, item: Value, bytes: usize) -> Result<(), Fault> {
        let at = self.items.len();
        let settings = &self.engine.settings;
        // What an item takes while it is kept is more than it took on the wire.
        let kept = self.bytes.saturating_add(bytes).saturating_add(size_of::<Value>());
        if at >= settings.stream_items_max || kept > settings.stream_bytes_max {
            let message = format!(
                "a stream has at most {} items, and {} bytes of them",
                settings.stream_items_max, settings.stream_bytes_max
            );
            return Err(Fault::new(Kind::TooLarge, codes::STREAM_TOO_LARGE, message));
        }
        if at.is_multiple_of(ITEMS_PER_UNIT) && at > 0 {
            self.pay()?;
        }
        let argument: &Argument = &self.operation().arguments[self.argument];
        input::item(&self.engine.contract, &self.engine.patterns, argument, at, &item)?;
        self.bytes = kept;
        self.items.push(item);
        Ok(())
    }

    /// Takes a unit for the items that follow, of a caller who is still one.
    fn pay(&self) -> Result<(), Fault> {
        let moment = self.engine.now();
        let context = &self.entered.call.context;
        self.engine.verified(&context.credentials, moment)?;
        let purse = crate::stage::Purse::of(&self.entered.caller, context);
        self.engine.take_from(purse, 1, moment.instant).map(drop)
    }

    /// All items are there: applies them, all or none.
    ///
    /// # Errors
    /// As [`Engine::call`].
    pub async fn finish(mut self) -> Result<Answer, Fault> {
        let result = self.apply().await;
        self.watch.finish(result.as_ref().map(Tally::from));
        result
    }

    async fn apply(&mut self) -> Result<Answer, Fault> {
        let moment = self.engine.now();
        let mut call = self.entered.call.clone();
        if let Some(deadline) = self.deadline {
            call.context.timeout = Some(deadline.saturating_duration_since(moment.instant));
        }
        let items = Streamed { argument: self.argument, items: std::mem::take(&mut self.items) };
        let planned = self.engine.prepare_entered(call, Arc::clone(&self.entered.caller), items, moment)?;
        self.watch.prepared();
        self.engine.run(planned).await
    }
}
