//! A list argument that arrives item by item.
//!
//! Items are checked as they come, so a stream that makes no sense is refused at its first wrong item, and applied in one
//! transaction when the last is there. The transaction is not open while items are awaited: there is one writer, and a
//! peer that takes its time would hold up all others. Where the operation applies items each by itself, they are applied
//! as they come, those that have come together in one transaction.

use crate::account::Purse;
use crate::call::{Answer, Call};
use crate::engine::Engine;
use crate::fault::{Fault, Kind, codes};
use crate::input::{self, Streamed};
use crate::room::no_room;
use crate::stage::{Entered, Planned, applied_apart};
use crate::watch::{Tally, Watch};
use contract::{Argument, Operation};
use quota::Reservation;
use std::sync::Arc;
use std::time::Instant;
use wire::Value;

/// Items for a unit of the caller's budget.
const ITEMS_PER_UNIT: usize = 100;
/// Bytes of items for a unit of the caller's budget.
const BYTES_PER_UNIT: usize = 64 * 1024;

/// A call whose list argument is still arriving.
#[derive(Debug)]
pub struct Inflow {
    engine: Arc<Engine>,
    entered: Entered,
    /// The argument's position.
    argument: usize,
    /// Those that are not applied yet.
    items: Vec<Value>,
    bytes: usize,
    /// Bytes that have come since a unit was paid for some.
    unpaid: usize,
    /// What the items are held by.
    room: Reservation,
    /// Of an operation that applies items each by itself: how many were applied, and the rows that they changed.
    applied: Option<Applied>,
    deadline: Option<Instant>,
    watch: Watch<Arc<Engine>>,
}

/// What came of the items so far.
#[derive(Debug, Clone, Copy, Default)]
struct Applied {
    items: usize,
    changes: i64,
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
                let caller = entered.caller(self, moment)?;
                watch.caller(Arc::clone(caller));
                let engine = Arc::clone(self);
                let operation = self.contract.operation(entered.call.operation);
                let applied = applied_apart(operation).map(|_| Applied::default());
                let items = Vec::new();
                let room = engine.held().holder(entered.owner()).take(0);
                let room = room.map_err(no_room).inspect_err(|fault| watch.finish(Err(fault)))?;
                let (bytes, unpaid) = (0, 0);
                Ok(Inflow { engine, entered, argument, items, bytes, unpaid, room, applied, deadline, watch })
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
        let at = self.items.len() + self.applied.map_or(0, |applied| applied.items);
        let settings = &self.engine.settings;
        // What an item takes while it is kept is more than it took on the wire.
        let kept = self.bytes.saturating_add(bytes.max(item.heap_bytes())).saturating_add(size_of::<Value>());
        if self.items.len() >= settings.stream_items_max || kept > settings.stream_bytes_max {
            let message = format!(
                "a stream has at most {} items, and {} bytes of them",
                settings.stream_items_max, settings.stream_bytes_max
            );
            return Err(Fault::new(Kind::TooLarge, codes::STREAM_TOO_LARGE, message));
        }
        self.unpaid = self.unpaid.saturating_add(bytes);
        let units = self.unpaid / BYTES_PER_UNIT;
        if units > 0 {
            self.unpaid %= BYTES_PER_UNIT;
            self.pay(u32::try_from(units).unwrap_or(u32::MAX))?;
        } else if at.is_multiple_of(ITEMS_PER_UNIT) && at > 0 {
            self.pay(1)?;
        }
        self.room.grow_to(kept).map_err(no_room)?;
        let argument: &Argument = &self.operation().arguments[self.argument];
        input::item(&self.engine.contract, &self.engine.patterns, argument, at, &item)?;
        self.bytes = kept;
        self.items.push(item);
        Ok(())
    }

    /// Takes units for items, of a caller who is still one.
    fn pay(&self, units: u32) -> Result<(), Fault> {
        let moment = self.engine.now();
        let caller = self.entered.caller(&self.engine, moment)?;
        let purse = Purse::of(caller, &self.entered.call.context);
        self.engine.take_from(purse, units, moment.instant)?;
        self.engine.noted(units);
        Ok(())
    }

    /// Nothing more is there for now: where items are applied each by itself, those that have come are.
    ///
    /// # Errors
    /// As [`Engine::call`], with the position of the first item that was refused: those before it stay.
    pub async fn settle(&mut self) -> Result<(), Fault> {
        let result = self.settle_all().await;
        result.inspect_err(|fault| self.watch.finish(Err(fault)))
    }

    async fn settle_all(&mut self) -> Result<(), Fault> {
        let Some(applied) = self.applied.filter(|_| !self.items.is_empty()) else { return Ok(()) };
        let items = std::mem::take(&mut self.items);
        self.bytes = 0;
        let count = items.len();
        let planned = self.planned(items)?;
        let changes = self.engine.run_items(planned, applied.items).await?;
        self.room.shrink_to(0);
        let changes = applied.changes.saturating_add(changes);
        self.applied = Some(Applied { items: applied.items + count, changes });
        Ok(())
    }

    /// All items are there: applies them, all or none, unless they are applied each by itself.
    ///
    /// # Errors
    /// As [`Engine::call`].
    pub async fn finish(mut self) -> Result<Answer, Fault> {
        let result = self.apply().await;
        self.watch.finish(result.as_ref().map(Tally::from));
        result
    }

    async fn apply(&mut self) -> Result<Answer, Fault> {
        if self.applied.is_some() {
            self.settle_all().await?;
            let planned = self.planned(Vec::new())?;
            let changes = self.applied.unwrap_or_default().changes;
            return self.engine.run_answer(planned, changes).await;
        }
        let items = std::mem::take(&mut self.items);
        let planned = self.planned(items)?;
        self.engine.run(planned).await
    }

    /// The call with these items.
    fn planned(&mut self, items: Vec<Value>) -> Result<Box<Planned>, Fault> {
        let moment = self.engine.now();
        let mut call = self.entered.call.clone();
        if let Some(deadline) = self.deadline {
            call.context.timeout = Some(deadline.saturating_duration_since(moment.instant));
        }
        let items = Streamed { argument: self.argument, items };
        let planned = self.engine.prepare_entered(&self.entered, call, items, moment)?;
        self.watch.prepared();
        Ok(planned)
    }
}
